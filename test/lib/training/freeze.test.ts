/** Frozen layers, and all that a training can have, through stops and resumes. */
import { describe, expect, it } from 'vitest';
import { LeNet5 } from '../../../lib/nets/lenet5.js';
import type { OptimizerSettings } from '../../../lib/optimizers/kinds.js';
import type { RecipeSchedule } from '../../../lib/training/schedules.js';
import type { TrainingState } from '../../../lib/training/state.js';
import { Trainer } from '../../../lib/training/trainer.js';
import type { TrainerOptions } from '../../../lib/training/trainer-options.js';
import { bits, data, drain, failure, small, start } from './runs.js';

describe('freeze', () => {
  it.each(['lanes', 'rows'] as const)('keeps the bits of layers and of their state on %s', async (engine) => {
    const run = start({ engine, freeze: ['conv1', 'fc1.bias'] });
    const before = run.net.getParams();
    await drain(run.trainer);
    for (const [name, { data: values }] of run.net.getParams()) {
      const frozen = name.startsWith('conv1.') || name === 'fc1.bias';
      const equal = values.every((value, i) => Object.is(value, before.get(name)?.data[i]));
      expect([name, equal]).toEqual([name, frozen]);
      const velocity = run.trainer.state().optimizerState.get(`velocity.${name}`);
      expect(velocity?.data.every((value) => value === 0)).toBe(frozen);
    }
  });

  it.each<[unknown, string, RegExp]>([
    [
      ['conv9'],
      'RANGE',
      /^sgd: freeze: expected a layer or parameter of conv1, .* received "conv9"\. Hint: did you mean conv1\?/,
    ],
    [
      'conv1',
      'TYPE',
      /^Trainer: expected freeze to be a list of names such as \['conv1'\] but received string/,
    ],
  ])('refuses %j', (freeze, code, message) => {
    expect(() => start({ freeze: freeze as string[] })).toThrow(failure(`ERR_ROWNET_${code}`, message));
  });

  it('refuses groups with a rate beside a rate that is auto', () => {
    const optimizer = { ...small.optimizer, lr: 'auto', groups: [{ layers: ['fc1'], lr: 0.1 }] } as const;
    expect(() => start({ recipe: { ...small, optimizer } })).toThrow(
      failure(
        'ERR_ROWNET_RANGE',
        /recipe: lr: expected a number beside groups with an lr but received "auto"/,
      ),
    );
  });
});

const optimizers: readonly OptimizerSettings[] = [
  { lr: 0.05, momentum: 0.9, nesterov: true, weightDecay: 1e-3 },
  { kind: 'adam', lr: 2e-3, groups: [{ layers: ['fc1'], lr: 1e-3, weightDecay: 0.1 }] },
  { kind: 'adamw', lr: 2e-3 },
  { kind: 'rmsprop', lr: 1e-3, momentum: 0.5, centered: true },
];
const schedules: readonly RecipeSchedule[] = [
  'oneCycle',
  { kind: 'step', every: 1, factor: 0.5 },
  { kind: 'cosine', min: 1e-4, warmup: 0.3 },
  { kind: 'constant' },
];

/** Each optimizer with each engine; the rest goes round. */
const cases = optimizers.flatMap((optimizer, index) =>
  (['lanes', 'rows'] as const).map((engine, other): TrainerOptions & { readonly engine: string } => ({
    engine,
    recipe: { ...small, epochs: 2, optimizer, schedule: schedules[(index + other) % 4] },
    keepBest: 'testLoss',
    ...(index % 2 === other ? { averaging: { decay: 0.9 } } : {}),
    ...(index < 2 ? { freeze: ['conv1'] } : {}),
  })),
);

it.each(cases)('goes on after any step to the bits of a straight run: case %#, $engine', async (options) => {
  const straight = start(options);
  await drain(straight.trainer, { validation: data });
  const { trainer: expected } = straight;
  for (let stop = 1; stop < expected.state().step; stop += 2) {
    const first = start(options);
    const controller = new AbortController();
    const onProgress = () => first.trainer.state().step === stop && controller.abort();
    await drain(first.trainer, { validation: data, signal: controller.signal, onProgress });
    const resume: TrainingState = first.trainer.state();
    const net = new LeNet5({ init: 'zeros' });
    net.setParams(first.net.getParams());
    const second = { net, trainer: new Trainer(net, { resume, engine: expected.engineName }) };
    await drain(second.trainer, { validation: data });
    expect(bits(second)).toBe(bits(straight));
  }
});
