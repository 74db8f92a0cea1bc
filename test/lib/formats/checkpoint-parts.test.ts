/** Averages and the best epoch in a checkpoint. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { type Checkpoint, loadCheckpoint, saveCheckpoint } from '../../../lib/formats/checkpoint.js';
import { decodeSafetensors, encodeSafetensors } from '../../../lib/formats/safetensors.js';
import { Tensor } from '../../../lib/tensor.js';

const folder = mkdtempSync(join(tmpdir(), 'rownet-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const path = join(folder, 'checkpoint.safetensors');

const tensor = (value: number) => Tensor.from([value, 2], [2]);
const plain: Checkpoint = {
  params: new Map([
    ['fc.weight', tensor(1)],
    ['norm.running_mean', tensor(3)],
  ]),
  optimizerState: new Map(),
  architecture: '{}',
  config: {},
  epoch: 2,
  step: 6,
};
const averaged = new Map([['fc.weight', tensor(5)]]);
const best = {
  measure: 'testLoss',
  epoch: 1,
  step: 3,
  value: 0.1 + 0.2,
  params: new Map([
    ['fc.weight', tensor(7)],
    ['norm.running_mean', tensor(8)],
  ]),
};

it.each([{ averaged }, { best }, { averaged, best }, {}])('come back as they were: case %#', (parts) => {
  saveCheckpoint(path, { ...plain, ...parts });
  const { generation: _, ...loaded } = loadCheckpoint(path);
  expect(loaded).toEqual({ ...plain, ...parts });
});

it('leave names of layers alone that only look like theirs', () => {
  const params = new Map([
    ['averaged.weight', tensor(1)],
    ['best.weight', tensor(2)],
  ]);
  saveCheckpoint(path, { ...plain, params });
  expect(loadCheckpoint(path).params).toEqual(params);
  expect(() => saveCheckpoint(path, { ...plain, params, averaged })).toThrow(
    'checkpoint: expected a parameter name without averaged. but received averaged.weight. ' +
      'Hint: give the layer another name in its Sequential',
  );
});

it.each<[string, object]>([
  [
    'expected averaged of parameters only but received "fc.bias"',
    { averaged: new Map([['fc.bias', tensor(1)]]) },
  ],
  [
    'expected best of 2 for "fc.weight" but received 3',
    { best: { ...best, params: new Map([['fc.weight', new Tensor([3])]]) } },
  ],
  ['expected best.epoch to be an integer from 1 but received 0', { best: { ...best, epoch: 0 } }],
  ['expected best.step to be an integer from 1 but received null', { best: { ...best, step: Number.NaN } }],
  ['expected best.value to be a number from 0 but received null', { best: { ...best, value: Number.NaN } }],
  ['expected best.measure to be a text but received undefined', { best: { ...best, measure: undefined } }],
  ['expected averaged to be a Map', { averaged: {} }],
])('refuses to write: %s', (message, parts) => {
  expect(() => saveCheckpoint(path, { ...plain, ...parts } as Checkpoint)).toThrow(message);
});

it.each<[string, string, string]>([
  [
    'expected best.epoch to be an integer from 1 but received -1',
    'best',
    '{"measure":"loss","epoch":-1,"step":1,"value":0}',
  ],
  ['expected best to be an object', 'best', 'null'],
  ['expected metadata "best" to be JSON', 'best', '{'],
])('refuses to read: %s', (message, key, value) => {
  saveCheckpoint(path, { ...plain, best });
  const { tensors, metadata } = decodeSafetensors(readFileSync(path), path);
  const { sha256: _, ...rest } = { ...metadata, [key]: value };
  const sha256 = createHash('sha256').update(encodeSafetensors(tensors, rest)).digest('hex');
  writeFileSync(path, encodeSafetensors(tensors, { sha256, ...rest }));
  expect(() => loadCheckpoint(path)).toThrow(message);
});
