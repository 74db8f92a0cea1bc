/** Data sets of three channels: class folders and npz files in colour, and how their pictures are prepared. */
import { join } from 'node:path';
import { encode } from 'fast-png';
import { describe, expect, it } from 'vitest';
import { type DataSource, loadDataset } from '../../../lib/data/datasets.js';
import { prepareInput } from '../../../lib/data/net-input.js';
import { measureNormalization } from '../../../lib/data/normalize.js';
import { decodeColourImage, decodeImage } from '../../../lib/images/decode.js';
import { Random } from '../../../lib/random.js';
import { writeIdxFolder } from '../../support/cli.js';
import { messageOf, refusal } from '../../support/misuse.js';
import { literal, npy, pack } from '../formats/npz-files.js';
import { greyPng } from '../images/image-files.js';
import { folderOf, refuse } from './class-images.js';

const random = new Random(8);
const png = (width: number, height: number) => {
  const data = Uint8Array.from({ length: 3 * width * height }, (_, i) => 60 * (i % 3) + random.integer(120));
  return Buffer.from(encode({ width, height, channels: 3, data }));
};
/** Two classes with two pictures in training and one in test each, of a size by their number. */
const folderWith = (size: (number: number) => [width: number, height: number]) => {
  const names = ['train/a/1', 'train/b/1', 'train/a/2', 'train/b/2', 'test/a/1', 'test/b/1'];
  const files = Object.fromEntries(names.map((name, i) => [`${name}.png`, png(...size(i))]));
  return { folder: folderOf(files), files };
};
const pictures = ({ images, shape, count }: DataSource['train']) =>
  Array.from({ length: count }, (_, i) =>
    images.subarray((i * images.length) / count, ((i + 1) * images.length) / count),
  ).map((one) => [...one].length === shape[0] * shape[1] * shape[2] && one);

describe('class folders in colour', () => {
  it('hold the planes of their files, in the order of the training', () => {
    const { folder, files } = folderWith(() => [6, 4]);
    const { train, test, preparation, notes } = loadDataset(folder, { colour: true, resize: 'none' });
    expect(train.shape).toEqual([3, 4, 6]);
    expect(pictures(train)).toEqual(
      ['a/1', 'b/1', 'a/2', 'b/2'].map((name) => decodeColourImage(files[`train/${name}.png`]).rgb),
    );
    expect(pictures(test)).toEqual(
      ['a/1', 'b/1'].map((name) => decodeColourImage(files[`test/${name}.png`]).rgb),
    );
    expect(preparation).toEqual({ resize: 'none', size: [4, 6], from: [4, 6], colour: true });
    expect(notes).toEqual([]);
  });

  it('stay grey without it, to the bit', () => {
    const { folder } = folderWith(() => [6, 4]);
    const grey = loadDataset(folder, { colour: false });
    expect(grey).toEqual(loadDataset(folder));
    expect(grey.train.shape).toEqual([1, 32, 32]);
    expect(grey.preparation).not.toHaveProperty('colour');
  });

  it.each(['fit', 'stretch', 'pad', 'bilinear'] as const)(
    'are resized plane by plane, each as a grey picture is: %s',
    (resize) => {
      const { folder, files } = folderWith((i) => (i < 4 ? [9, 5] : [12, 4]));
      const { train, test, preparation } = loadDataset(folder, { colour: true, resize, size: [7, 11] });
      const all = [...pictures(train), ...pictures(test)] as Uint8Array[];
      const names = ['train/a/1', 'train/b/1', 'train/a/2', 'train/b/2', 'test/a/1', 'test/b/1'];
      for (const [i, name] of names.entries()) {
        const { width, height, rgb } = decodeColourImage(files[`${name}.png`]);
        for (let plane = 0; plane < 3; plane += 1) {
          const grey = rgb.slice(plane * width * height, (plane + 1) * width * height);
          const { colour: _, ...picture } = preparation;
          const options = { prepare: 'none', picture, background: 0, severalShapes: false } as const;
          const alone = prepareInput(
            'x',
            { width, height, grey },
            { ...options, normalization: { scale: 1, shift: 0 } },
          );
          expect([...all[i].subarray(plane * 77, (plane + 1) * 77)], name).toEqual([...alone.tensor.data]);
        }
      }
    },
  );

  it('are transposed plane by plane', () => {
    const { folder } = folderWith(() => [6, 4]);
    const straight = loadDataset(folder, { colour: true, resize: 'none' }).train;
    const turned = loadDataset(folder, { colour: true, resize: 'none', transpose: true }).train;
    expect(turned.shape).toEqual([3, 6, 4]);
    for (let plane = 0; plane < 3 * straight.count; plane += 1) {
      for (let i = 0; i < 24; i += 1) {
        const [x, y] = [i % 6, Math.floor(i / 6)];
        expect(turned.images[24 * plane + 4 * x + y]).toBe(straight.images[24 * plane + i]);
      }
    }
  });

  it('tell of grey pictures, whose channels are equal', () => {
    const { files } = folderWith(() => [6, 4]);
    const grey = greyPng(
      6,
      4,
      new Uint8Array(24).map((_, i) => 9 * i),
    );
    const folder = folderOf({ ...files, 'train/a/1.png': grey });
    const { train, notes } = loadDataset(folder, { colour: true, resize: 'none' });
    expect(notes).toEqual(['1 of 6 pictures is grey: their three channels are equal']);
    const [first] = pictures(train) as Uint8Array[];
    expect(first.subarray(0, 24)).toEqual(first.subarray(48, 72));
    const coloured = loadDataset(folder, { resize: 'none' }).notes;
    expect(coloured).toEqual([
      '5 of 6 pictures are in colour; rownet trains on their grey values (--colour, or colour: true, on their colours)',
    ]);
  });

  it('are normalised channel by channel', () => {
    const { folder } = folderWith(() => [6, 4]);
    const { train } = loadDataset(folder, { colour: true, resize: 'none' });
    const { scale, shift } = measureNormalization(train.images, train.shape);
    for (let channel = 0; channel < 3; channel += 1) {
      const values = Array.from(
        { length: 4 * 24 },
        (_, i) => train.images[72 * Math.floor(i / 24) + 24 * channel + (i % 24)],
      );
      const normal = values.map(
        (value) => value * (scale as number[])[channel] + (shift as number[])[channel],
      );
      const mean = normal.reduce((sum, value) => sum + value, 0) / normal.length;
      const variance = normal.reduce((sum, value) => sum + (value - mean) ** 2, 0) / normal.length;
      expect([Math.abs(mean) < 1e-3, Math.abs(variance - 1) < 2e-3]).toEqual([true, true]);
    }
  });

  it('blank ones are told, also where their channels differ', () => {
    const { files } = folderWith(() => [4, 4]);
    const flat = (red: number) => {
      const data = Uint8Array.from({ length: 48 }, (_, i) => (i % 3 === 0 ? red : 20));
      return Buffer.from(encode({ width: 4, height: 4, channels: 3, data }));
    };
    const some = { ...files, 'train/a/1.png': flat(200) };
    expect(loadDataset(folderOf(some), { colour: true }).notes).toEqual([
      '1 of 4 training pictures is blank, of one colour',
    ]);
    const all = {
      ...files,
      ...Object.fromEntries(['a/1', 'a/2', 'b/1', 'b/2'].map((n) => [`train/${n}.png`, flat(200)])),
    };
    expect(refuse(folderOf(all), { colour: true })).toContain(
      'all 4 training pictures are of the colour 200, 20, 20 alone',
    );
    // One flat channel is no blank picture.
    const data = Uint8Array.from({ length: 48 }, (_, i) => (i % 3 === 0 ? 200 : 5 * i));
    const flatRed = Buffer.from(encode({ width: 4, height: 4, channels: 3, data }));
    expect(loadDataset(folderOf({ ...files, 'train/a/1.png': flatRed }), { colour: true }).notes).toEqual([]);
    // One red among others says something.
    expect(loadDataset(folderOf({ ...all, 'train/b/2.png': flat(90) }), { colour: true }).notes[0]).toMatch(
      /^4 of 4 training pictures are blank/,
    );
  });
});

describe('a preparation in colour', () => {
  it('prepares other folders alike', () => {
    const { preparation } = loadDataset(folderWith(() => [9, 5]).folder, { colour: true, size: 8 });
    const other = folderWith(() => [3, 17]).folder;
    expect(loadDataset(other, { preparation }).train.shape).toEqual([3, 8, 8]);
    expect(messageOf(() => loadDataset(other, { preparation, colour: false }))).toContain(
      'expected resize, size and colour as in preparation',
    );
    expect(messageOf(() => loadDataset(other, { colour: 'yes' as never }))).toContain(
      'expected colour to be true or false',
    );
  });

  it('takes grey pictures as three equal channels, and the other way round', () => {
    const colour = { resize: 'none', size: [4, 6], colour: true } as const;
    const common = { prepare: 'none', background: 0, severalShapes: false } as const;
    const normalization = { scale: 1, shift: 0 };
    const file = png(6, 4);
    const inColour = prepareInput('x', decodeImage(file), { ...common, normalization, picture: colour });
    const { grey } = decodeImage(file);
    expect(inColour.tensor.shape).toEqual([1, 3, 4, 6]);
    expect([...inColour.tensor.data]).toEqual([...grey, ...grey, ...grey]);
    const picture = { resize: 'none', size: [4, 6] } as const;
    const inGrey = prepareInput('x', decodeColourImage(file), { ...common, normalization, picture });
    expect([...inGrey.tensor.data]).toEqual([...grey]);
  });
});

describe('an npz file in colour', () => {
  const numbers = (count: number) => Uint8Array.from({ length: count }, (_, i) => (i * 37) % 251);
  const images = (count: number, shape = `(${count}, 2, 4, 3)`) =>
    npy(literal(shape, "'|u1'"), numbers(24 * count));
  const labels = (count: number) =>
    npy(
      literal(`(${count},)`, "'|u1'"),
      Uint8Array.from({ length: count }, (_, i) => i % 3),
    );
  const members = (shape?: string) => ({
    'x_train.npy': images(7, shape),
    'y_train.npy': labels(7),
    'x_test.npy': images(3),
    'y_test.npy': labels(3),
  });
  const fileOf = (all: Record<string, Uint8Array>) =>
    join(folderOf({ 'a.npz': Buffer.from(pack(all)) }), 'a.npz');

  it('has its pixels as planes', () => {
    const { train } = loadDataset(fileOf(members()), { colour: true, resize: 'none' });
    expect(train.shape).toEqual([3, 2, 4]);
    const stored = numbers(24 * 7);
    for (let i = 0; i < stored.length; i += 1) {
      const [picture, pixel, channel] = [Math.floor(i / 24), Math.floor((i % 24) / 3), i % 3];
      expect(train.images[24 * picture + 8 * channel + pixel]).toBe(stored[i]);
    }
    expect(loadDataset(fileOf(members()), { colour: true, limit: 2, resize: 'none' }).train.images).toEqual(
      train.images.slice(0, 48),
    );
  });

  it.each([
    [undefined, undefined, '(7, 2, 4, 3). Hint: --colour, or colour: true, trains on three channels'],
    ['(7, 3, 2, 4)', true, '(7, 3, 2, 4). Hint: .transpose(0, 2, 3, 1) puts the channels behind'],
    ['(7, 6, 4)', true, '(7, 6, 4). Hint: leave colour out for grey ones'],
    ['(7, 4, 2, 3)', undefined, 'Hint: --colour'],
  ])('of the shape %s, colour %s, is refused with what to do', (shape, colour, text) => {
    const options = colour === undefined ? {} : { colour };
    expect(refusal(() => loadDataset(fileOf(members(shape)), options))).toContain(text);
  });
});

it('files that hold grey levels alone are refused', () => {
  const folder = folderOf({ 'train.csv': Buffer.from('0,1,2,3,4\n'.repeat(6)) });
  writeIdxFolder(join(folder, 'idx'), 20, 10);
  expect(refusal(() => loadDataset(folder, { colour: true }))).toContain('rows of a CSV file hold grey ones');
  expect(refusal(() => loadDataset(join(folder, 'idx'), { colour: true }))).toContain(
    'IDX files hold grey ones',
  );
});
