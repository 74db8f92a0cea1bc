/**
 * Stacks of all layers that nobody chose, trained for several fused steps by lanes: the same bits on any number of
 * threads, and in each step the gradients, running values and loss of rows.
 */
import { afterEach, expect, it } from 'vitest';
import { createEngine } from '../../../lib/engines/create.js';
import type { Engine } from '../../../lib/engines/engine.js';
import { planNet } from '../../../lib/engines/lanes/plan.js';
import { runtimeInfo, setThreads } from '../../../lib/kernels/runtime.js';
import { graphOf, isSum } from '../../../lib/layers/graph.js';
import { layerKinds } from '../../../lib/layers/kinds.js';
import { CrossEntropyLoss } from '../../../lib/losses/cross-entropy.js';
import { MSELoss } from '../../../lib/losses/mse.js';
import type { Net } from '../../../lib/nets/net.js';
import { Adam } from '../../../lib/optimizers/adam.js';
import { AdamW } from '../../../lib/optimizers/adamw.js';
import type { RuleOptimizer } from '../../../lib/optimizers/rule-optimizer.js';
import { RMSprop } from '../../../lib/optimizers/rmsprop.js';
import { SGD } from '../../../lib/optimizers/sgd.js';
import { Random } from '../../../lib/random.js';
import { randomImages } from '../../support/random-data.js';
import { randomNet } from '../../support/random-net.js';

const NETS = 80;
const STEPS = 5;
const IMAGES = 40;
const normalization = { scale: 1 / 128, shift: -1 };
const { threads, vectorWidth: width } = runtimeInfo();
afterEach(() => setThreads(threads));

const optimizers: readonly ((net: Net) => RuleOptimizer)[] = [
  (net) => new SGD(net, { lr: 0.0002, momentum: 0.9, nesterov: true, weightDecay: 0.05 }),
  (net) => new Adam(net, { lr: 0.01, weightDecay: 0.05 }),
  (net) => new AdamW(net, { lr: 0.01, weightDecay: 0.05 }),
  (net) => new RMSprop(net, { lr: 0.01, momentum: 0.5 }),
];

function course(seed: number) {
  const random = new Random(seed);
  const makeNet = () => randomNet(seed, { all: true });
  const net = makeNet();
  const loss = random.integer(3) === 0 ? new MSELoss() : new CrossEntropyLoss();
  const train = randomImages(IMAGES, net.inputShape as [number, number, number], net.outputShape[0], seed);
  const size = [width - 1, width, width + 1, 2 * width + 3][seed % 4];
  const batches = Array.from({ length: STEPS }, (_, step) =>
    // A normalisation cannot be trained on a single row.
    Uint32Array.from({ length: step === 2 ? 2 + random.integer(size) : size }, () => random.integer(IMAGES)),
  );
  const engine = (name: 'lanes' | 'rows', one: Net) =>
    createEngine(name, one, { normalization, train, loss });
  const optimizer = optimizers[seed % optimizers.length];
  return { makeNet, engine, batches, optimizer, label: `seed ${seed}, ${net.summary()}` };
}

/** A net in training by fused steps. */
class Run {
  readonly net: Net;
  readonly #engine: Engine;
  readonly #optimizer: RuleOptimizer;
  readonly #batches: readonly Uint32Array[];

  constructor(of: ReturnType<typeof course>) {
    this.#batches = of.batches;
    this.net = of.makeNet();
    this.#engine = of.engine('lanes', this.net);
    this.#optimizer = of.optimizer(this.net);
  }

  step(step: number): number {
    const update = this.#optimizer.update();
    const seeds = { seed: this.net.seed, step };
    const { loss } = this.#engine.trainStep(this.#batches[step], { ...seeds, update });
    if (update === undefined) this.#optimizer.step();
    return loss;
  }

  bits(): string[] {
    const { arena, bufferArena } = this.net;
    const kept = [...this.#optimizer.state().values()].map(({ data }) => data);
    return [arena, bufferArena, ...kept].map(bitsOf);
  }
}

const bitsOf = ({ buffer, byteOffset, byteLength }: Float32Array) =>
  Buffer.from(buffer, byteOffset, byteLength).toString('base64');
const largestOf = (values: Float32Array) =>
  values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

function expectNear(actual: Float32Array, expected: Float32Array, bound: number, label: string): void {
  // Written so that NaN fails.
  const wrong = actual.findIndex((value, index) => !(Math.abs(value - expected[index]) <= bound));
  const text = wrong === -1 ? '' : `${actual[wrong]} for ${expected[wrong]} at ${wrong}, bound ${bound}`;
  expect(text, label).toBe('');
}

it('fused steps have the same bits on 1, 2, 3 and 7 threads, and the gradients of rows', () => {
  const seen = new Map<string, number>();
  let diverged = 0;
  const note = (what: string) => seen.set(what, (seen.get(what) ?? 0) + 1);
  for (let seed = 0; seed < NETS; seed += 1) {
    const of = course(seed);
    const run = new Run(of);
    const [rowsNet, lanesNet] = [of.makeNet(), of.makeNet()];
    const [rows, lanes] = [of.engine('rows', rowsNet), of.engine('lanes', lanesNet)];
    const plan = planNet(run.net.layer, run.net.inputShape);
    expect(plan, of.label).toHaveProperty('steps');
    for (const node of graphOf(run.net.layer, [1, ...run.net.inputShape])) {
      note(isSum(node) ? 'residual' : node.layer.kind);
    }
    setThreads(1);
    const expected: string[][] = [];
    for (let step = 0; step < STEPS; step += 1) {
      const label = `step ${step} of ${of.label}`;
      for (const net of [rowsNet, lanesNet]) {
        net.arena.set(run.net.arena);
        net.bufferArena.set(run.net.bufferArena);
      }
      const options = { seed: run.net.seed, step };
      const [wanted, plain] = [rows, lanes].map((engine) => engine.trainStep(of.batches[step], options).loss);
      const loss = run.step(step);
      expect(plain, label).toBe(loss);
      if (!rowsNet.gradArena.every(Number.isFinite)) diverged += 1;
      else {
        expect(Math.abs(wanted - loss), label).toBeLessThan(1e-4 * Math.max(1, wanted));
        const bound = 2e-4 * Math.max(1e-3, largestOf(rowsNet.gradArena));
        expectNear(lanesNet.gradArena, rowsNet.gradArena, bound, `gradients, ${label}`);
        expectNear(
          lanesNet.bufferArena,
          rowsNet.bufferArena,
          1e-4 * Math.max(1, largestOf(rowsNet.bufferArena)),
          `buffers, ${label}`,
        );
      }
      expect(bitsOf(run.net.bufferArena), label).toBe(bitsOf(lanesNet.bufferArena));
      expected.push([String(loss), ...run.bits()]);
    }
    for (const count of [1, 2, 3, 7]) {
      setThreads(count);
      const other = new Run(of);
      for (let step = 0; step < STEPS; step += 1) {
        const loss = other.step(step);
        expect([String(loss), ...other.bits()], `step ${step} on ${count} threads, ${of.label}`).toEqual(
          expected[step],
        );
      }
    }
  }
  const rare = [...Object.keys(layerKinds), 'residual'].filter((kind) => (seen.get(kind) ?? 0) < NETS / 10);
  expect(rare).toEqual([]);
  expect(diverged).toBeLessThan((NETS * STEPS) / 50);
}, 300_000);
