/** Pictures in colour: three planes of what files hold, and how they and grey ones become each other. */
import { encode as encodePng } from 'fast-png';
import { encode as encodeJpeg, decode as jpegDecode } from 'jpeg-js';
import { describe, expect, it } from 'vitest';
import {
  asColour,
  asGrey,
  checkPicture,
  pixelsOfPlanes,
  planesOfPixels,
} from '../../../lib/images/colour.js';
import { decodeColourImage, decodeImage } from '../../../lib/images/decode.js';
import { encodePng as ownPng } from '../../../lib/images/png-encode.js';
import { Random } from '../../../lib/random.js';
import { messageOf, refusal } from '../../support/misuse.js';
import { chunk, greyPng, pngFile, segment } from './image-files.js';

const [width, height] = [7, 5];
const area = width * height;
const random = new Random(3);
const bytes = (length: number) => Uint8Array.from({ length }, () => random.integer(256));
/** Sample `channel` of pixel `i`, wherever it ends up. */
const plane = (pixels: ArrayLike<number>, channel: number, channels: number) =>
  Array.from({ length: area }, (_, i) => pixels[channels * i + channel]);
const threePlanes = (pixels: ArrayLike<number>, channels = 3) =>
  [0, 1, 2].flatMap((channel) => plane(pixels, channel, channels));

describe('planes of a PNG', () => {
  it('of three channels are its samples', () => {
    const data = bytes(3 * area);
    const image = decodeColourImage(encodePng({ width, height, channels: 3, data }));
    expect(image).toMatchObject({ width, height, colour: true });
    expect([...image.rgb]).toEqual(threePlanes(data));
  });

  it('of 16 bits are the nearest bytes', () => {
    const data = Uint16Array.from({ length: 3 * area }, () => random.integer(65_536));
    const { rgb } = decodeColourImage(encodePng({ width, height, channels: 3, depth: 16, data }));
    expect([...rgb]).toEqual(threePlanes(data).map((sample) => Math.round((255 * sample) / 65_535)));
  });

  it('of a palette are its colours, and a transparent one is laid over white', () => {
    const colours = [10, 20, 30, 200, 100, 0, 5, 250, 90];
    const rows = Uint8Array.of(0, 0, 1, 2);
    const before = [chunk('PLTE', Uint8Array.from(colours)), chunk('tRNS', Uint8Array.of(255, 255, 51))];
    const { rgb } = decodeColourImage(pngFile({ width: 3, height: 1, type: 3, rows, before }));
    const over = (sample: number) => Math.round(0.2 * sample + 0.8 * 255);
    expect([...rgb]).toEqual([10, 200, over(5), 20, 100, over(250), 30, 0, over(90)]);
  });

  it('with alpha are laid over the paper of the grey picture, also over black', () => {
    for (const light of [false, true]) {
      const data = bytes(4 * area);
      // Ink of one light colour, on nothing: seen on black alone.
      if (light) for (let i = 0; i < area; i += 1) data.set([250, 245, 255, i < 9 ? 255 : 0], 4 * i);
      const file = encodePng({ width, height, channels: 4, data });
      const paper = light ? 0 : 255;
      const expected = [0, 1, 2].flatMap((channel) =>
        Array.from({ length: area }, (_, i) => {
          const alpha = data[4 * i + 3] / 255;
          return Math.round(alpha * data[4 * i + channel] + (1 - alpha) * paper);
        }),
      );
      expect([...decodeColourImage(file).rgb]).toEqual(expected);
    }
  });

  it('that is grey are three equal ones, which are those of decodeImage', () => {
    const grey = bytes(area);
    const image = decodeColourImage(greyPng(width, height, grey));
    expect(image).toEqual(asColour(decodeImage(greyPng(width, height, grey))));
    expect([...image.rgb]).toEqual([...grey, ...grey, ...grey]);
    expect(image.colour).toBeUndefined();
  });

  it('are what the own encoder was given', () => {
    const rgb = bytes(3 * area);
    expect(decodeColourImage(ownPng(pixelsOfPlanes(rgb, area), width, height)).rgb).toEqual(rgb);
  });
});

describe('planes of a JPEG', () => {
  const data = bytes(4 * area);
  const file = Buffer.from(encodeJpeg({ width, height, data }, 95).data);

  it('are what jpeg-js decodes', () => {
    const { data: pixels } = jpegDecode(file, { formatAsRGBA: true });
    const image = decodeColourImage(file);
    expect([...image.rgb]).toEqual(threePlanes(pixels, 4));
    expect(asGrey(image).grey).toEqual(decodeImage(file).grey);
  });

  it('are turned as the grey picture is', () => {
    for (let orientation = 1; orientation <= 8; orientation += 1) {
      const exif = Buffer.from(`4d4d002a0000000800010112000300000001000${orientation}000000000000`, 'hex');
      const app1 = segment(0xe1, Buffer.concat([Buffer.from('Exif\0\0'), exif]));
      const turned = Buffer.concat([file.subarray(0, 2), app1, file.subarray(2)]);
      const [colour, grey] = [decodeColourImage(turned), decodeImage(turned)];
      expect([colour.width, colour.height]).toEqual(orientation < 5 ? [width, height] : [height, width]);
      expect(asGrey(colour).grey, String(orientation)).toEqual(grey.grey);
    }
  });
});

it('planes and pixels are each other turned', () => {
  const pixels = bytes(3 * area);
  expect([...planesOfPixels(pixels)]).toEqual(threePlanes(pixels));
  expect(pixelsOfPlanes(planesOfPixels(pixels), area)).toEqual(pixels);
  const grey = bytes(area);
  expect(pixelsOfPlanes(grey, area)).toBe(grey);
});

it('what is no picture is refused', () => {
  const check = (picture: unknown) => () => checkPicture('recognise', picture as never);
  expect(messageOf(check({ width: 2, height: 2, rgb: new Uint8Array(4) }))).toBe(
    'recognise: expected reds, greens and blues of 2x2 but received 4 bytes. Hint: three bytes a pixel, all reds first',
  );
  expect(messageOf(check({ width: 2, height: 2, rgb: [1] }))).toContain('rgb as a Uint8Array');
  expect(messageOf(check({ width: 0, height: 2, rgb: new Uint8Array(0) }))).toContain('0x2');
  expect(messageOf(check(undefined))).toContain('decodeImage(bytes) makes one');
  expect(messageOf(() => decodeColourImage([] as never))).toMatch(/^decodeColourImage: expected the bytes/);
  expect(refusal(() => decodeColourImage(Buffer.from('GIF89a'), 'x'))).toMatch(/^x: expected a PNG or JPEG/);
});
