/** Values, gradients and running values of layers against PyTorch's: test/fixtures/pytorch/layers.py. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { LayerKind } from '../../../lib/layers/kind.js';
import { layerKinds } from '../../../lib/layers/kinds.js';
import type { Layer } from '../../../lib/layers/layer.js';
import { type Shape, sizeOf, Tensor } from '../../../lib/tensor.js';
import { expectClose } from '../../support/comparer.js';

type Run = Readonly<Record<string, readonly number[]>>;
interface Case {
  readonly layer: string;
  readonly options: object;
  readonly shape: Shape;
  readonly parameters: Run;
  readonly training: readonly Run[];
  readonly evaluation: Run;
}

const cases = JSON.parse(
  readFileSync(new URL('../../fixtures/pytorch/layers.json', import.meta.url), 'utf8'),
) as Case[];

it('are of every layer that has PyTorch as its source', () => {
  expect(new Set(cases.map(({ layer }) => layer))).toEqual(
    new Set(['BatchNorm1d', 'BatchNorm2d', 'Softmax', 'AvgPool2d', 'GlobalAvgPool2d', 'MaxPool2d']),
  );
});

function close(actual: ArrayLike<number>, expected: readonly number[], what: string): void {
  expectClose(actual, expected, 1e-5 * Math.max(...expected.map(Math.abs), 1e-6), what);
}

function check(layer: Layer, shape: Shape, run: Run, training: boolean): void {
  const y = layer.forward(Tensor.from([...run.x], shape), { training, seed: 0, step: 0 });
  close(y.data, run.y, 'y');
  close(layer.backward(Tensor.from([...run.dy], y.shape)).data, run.dx, 'dx');
  for (const { name, grad } of layer.parameters())
    close(grad.data, run[`${name}.grad`], `gradient of ${name}`);
  for (const { name, value } of layer.buffers?.() ?? []) close(value.data, run[name], name);
}

it.each(cases)('$layer $options of $shape', ({ layer: name, options, shape, parameters, ...runs }) => {
  expect(sizeOf(shape)).toBe(runs.evaluation.x.length);
  const kind = Object.values<LayerKind>(layerKinds).find(({ type }) => type.name === name) as LayerKind;
  const layer = new kind.type(options as never);
  for (const { name: part, value } of layer.parameters()) value.data.set(parameters[part]);
  for (const run of runs.training) check(layer, shape, run, true);
  check(layer, shape, runs.evaluation, false);
});
