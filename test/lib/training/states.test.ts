/** Every public method in every state: it works, or it throws the error that its documentation names. */
import { describe, expect, it } from 'vitest';
import { createEngine } from '../../../lib/engines/create.js';
import type { Engine } from '../../../lib/engines/engine.js';
import { Conv2d } from '../../../lib/layers/conv2d.js';
import { Flatten } from '../../../lib/layers/flatten.js';
import type { Layer } from '../../../lib/layers/layer.js';
import { Linear } from '../../../lib/layers/linear.js';
import { MaxPool2d } from '../../../lib/layers/max-pool2d.js';
import { ReLU } from '../../../lib/layers/relu.js';
import { CrossEntropyLoss } from '../../../lib/losses/cross-entropy.js';
import type { Net } from '../../../lib/nets/net.js';
import { SGD } from '../../../lib/optimizers/sgd.js';
import { Tensor } from '../../../lib/tensor.js';
import { recipes } from '../../../lib/training/recipes.js';
import { Trainer } from '../../../lib/training/trainer.js';
import { errorOf, SHAPE, STATE } from '../../support/misuse.js';
import { randomImages } from '../../support/random-data.js';
import { tinyInput, tinyLayers, tinyNet } from '../../support/tiny-net.js';

interface Subject {
  readonly net: Net;
  readonly sgd: SGD;
  readonly trainer: Trainer;
  readonly lanes: Engine;
  readonly rows: Engine;
}

const data = randomImages(24, tinyInput, 3, 1);
const normalization = { scale: 1 / 255, shift: 0 };
const x = () => new Tensor([2, ...tinyInput]);
const gradOut = () => new Tensor([2, 3]);
const indices = Uint32Array.of(0, 1);
const recipe = { ...recipes.fast, batchSize: 4, epochs: 2 };

function subject(lr = 0.01): Subject {
  const net = tinyNet();
  const options = { normalization, train: data };
  return {
    net,
    sgd: new SGD(net, { lr: 0.1, momentum: 0.9 }),
    trainer: new Trainer(net, { recipe: { ...recipe, optimizer: { ...recipe.optimizer, lr } } }),
    lanes: createEngine('lanes', net, options),
    rows: createEngine('rows', net, options),
  };
}

async function drain(trainer: Trainer, options: Parameters<Trainer['fit']>[1] = {}): Promise<void> {
  for await (const _ of trainer.fit(data, options));
}

/** Brings a new subject into the state and hands it over there. */
const states: Readonly<Record<string, (use: (subject: Subject) => void) => Promise<void>>> = {
  async fresh(use) {
    use(subject());
  },
  async 'after forward'(use) {
    const s = subject();
    s.net.forward(x());
    use(s);
  },
  async 'after backward'(use) {
    const s = subject();
    s.net.forward(x());
    s.net.backward(gradOut());
    use(s);
  },
  async 'after predict'(use) {
    const s = subject();
    s.net.forward(x());
    s.net.predict(x());
    use(s);
  },
  async 'during fit'(use) {
    const s = subject();
    let used = false;
    const onProgress = () => {
      if (!used) use(s);
      used = true;
    };
    await drain(s.trainer, { onProgress });
    expect(used).toBe(true);
  },
  async 'after an abort'(use) {
    const s = subject();
    const abort = new AbortController();
    await drain(s.trainer, { signal: abort.signal, onProgress: () => abort.abort() });
    use(s);
  },
  async 'after divergence'(use) {
    const s = subject(1e38);
    await expect(drain(s.trainer)).rejects.toMatchObject({ code: 'ERR_ROWNET_DIVERGED' });
    use(s);
  },
  async 'after a setParams that failed'(use) {
    const s = subject();
    expect(errorOf(() => s.net.setParams(new Map()))).toMatchObject({ code: SHAPE });
    use(s);
  },
};

const withForward = ['after forward', 'after backward'];
const trained = ['after backward', 'during fit', 'after an abort', 'after divergence'];
const always = Object.keys(states);
/** The recipe's normalization is measured when a fit begins. */
const measured = ['during fit', 'after an abort', 'after divergence'];
/** The first step of a fit: an async generator says no by rejecting. */
const fitting: Promise<unknown>[] = [];

/** What a method does, and the states in which it works; in the others it throws a StateError. */
const methods: Readonly<Record<string, readonly [(s: Subject) => unknown, readonly string[]]>> = {
  'net.parameters': [({ net }) => net.parameters(), always],
  'net.forward': [({ net }) => net.forward(x()), always],
  'net.backward': [({ net }) => net.backward(gradOut()), withForward],
  'net.backward for the input': [({ net }) => net.backward(gradOut(), { inputGradient: true }), withForward],
  'net.update': [({ net }) => net.update({ lr: 1e-6 }), trained],
  'net.getParams': [({ net }) => net.getParams(), always],
  'net.setParams': [({ net }) => net.setParams(net.getParams()), always],
  'net.predict': [({ net }) => net.predict(x()), always],
  'net.predictByLayers': [({ net }) => net.predictByLayers(x()), always],
  'net.activations': [({ net }) => net.activations(x()), always],
  'net.summary': [({ net }) => net.summary(), always],
  'net.toString': [({ net }) => net.toString(), always],
  'sgd.step': [({ sgd }) => sgd.step(1e-6), trained],
  'sgd.update': [({ sgd }) => sgd.update(), always],
  'sgd.state': [({ sgd }) => sgd.state(), always],
  'sgd.setState': [({ sgd }) => sgd.setState(sgd.state()), always],
  'sgd.toString': [({ sgd }) => sgd.toString(), always],
  'lanes.trainStep': [({ lanes }) => lanes.trainStep(indices), always],
  'lanes.trainStep with an update': [
    ({ lanes, sgd }) => lanes.trainStep(indices, { update: sgd.update(1e-6) }),
    always,
  ],
  'lanes.evaluate': [({ lanes }) => lanes.evaluate(data), always],
  'lanes.predict': [({ lanes }) => lanes.predict(x()), always],
  'rows.trainStep': [({ rows }) => rows.trainStep(indices), always],
  'rows.trainStep with an update': [
    ({ rows, sgd }) => rows.trainStep(indices, { update: sgd.update(1e-6) }),
    always,
  ],
  'rows.evaluate': [({ rows }) => rows.evaluate(data), always],
  'rows.predict': [({ rows }) => rows.predict(x()), always],
  'trainer.recipe': [({ trainer }) => trainer.recipe, always],
  'trainer.state': [({ trainer }) => trainer.state(), always],
  'trainer.engine.evaluate': [({ trainer }) => trainer.engine.evaluate(data), measured],
  'trainer.engine.predict': [({ trainer }) => trainer.engine.predict(x()), measured],
  'trainer.engine.trainStep': [({ trainer }) => trainer.engine.trainStep(indices), []],
  'trainer.fit': [
    ({ trainer }) => {
      const first = trainer.fit(data).next();
      // It is looked at after the fit under way, which lets the event loop run: until then nobody has handled it.
      first.catch(() => {});
      fitting.push(first);
    },
    always,
  ],
};

let cases = 0;

describe.each(Object.entries(states))('%s', (state, reach) => {
  it.each(Object.entries(methods))('%s', async (name, [call, works]) => {
    cases += 1;
    let outcome = 'works';
    await reach((s) => {
      try {
        call(s);
      } catch (error) {
        outcome = String((error as { code?: string }).code ?? (error as Error).stack);
      }
    });
    expect(outcome).toBe(works.includes(state) ? 'works' : STATE);
    if (name !== 'trainer.fit') return;
    // Divergence comes again at the same learning rate; a fit within a fit is refused.
    const codes: Record<string, string> = { 'during fit': STATE, 'after divergence': 'ERR_ROWNET_DIVERGED' };
    const result = await fitting.pop()?.catch((error: { code: string }) => error.code);
    if (codes[state] === undefined) expect(result).toMatchObject({ done: false });
    else expect(result).toBe(codes[state]);
  });
});

/** Each layer with an input that fits. */
const layers: Readonly<Record<string, readonly [() => Layer, Tensor]>> = {
  Conv2d: [() => new Conv2d({ inChannels: 1, outChannels: 2, kernel: 2 }), x()],
  MaxPool2d: [() => new MaxPool2d({ kernel: 2 }), x()],
  Linear: [() => new Linear({ inFeatures: 4, outFeatures: 3 }), new Tensor([2, 4])],
  ReLU: [() => new ReLU(), x()],
  Flatten: [() => new Flatten(), x()],
  Sequential: [tinyLayers, x()],
};

const other = new Tensor([7, 7, 7, 7]);
const layerStates: Readonly<Record<string, (layer: Layer, input: Tensor) => void>> = {
  fresh: () => {},
  'after forward': (layer, input) => void layer.forward(input),
  'after backward': (layer, input) => void layer.backward(layer.forward(input)),
  'after a forward that failed': (layer) => void errorOf(() => layer.forward(null as unknown as Tensor)),
  'after a forward and one that failed': (layer, input) => {
    layer.forward(input);
    errorOf(() => layer.forward(null as unknown as Tensor));
  },
};

describe.each(Object.entries(layers))('%s', (_, [make, input]) => {
  it.each(Object.entries(layerStates))('%s', (state, reach) => {
    const ready = !['fresh', 'after a forward that failed'].includes(state);
    const fits = () => new Tensor(make().outputShape(input.shape));
    const calls: readonly [(layer: Layer) => unknown, string | undefined][] = [
      [(layer) => layer.outputShape(input.shape), undefined],
      [(layer) => layer.forward(input), undefined],
      [(layer) => layer.backward(fits()), ready ? undefined : STATE],
      [(layer) => layer.backwardParameters(fits()), ready ? undefined : STATE],
      [(layer) => layer.backward(other), ready ? SHAPE : STATE],
      [(layer) => layer.backwardParameters(other), ready ? SHAPE : STATE],
      [(layer) => layer.parameters(), undefined],
      [(layer) => layer.describe(), undefined],
      [(layer) => layer.toString(), undefined],
    ];
    for (const [call, code] of calls) {
      cases += 1;
      const layer = make();
      reach(layer, input);
      if (code === undefined) call(layer);
      else expect(errorOf(() => call(layer))).toMatchObject({ code });
    }
  });
});

it('CrossEntropyLoss: backward needs a forward', () => {
  const loss = new CrossEntropyLoss();
  expect(errorOf(() => loss.backward())).toMatchObject({ code: STATE });
  loss.forward(gradOut(), [0, 1]);
  expect(loss.backward().shape).toEqual([2, 3]);
});

it('all cases were tried', () => {
  expect(cases).toBe(8 * 31 + 6 * 5 * 9);
});
