/** Bytes as pictures on canvases. */
import { diverging } from '../../plots/diverging.js';
import type { Pictures } from '../messages.js';
import { element, figure } from './dom.js';

export function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
}

/** The four bytes of each pixel: grey, or of planes of reds, greens and blues, or around 128 where they are `signed`. */
export function paint(target: Uint8ClampedArray, bytes: Uint8Array, area: number, signed = false): void {
  const [green, blue] = bytes.length === 3 * area ? [area, 2 * area] : [0, 0];
  for (let i = 0; i < area; i += 1) {
    const colour = signed ? diverging(bytes[i]) : [bytes[i], bytes[green + i], bytes[blue + i]];
    target.set([...colour, 255], 4 * i);
  }
}

/** One picture, `scale` screen pixels a byte. */
export function picture(
  bytes: Uint8Array,
  width: number,
  height: number,
  scale: number,
  label: string,
  signed = false,
): HTMLCanvasElement {
  const canvas = element('canvas', { width, height });
  canvas.style.width = `${width * scale}px`;
  // A row of numbers would be too low to be seen.
  canvas.style.height = `${height === 1 ? 16 : height * scale}px`;
  canvas.setAttribute('role', 'img');
  canvas.setAttribute('aria-label', label);
  const context = canvas.getContext('2d');
  if (context === null) return canvas;
  const image = context.createImageData(width, height);
  paint(image.data, bytes, width * height, signed);
  context.putImageData(image, 0, 0);
  return canvas;
}

/** All pictures of a layer in a row that wraps, with their captions. */
export function pictureRow(pictures: Pictures, scale: number, caption: string): HTMLElement {
  const { count, height, width, signed, name } = pictures;
  const bytes = fromBase64(pictures.bytes);
  const area = height * width;
  const canvases = Array.from({ length: count }, (_, i) => {
    const own = bytes.subarray(i * area, (i + 1) * area);
    return picture(own, width, height, scale, `${name}, ${i + 1} of ${count}`, signed);
  });
  return figure(caption, element('div', { className: 'pictures' }, ...canvases));
}
