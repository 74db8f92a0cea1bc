/** What a training tells whoever observes it. */
import { expect, it } from 'vitest';
import { LeNet5 } from '../../../lib/nets/lenet5.js';
import type { TrainingObserver } from '../../../lib/training/observer.js';
import { Trainer } from '../../../lib/training/trainer.js';
import { itRefuses, STATE, TYPE, wrong } from '../../support/misuse.js';
import { tinyNet } from '../../support/tiny-net.js';
import { data, drain, small } from './runs.js';

/** Writes down the calls; wants a turn after the second step. */
class Notes implements TrainingObserver {
  readonly calls: string[] = [];
  #due = 0;

  start({ title, epochs, steps, images, engine }: Parameters<TrainingObserver['start']>[0]): void {
    this.calls.push(`start ${title}: ${epochs} x ${steps} steps, ${images} images, ${engine}`);
  }

  step({ epoch, step }: { epoch: number; step: number }): void {
    this.calls.push(`step ${epoch}.${step}`);
  }

  due(): boolean {
    this.#due += 1;
    return this.#due === 2;
  }

  async turn(signal?: AbortSignal): Promise<void> {
    this.calls.push(`turn ${signal?.aborted}`);
  }

  epoch(record: { epoch: number }, test: { predictions: Int32Array } | undefined): void {
    this.calls.push(`epoch ${record.epoch}, ${test?.predictions.length} predictions`);
  }

  end(state: string): void {
    this.calls.push(state);
  }
}

it('is told of every step and epoch, and has a turn where it wants one', async () => {
  const notes = new Notes();
  const trainer = new Trainer(new LeNet5(), {
    recipe: { ...small, epochs: 2 },
    engine: 'lanes',
    live: notes,
  });
  const { signal } = new AbortController();
  await drain(trainer, { validation: data, signal });
  expect(notes.calls).toEqual([
    'start LeNet5, recipe fast, bars, seed 1: 2 x 3 steps, 70 images, lanes',
    ...['step 1.1', 'step 1.2', 'turn false', 'step 1.3', 'epoch 1, 70 predictions'],
    ...['step 2.1', 'step 2.2', 'step 2.3', 'epoch 2, 70 predictions', 'finished'],
  ]);
});

it('is told how a training ends', async () => {
  const notes = new Notes();
  const trainer = new Trainer(new LeNet5(), { recipe: small, live: notes });
  const steps = trainer.fit(data);
  await steps.next();
  await steps.return();
  expect(notes.calls.at(-1)).toBe('stopped');
  const onProgress = () => trainer.net.arena.fill(Number.NaN);
  await expect(drain(trainer, { onProgress })).rejects.toThrow(/first not finite/);
  expect(notes.calls.at(-1)).toBe('diverged');
});

itRefuses(TYPE, {
  '...Trainer: live: expected the options port, onListen or runs but received "step" and "due"...': () =>
    new Trainer(tinyNet(), { live: wrong({ step() {}, due: () => false }) }),
});

it('needs a page from elsewhere', async () => {
  const trainer = new Trainer(new LeNet5(), { recipe: small, live: true });
  await expect(drain(trainer)).rejects.toMatchObject({
    code: STATE,
    message: /expected a page but none/,
  });
});
