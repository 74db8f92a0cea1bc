import { describe, expect, it } from 'vitest';
import { iris, xor } from '../../../lib/data/small-sets.js';
import { split, subset } from '../../../lib/data/subset.js';
import { itRefuses, RANGE, SHAPE, TYPE, wrong } from '../../support/misuse.js';
import { randomImages } from '../../support/random-data.js';

const rowOf = ({ images, labels }: ReturnType<typeof iris>, row: number) =>
  [...images.subarray(4 * row, 4 * row + 4), labels[row]].join(' ');

describe('subset', () => {
  it('has the samples in the order of their indices, and what belongs to them', () => {
    const pictures = randomImages(9, [2, 3, 1], 3, 1);
    const some = subset(pictures, [8, 0, 8]);
    expect([...some.images]).toEqual(
      [8, 0, 8].flatMap((i) => [...pictures.images.subarray(6 * i, 6 * i + 6)]),
    );
    expect([...some.labels]).toEqual([8, 0, 8].map((i) => pictures.labels[i]));
    expect(some).toMatchObject({ name: 'random', count: 3, shape: [2, 3, 1], classes: 3 });
    const { images, values } = subset(xor(), Uint32Array.of(2));
    expect([...images, ...values]).toEqual([1, 0, 1]);
    const { labels, ...unlabelled } = xor();
    expect(subset(unlabelled, [1])).not.toHaveProperty('labels');
  });

  it('makes folds in which every sample is tested once', () => {
    const data = iris();
    const all = Array.from({ length: data.count }, (_, i) => i);
    const tested: string[] = [];
    for (let k = 0; k < 5; k += 1) {
      const fold = (i: number) => i % 5 === k;
      const [train, test] = [
        subset(
          data,
          all.filter((i) => !fold(i)),
        ),
        subset(data, all.filter(fold)),
      ];
      expect([train.count, test.count]).toEqual([120, 30]);
      for (let row = 0; row < test.count; row += 1) tested.push(rowOf(test, row));
    }
    expect(tested.sort()).toEqual(all.map((row) => rowOf(data, row)).sort());
  });
});

describe('split', () => {
  it.each([true, false])('shares out every sample, stratified %s', (stratified) => {
    const data = iris();
    const { train, test } = split(data, { ratio: 0.3, seed: 4, stratified });
    expect([train.count, test.count]).toEqual([105, 45]);
    const rows = [train, test].flatMap((part) => Array.from(part.labels, (_, row) => rowOf(part, row)));
    expect(rows.sort()).toEqual(Array.from(data.labels, (_, row) => rowOf(data, row)).sort());
    const counts = [0, 1, 2].map((label) => test.labels.filter((one) => one === label).length);
    if (stratified) expect(counts).toEqual([15, 15, 15]);
    expect(split(data, { ratio: 0.3, seed: 4, stratified })).toEqual({ train, test });
    expect(split(data, { ratio: 0.3, seed: 5, stratified })).not.toEqual({ train, test });
  });
});

itRefuses(RANGE, {
  'subset: expected indices from 0 to 3 but index 1 is 4': () => subset(xor(), [0, 4]),
  'subset: expected indices from 0 to 3 but index 0 is 0.5': () => subset(xor(), [0.5]),
  'split: expected a ratio above 0 and below 1 but received 1...': () => split(xor(), { ratio: 1 }),
  'split: expected a ratio above 0 and below 1 but received NaN...': () =>
    split(xor(), { ratio: Number.NaN }),
  'split: expected samples in both parts but a ratio of 0.1 makes 4 and 0 of 4': () =>
    split(xor(), { ratio: 0.1 }),
  'Random.derive: seed: expected an integer...': () => split(xor(), { seed: -1 }),
});
itRefuses(TYPE, {
  'subset: expected a data set { images, labels, count, shape } but received undefined': () =>
    subset(wrong(undefined), []),
  'subset: expected indices to be an array of integers but received number': () => subset(xor(), wrong(3)),
  'split: expected images to be a Uint8Array or a Float32Array but received Array': () =>
    split({ ...xor(), images: wrong([0]) }),
  'split: expected stratified to be true or false but received string': () =>
    split(xor(), { stratified: wrong('yes') }),
  'split: expected labels for stratified but the data has none. Hint: leave it out': () => {
    const { labels, ...data } = xor();
    split(data, { stratified: true });
  },
  'split: expected the options ratio, seed or stratified but received "share"...': () =>
    split(xor(), wrong({ share: 0.2 })),
});
itRefuses(SHAPE, {
  'subset: expected images, labels and values of 3 samples 2 but received 8, 4, 4 numbers': () =>
    subset({ ...xor(), count: 3 }, [0]),
  'split: expected a count from 1 and a shape...': () => split({ ...xor(), count: 0 }),
});
