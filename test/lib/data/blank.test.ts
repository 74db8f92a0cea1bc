/** Pictures on which there is nothing. */
import { expect, it } from 'vitest';
import { loadDataset } from '../../../lib/data/datasets.js';
import { greyPng } from '../images/image-files.js';
import { folderOf, refuse } from './class-images.js';

const drawn = greyPng(
  4,
  4,
  Uint8Array.from({ length: 16 }, (_, i) => 10 * i),
);
const files = (train: readonly (number | Buffer)[], test: number | Buffer = drawn) => ({
  ...Object.fromEntries(train.map((content, i) => [`train/${'ab'[i % 2]}/${i}.png`, content])),
  'test/a/1.png': test,
  'test/b/1.png': test,
});

it.each([
  [255, '255 (white)'],
  [0, '0 (black)'],
  [93, '93'],
])('a training set of the grey level %d alone is refused', (grey, text) => {
  const folder = folderOf(files([grey, grey, grey, grey]));
  expect(refuse(folder, { resize: 'pad' })).toBe(
    `data: ${folder.split('/').at(-1)}: expected pictures with something on them but all 4 training pictures are of ` +
      `the grey level ${text} alone. Hint: look at one of them; white ink on white cannot be seen`,
  );
});

it('pictures of one grey level each, which differ, can be learnt', () => {
  const { notes } = loadDataset(folderOf(files([255, 0, 255, 0])));
  expect(notes).toEqual(['4 of 4 training pictures are blank, of one grey level; of a, b all']);
});

it('a blank class, and single blank pictures, are told', () => {
  expect(loadDataset(folderOf(files([255, drawn, 255, drawn]))).notes).toEqual([
    '2 of 4 training pictures are blank, of one grey level; of a all',
  ]);
  expect(loadDataset(folderOf(files([255, drawn, drawn, drawn]))).notes).toEqual([
    '1 of 4 training pictures is blank, of one grey level',
  ]);
  expect(loadDataset(folderOf(files([drawn, drawn, drawn, drawn]))).notes).toEqual([]);
});
