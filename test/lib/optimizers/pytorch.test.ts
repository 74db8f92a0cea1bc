/** Ten steps of each optimizer against PyTorch's, by the same gradients: test/fixtures/pytorch/optimizers.py. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { Linear } from '../../../lib/layers/linear.js';
import { Sequential } from '../../../lib/layers/sequential.js';
import { Net } from '../../../lib/nets/net.js';
import { createOptimizer, type OptimizerSettings } from '../../../lib/optimizers/kinds.js';
import { Tensor } from '../../../lib/tensor.js';
import { expectClose } from '../../support/comparer.js';

type Values = Readonly<Record<string, readonly number[]>>;

const { start, gradients, cases } = JSON.parse(
  readFileSync(new URL('../../fixtures/pytorch/optimizers.json', import.meta.url), 'utf8'),
) as {
  readonly start: Values;
  readonly gradients: readonly Values[];
  readonly cases: readonly { readonly options: OptimizerSettings; readonly after: Values }[];
};

it('has ten steps of every kind', () => {
  expect(gradients).toHaveLength(10);
  expect(new Set(cases.map(({ options }) => options.kind))).toEqual(
    new Set(['sgd', 'adam', 'adamw', 'rmsprop']),
  );
});

it.each(cases)('$options', ({ options, after }) => {
  const layers = new Sequential({ fc: new Linear({ inFeatures: 5, outFeatures: 3 }) });
  const net = new Net(layers, { inputShape: [5] });
  net.setParams(
    new Map(net.parameters().map(({ name, value }) => [name, Tensor.from([...start[name]], value.shape)])),
  );
  const optimizer = createOptimizer(net, options, 'sum');
  net.forward(new Tensor([1, 5]));
  net.backward(new Tensor([1, 3]));
  for (const step of gradients) {
    for (const { name, grad } of net.parameters()) grad.data.set(step[name]);
    optimizer.step();
  }
  for (const { name, value } of net.parameters()) {
    const largest = Math.max(...after[name].map(Math.abs));
    expectClose(value.data, after[name], 1e-5 * largest, `${optimizer}: ${name}`);
    // The steps themselves, which are smaller than the parameters: to what adding them up rounds away.
    const moves = (values: ArrayLike<number>) => Array.from(values, (one, i) => one - start[name][i]);
    const moved = moves(after[name]);
    const furthest = Math.max(...moved.map(Math.abs));
    expectClose(moves(value.data), moved, 1e-5 * furthest + 1e-6 * largest, `${optimizer}: moves of ${name}`);
  }
});
