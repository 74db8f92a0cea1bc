/** Pictures in colour become grey, and that is told. */
import { encode as encodePng } from 'fast-png';
import { encode as encodeJpeg } from 'jpeg-js';
import { describe, expect, it } from 'vitest';
import { loadDataset } from '../../../lib/data/datasets.js';
import { decodeImage } from '../../../lib/images/decode.js';
import { chunk, pngFile } from '../images/image-files.js';
import { folderOf } from './class-images.js';

type Colour = readonly [number, number, number];

const side = 16;
/** Half of it black, half of it in a colour. */
const rgb = (colour: Colour) => {
  const data = new Uint8Array(3 * side * side);
  for (let i = side * 8; i < side * side; i += 1) data.set(colour, 3 * i);
  return data;
};
const png = (colour: Colour) =>
  Buffer.from(encodePng({ width: side, height: side, channels: 3, data: rgb(colour) }));
const jpeg = (colour: Colour) => {
  const data = new Uint8Array(4 * side * side).fill(255);
  for (let i = 0; i < side * side; i += 1) data.set(rgb(colour).subarray(3 * i, 3 * i + 3), 4 * i);
  return encodeJpeg({ width: side, height: side, data }, 90).data;
};
const withAlpha = (colour: Colour, alpha: number) => {
  const data = new Uint8Array(4 * side * side).fill(255);
  for (let i = 0; i < 8; i += 1) data.set([...colour, alpha], 4 * i);
  return Buffer.from(encodePng({ width: side, height: side, channels: 4, data }));
};
const palette = (index: number) =>
  pngFile({
    width: 2,
    height: 1,
    type: 3,
    rows: Uint8Array.of(0, 0, index),
    before: [chunk('PLTE', Uint8Array.of(0, 0, 0, 90, 90, 90, 200, 0, 0))],
  });
const deep = (red: number) =>
  pngFile({ width: 1, height: 1, depth: 16, type: 2, rows: Uint8Array.of(0, red, 0, 90, 0, 90, 0) });

describe('whether a picture is in colour', () => {
  it.each([
    ['a red PNG', png([200, 0, 0]), true],
    ['a grey PNG of three channels', png([200, 200, 200]), undefined],
    ['a PNG that is nearly grey', png([200, 190, 195]), undefined],
    ['a blue JPEG', jpeg([0, 0, 200]), true],
    ['a grey JPEG', jpeg([120, 120, 120]), undefined],
    ['a PNG with some green', withAlpha([0, 200, 0], 40), true],
    ['a PNG whose green is transparent', withAlpha([0, 200, 0], 0), undefined],
    ['a palette that is used', palette(2), true],
    ['a palette whose colour is not used', palette(1), undefined],
    ['16 bits in colour', deep(200), true],
    ['16 bits in grey', deep(90), undefined],
  ])('%s', (_, bytes, colour) => {
    expect(decodeImage(bytes, 'images: x').colour).toBe(colour);
  });
});

it('class folders tell how many are', () => {
  const grey = png([200, 200, 200]);
  const files = {
    'train/b/1.png': png([0, 90, 0]),
    'train/b/2.jpg': jpeg([0, 0, 200]),
    'test/b/1.png': grey,
  };
  const folder = folderOf({ ...files, 'train/a/1.png': grey, 'test/a/1.png': grey });
  const note =
    '2 of 5 pictures are in colour; rownet trains on their grey values (--colour, or colour: true, on their colours)';
  expect(loadDataset(folder).notes).toEqual([note]);
  expect(loadDataset(folder, { limit: 1 }).notes).toEqual([]);
  expect(loadDataset(folder, { transpose: true }).notes).toEqual([note]);
});
