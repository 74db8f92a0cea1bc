/**
 * Several updated steps of the lanes engine, on nets that nobody chose: the same bits on any number of threads, whatever
 * is computed in between, and each step that of the rows engine and of the double-precision oracle.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { createEngine } from '../../../lib/engines/create.js';
import type { Engine } from '../../../lib/engines/engine.js';
import { runtimeInfo, setThreads } from '../../../lib/kernels/runtime.js';
import { Conv2d } from '../../../lib/layers/conv2d.js';
import { Flatten } from '../../../lib/layers/flatten.js';
import type { Layer } from '../../../lib/layers/layer.js';
import { Linear } from '../../../lib/layers/linear.js';
import { MaxPool2d } from '../../../lib/layers/max-pool2d.js';
import { ReLU } from '../../../lib/layers/relu.js';
import { Sequential } from '../../../lib/layers/sequential.js';
import { Net } from '../../../lib/nets/net.js';
import { SGD, type SGDOptions } from '../../../lib/optimizers/sgd.js';
import { Random } from '../../../lib/random.js';
import type { Tensor } from '../../../lib/tensor.js';
import { softmaxCrossEntropy } from '../../support/oracle.js';
import { OracleNet, paramsOf } from '../../support/oracle-net.js';
import { normalTensor, randomImages } from '../../support/random-data.js';

const NETS = 40;
const STEPS = 6;
const IMAGES = 40;
const normalization = { scale: 1 / 128, shift: -1 };
const { threads, vectorWidth: width } = runtimeInfo();
afterEach(() => setThreads(threads));

/** What the nets had: a generator that loses it is seen. */
const seen = new Map<string, number>();
const mostSeen = [
  ...['padding', 'strides', 'kernels that are not square', 'no ReLU', 'odd sizes'],
  ...['pools of 2', 'pools of 3', 'overlapping pools'],
  ...['momentum', 'nesterov', 'weight decay', 'means of bias gradients'],
];
const someSeen = [1, 2, 3, 4].flatMap((count) => [
  ...[`${count} channels`, `${count} convolutions`, `${count - 1} linear layers`],
]);
const note = (what: string, had = true) => seen.set(what, (seen.get(what) ?? 0) + Number(had));

/** One to four convolutions and the pools between them, up to two hidden linear layers, mostly one of scores. */
function randomLayers(random: Random, inputShape: readonly number[]): Layer[] {
  const from = (low: number, high: number) => low + random.integer(high - low + 1);
  const layers: Layer[] = [];
  let shape: readonly number[] = [1, ...inputShape];
  const add = (layer: Layer) => {
    layers.push(layer);
    shape = layer.outputShape(shape);
  };
  let convolutions = 0;
  for (let left = from(1, 4); left > 0; left -= 1) {
    const square = from(0, 2) > 0 ? [3, 5][random.integer(2)] : undefined;
    const kernel = [square ?? from(1, 5), square ?? from(1, 5)] as const;
    const padding = [random.integer(kernel[0]), random.integer(kernel[1])] as const;
    const stride = from(0, 1) === 0 ? ([1, 1] as const) : ([from(1, 2), from(1, 2)] as const);
    if (kernel.some((size, axis) => size > shape[2 + axis] + 2 * padding[axis])) continue;
    add(new Conv2d({ inChannels: shape[1], outChannels: from(1, 6), kernel, stride, padding }));
    convolutions += 1;
    note(
      'padding',
      padding.some((size) => size > 0),
    );
    note('kernels that are not square', kernel[0] !== kernel[1]);
    note(
      'strides',
      stride.some((size) => size > 1),
    );
    const relu = from(0, 3) > 0;
    note('no ReLU', !relu);
    if (relu) add(new ReLU());
    const window = from(2, 3);
    if (from(0, 1) === 0 || Math.min(shape[2], shape[3]) < window) continue;
    const step = from(1, window);
    add(new MaxPool2d({ kernel: window, stride: step }));
    note(`pools of ${window}`);
    note('overlapping pools', step < window);
  }
  note(`${convolutions} convolutions`);
  add(new Flatten());
  const linear = (outFeatures: number) => add(new Linear({ inFeatures: shape[1], outFeatures }));
  const hidden = from(0, 2);
  for (let left = hidden; left > 0; left -= 1) {
    linear(from(1, 20));
    add(new ReLU());
  }
  const scores = hidden > 0 || convolutions === 0 || shape[1] < 2 || shape[1] > 64 || from(0, 2) > 0;
  if (scores) linear(from(2, 11));
  note(`${hidden + Number(scores)} linear layers`);
  return layers;
}

/** A net, its data and how it is trained, all from a seed. */
function course(seed: number) {
  const random = new Random(seed);
  const inputShape = [1 + random.integer(4), 5 + random.integer(5), 5 + random.integer(5)] as const;
  note(`${inputShape[0]} channels`);
  note('odd sizes', inputShape[1] % 2 === 1 || inputShape[2] % 2 === 1);
  const layers = randomLayers(random, inputShape);
  const makeNet = () => new Net(new Sequential(layers.map(copyOf)), { inputShape, seed });
  const momentum = [0, 0.5, 0.9][random.integer(3)];
  const options: SGDOptions = {
    lr: 0.02,
    momentum,
    nesterov: momentum > 0 && random.integer(2) === 0,
    weightDecay: [0, 0.05][random.integer(2)],
    biasGradient: random.integer(4) === 0 ? 'mean' : 'sum',
  };
  note('momentum', momentum > 0);
  note('nesterov', options.nesterov);
  note('weight decay', options.weightDecay !== 0);
  note('means of bias gradients', options.biasGradient === 'mean');
  const classes = makeNet().outputShape[0];
  const train = randomImages(IMAGES, inputShape, classes, seed + 1);
  const size = [width - 1, width, width + 1, 2 * width + 3][seed % 4];
  const batches = Array.from({ length: STEPS }, (_, step) => {
    // The third is what the end of an epoch may leave.
    const length = step === 2 ? 1 + random.integer(size) : size;
    return Uint32Array.from({ length }, () => random.integer(IMAGES));
  });
  return { makeNet, options, train, batches, label: `seed ${seed}, ${makeNet().summary()}` };
}

/** A layer belongs to one net. */
function copyOf(layer: Layer): Layer {
  if (layer instanceof Conv2d) {
    const { inChannels, outChannels, window } = layer;
    return new Conv2d({ inChannels, outChannels, ...window });
  }
  if (layer instanceof Linear) {
    const { inFeatures, outFeatures } = layer;
    return new Linear({ inFeatures, outFeatures });
  }
  if (layer instanceof MaxPool2d) {
    const { kernel, stride } = layer.window;
    return new MaxPool2d({ kernel, stride });
  }
  return layer instanceof ReLU ? new ReLU() : new Flatten();
}

/** A net in training. */
class Run {
  readonly net: Net;
  readonly #optimizer: SGD;
  readonly #engine: Engine;
  readonly #course: ReturnType<typeof course>;

  constructor(name: 'lanes' | 'rows', of: ReturnType<typeof course>) {
    this.#course = of;
    this.net = of.makeNet();
    this.#optimizer = new SGD(this.net, of.options);
    this.#engine = createEngine(name, this.net, { normalization, train: of.train });
  }

  /** As the trainer does it. Returns the loss. */
  step(index: number): number {
    const update = this.#optimizer.update();
    const { loss } = this.#engine.trainStep(this.#course.batches[index], { update });
    if (update === undefined) this.#optimizer.step();
    return loss;
  }

  /** Other calls of the engine, with other numbers of images. */
  disturb(index: number): void {
    this.#engine.evaluate(this.#course.train, 1 + ((7 * index) % (2 * width)));
    this.#engine.predict(normalTensor([1 + ((5 * index) % (2 * width)), ...this.net.inputShape], index));
  }

  /** Parameters, and what the optimizer keeps. */
  state(): { params: Float32Array; optimizerState: Map<string, Tensor> } {
    return { params: this.net.arena.slice(), optimizerState: this.#optimizer.state() };
  }

  putTo({ params, optimizerState }: ReturnType<Run['state']>): void {
    this.net.arena.set(params);
    this.#optimizer.setState(optimizerState);
  }
}

const bits = (...arrays: readonly Float32Array[]) =>
  arrays.map(({ buffer, byteOffset, byteLength }) =>
    Buffer.from(buffer, byteOffset, byteLength).toString('base64'),
  );
const bitsOf = ({ params, optimizerState }: ReturnType<Run['state']>) =>
  bits(params, ...[...optimizerState.values()].map(({ data }) => data));

describe('steps of lanes', () => {
  it('are those of rows and of the oracle, to the same bits on 1, 2, 3 and 7 threads', () => {
    let [compared, undecided] = [0, 0];
    for (let seed = 0; seed < NETS; seed += 1) {
      const of = course(seed);
      const [lanes, rows] = [new Run('lanes', of), new Run('rows', of)];
      setThreads(1);
      const expected: string[][] = [];
      for (let step = 0; step < STEPS; step += 1) {
        const label = `step ${step} of ${of.label}`;
        const before = lanes.state();
        const loss = lanes.step(step);
        const after = lanes.state();
        expected.push([String(loss), ...bitsOf(after)]);
        // From the parameters of lanes: through several steps the roundings of either would grow apart.
        rows.putTo(before);
        const otherLoss = rows.step(step);
        expect(Math.abs(otherLoss - loss), label).toBeLessThan(1e-5 * Math.max(1, loss));
        const oracle = oracleStep(lanes.net, of, before, step);
        expect(Math.abs(oracle.loss - loss), label).toBeLessThan(1e-5 * Math.max(1, loss));
        if (oracle.undecided) {
          undecided += 1;
          continue;
        }
        compared += 1;
        expectNear(after.params, oracle.params, before.params, oracle.tolerance, `oracle, ${label}`);
        expectNear(after.params, rows.state().params, before.params, oracle.tolerance, `rows, ${label}`);
      }
      for (const count of [1, 2, 3, 7]) {
        for (const disturbed of [false, true]) {
          const run = new Run('lanes', of);
          for (let step = 0; step < STEPS; step += 1) {
            setThreads(disturbed ? 1 + ((5 * step + count) % 7) : count);
            if (disturbed) run.disturb(step);
            const loss = run.step(step);
            expect([String(loss), ...bitsOf(run.state())], `${count} threads, ${of.label}`).toEqual(
              expected[step],
            );
          }
        }
      }
    }
    expect(compared + undecided).toBe(NETS * STEPS);
    expect(compared).toBeGreaterThan((NETS * STEPS * 3) / 4);
    expect([...mostSeen, ...someSeen].filter((what) => !seen.has(what))).toEqual([]);
    expect(mostSeen.filter((what) => (seen.get(what) ?? 0) < NETS / 4)).toEqual([]);
  }, 600_000);
});

interface OracleStep {
  readonly loss: number;
  readonly params: Float64Array;
  /** Of the largest change of a parameter. */
  readonly tolerance: number;
  /** A number stands so close to a kink of ReLU or max that single precision may take another side. */
  readonly undecided: boolean;
}

/** One step from `before` in double precision. */
function oracleStep(
  net: Net,
  { options, train, batches }: ReturnType<typeof course>,
  before: ReturnType<Run['state']>,
  step: number,
): OracleStep {
  const indices = batches[step];
  const pixels = train.images.length / train.count;
  const x = Array.from(indices).flatMap((index) =>
    Array.from(train.images.subarray(index * pixels, (index + 1) * pixels), (value) =>
      Math.fround(Math.fround(value * normalization.scale) + normalization.shift),
    ),
  );
  const current = net.arena.slice();
  net.arena.set(before.params);
  const oracle = new OracleNet(net);
  const logits = oracle.forward(paramsOf(net), x, indices.length);
  net.arena.set(current);
  const labels = Array.from(indices, (index) => train.labels[index]);
  const { loss, dlogits } = softmaxCrossEntropy(logits, labels);
  oracle.backward(dlogits.map((value) => value / indices.length));
  const params = Float64Array.from(before.params);
  const { lr, momentum = 0, nesterov, weightDecay = 0, biasGradient } = options;
  for (const { name, kind, value, rows } of net.parameters()) {
    const offset = (value.data.byteOffset - net.arena.byteOffset) / 4;
    const gradient = oracle.gradients.get(name) as Float64Array;
    const velocity = before.optimizerState.get(`velocity.${name}`)?.data;
    for (const [index, sum] of gradient.entries()) {
      const mean = kind === 'bias' && biasGradient === 'mean' ? sum / rows : sum;
      const g = mean + (kind === 'bias' ? 0 : weightDecay * params[offset + index]);
      const v = momentum * (velocity?.[index] ?? 0) + g;
      params[offset + index] -= lr * (nesterov ? g + momentum * v : v);
    }
  }
  const tolerance = 2 ** -24 * oracle.terms;
  return { loss, params, tolerance, undecided: oracle.kink < 2e-6 };
}

/** Changes agree within `tolerance` of the largest one, beside the rounding of the parameters. */
function expectNear(
  actual: Float32Array,
  expected: ArrayLike<number>,
  before: Float32Array,
  tolerance: number,
  label: string,
): void {
  let [largest, size] = [0, 0];
  for (let i = 0; i < actual.length; i += 1) {
    largest = Math.max(largest, Math.abs(expected[i] - before[i]));
    size = Math.max(size, Math.abs(before[i]));
  }
  const bound = tolerance * largest + 2 ** -23 * size;
  // Written so that NaN fails.
  const wrong = actual.findIndex((value, i) => !(Math.abs(value - expected[i]) <= bound));
  expect(
    wrong === -1 ? '' : `${actual[wrong]} for ${expected[wrong]} at ${wrong}, bound ${bound}`,
    label,
  ).toBe('');
}
