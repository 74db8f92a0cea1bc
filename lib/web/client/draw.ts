/** The page of `rownet serve`: each stroke is sent, and what the net makes of it is shown. */
import type { DrawFacts, Pictures, Recognised } from '../messages.js';
import { byId, element, percent, post, showProbabilities } from './dom.js';
import { Pad } from './pad.js';
import { fromBase64, picture, pictureRow } from './pictures.js';

let classNames: readonly string[] | null = null;
let busy = false;
let waiting = false;

/** One request at a time; what is drawn meanwhile is sent together after it. */
async function recognise(): Promise<void> {
  waiting = true;
  if (busy) return;
  busy = true;
  while (waiting) {
    waiting = false;
    const { width, height, grey } = pad.drawing();
    const started = performance.now();
    try {
      const answer = await post<Recognised>('/recognise', { width, height, grey: toBase64(grey) });
      show(answer, performance.now() - started);
    } catch (error) {
      byId('note').textContent = `No answer: ${(error as Error).message}. Is the program still running?`;
    }
    // Strokes come faster than a page can be drawn.
    await new Promise((resolve) => requestAnimationFrame(resolve));
  }
  busy = false;
}

function toBase64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
}

function show({ digit, inverted, empty, probabilities, layers }: Recognised, milliseconds: number): void {
  byId('seen').replaceChildren(
    picture(fromBase64(digit.bytes), digit.width, digit.height, 5, 'the drawing as the net gets it'),
    element('figcaption', {}, '28x28, centred by mass'),
  );
  const best = probabilities.indexOf(Math.max(...probabilities));
  byId('answer').textContent = empty ? '-' : (classNames?.[best] ?? String(best));
  byId('note').textContent = empty
    ? 'nothing drawn yet'
    : `${percent(probabilities[best], 1)}${inverted ? ', dark on light' : ''}, ${milliseconds.toFixed(0)} ms`;
  const names = probabilities.map((_, index) => classNames?.[index] ?? String(index));
  showProbabilities(byId('probabilities'), empty ? probabilities.map(() => 0) : probabilities, names);
  byId('layers').replaceChildren(
    ...(empty
      ? ['Draw something.']
      : layers.map((layer) => pictureRow(layer, scaleOf(layer), caption(layer)))),
  );
}

function scaleOf({ width, height }: Pictures): number {
  if (height === 1) return 6;
  return width > 20 ? 2 : width > 8 ? 4 : 6;
}

function caption({ name, layer, count, height, width }: Pictures): string {
  const shape = height === 1 ? `${width} values` : `${count} maps of ${height}x${width}`;
  return `${name}: ${layer}, ${shape}`;
}

const pad = new Pad(byId<HTMLCanvasElement>('pad'), () => void recognise());
byId('clear').addEventListener('click', () => pad.clear());
byId<HTMLInputElement>('file').addEventListener('change', async ({ target }) => {
  const input = target as HTMLInputElement;
  const file = input.files?.[0];
  if (file === undefined) return;
  try {
    pad.show(await createImageBitmap(file));
  } catch {
    byId('note').textContent = `${file.name} is no picture that this browser reads`;
  }
  // The same file may be chosen again.
  input.value = '';
});
const facts = (await (await fetch('/facts')).json()) as DrawFacts;
({ classNames } = facts);
byId('title').textContent = `${facts.title}: ${facts.summary}`;
