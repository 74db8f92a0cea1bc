/** TypeScript and the addon call the same things by the same names. */
import { expect, it } from 'vitest';
import { layerKinds } from '../../lib/layers/kinds.js';
import { lossKinds } from '../../lib/losses/kinds.js';
import { native } from '../../lib/native.js';
import { createOptimizer, type OptimizerSettings, optimizerKinds } from '../../lib/optimizers/kinds.js';
import { tinyNet } from '../support/tiny-net.js';

const tables = native().tables();
const namesOf = (rows: readonly { readonly name: string }[]) => rows.map(({ name }) => name).sort();
const kinds = Object.entries(layerKinds).filter(([, { lower }]) => lower !== null);
const isActivation = ([, { explain }]: (typeof kinds)[number]) => explain?.role === 'activation';

it('activations', () => {
  const names = kinds.filter(isActivation).map(([name]) => name);
  expect(names.sort()).toEqual(namesOf(tables.activations));
});

it('the other layers, as operations beside those of activations and residuals', () => {
  const names = kinds.filter((kind) => !isActivation(kind)).map(([name]) => name);
  expect(['activation', 'branch', 'add', ...names].sort()).toEqual([...tables.operations].sort());
});

it('losses', () => {
  expect(Object.keys(lossKinds).sort()).toEqual([...tables.losses].sort());
  for (const [name, Loss] of Object.entries(lossKinds)) expect(new Loss({}).kind).toBe(name);
});

it('optimizers, what they keep and the numbers of a step', () => {
  const settings = {
    sgd: { lr: 0.1, momentum: 0.9 },
    adam: { kind: 'adam', lr: 0.1 },
    adamw: { kind: 'adamw', lr: 0.1 },
    rmsprop: { kind: 'rmsprop', lr: 0.1, momentum: 0.9, centered: true },
  } satisfies Record<keyof typeof optimizerKinds, OptimizerSettings>;
  expect(Object.keys(optimizerKinds).sort()).toEqual(namesOf(tables.updates));
  for (const { name, slots, numbers } of tables.updates) {
    const optimizer = createOptimizer(tinyNet(), settings[name as keyof typeof settings], 'sum');
    const kept = [...optimizer.state().keys()].filter((key) => key.endsWith('.fc.weight'));
    expect(kept).toEqual(slots.map((slot) => `${slot}.fc.weight`));
    expect(optimizer.update()).toMatchObject({ rule: name });
    expect(optimizer.update()?.numbers).toHaveLength(numbers.length);
  }
});
