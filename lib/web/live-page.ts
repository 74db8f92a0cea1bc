/**
 * The page of `rownet train --live`. The training calls in: `step` after each step, which only notes a few numbers,
 * `turn` where it lets the event loop run, `epoch` after each epoch. Pictures and events are made in `turn`, a few times
 * a second, and only while a page is open.
 */
import { setImmediate, setTimeout } from 'node:timers/promises';
import type { ImageSet } from '../engines/engine.js';
import { worstMistakes } from '../engines/mistakes.js';
import { ArgumentRangeError } from '../errors.js';
import { gatherImages } from '../kernels/training.js';
import { softmax } from '../losses/softmax.js';
import { LeNet5 } from '../nets/lenet5.js';
import type { EpochRecord, LiveEpoch, Progress } from '../training/epoch-record.js';
import type { LiveOptions, TrainingFacts, TrainingObserver } from '../training/observer.js';
import { livePageFiles } from './assets.js';
import { EventStream, type PageEvent } from './event-stream.js';
import { featureMaps, firstFilters, toBase64 } from './layer-pictures.js';
import type { Judgement, LiveEvents, LiveState, Picture, Sample, Standing } from './messages.js';
import { fieldsOf, type PageServer, startPageServer } from './server.js';

/** Between two events, in milliseconds: often enough for the eye. */
const pushEvery = 250;
/** A page that is gone for longer was closed, not loaded anew: it holds nothing up. */
const reloadMs = 2_000;
/** Points of the loss curve, over the whole training. */
const mostSamples = 400;
const mostMistakes = 12;
/** Steps a second that the page may ask for; null is as fast as it goes. */
const speeds = [null, 200, 50, 10, 2] as const;

/** The page of one training; the trainer calls it. */
export class LivePage implements TrainingObserver {
  readonly #stream = new EventStream(() => this.#greeting());
  #server: PageServer | undefined;
  readonly #options: LiveOptions;
  #facts: TrainingFacts | undefined;
  #state: LiveState = 'waiting';
  #speed: number | null = null;
  #digit = 0;
  #progress: Progress | undefined;
  /** Where the sample under way began. */
  #mark = { epoch: 0, images: 0, loss: 0, correct: 0 };
  #samples: Sample[] = [];
  #sent = 0;
  #epochs: LiveEpoch[] = [];
  #confusion: readonly (readonly number[])[] | undefined;
  #predictions: Int32Array | undefined;
  #lastPush = 0;
  #lastStep = 0;
  #held = 0;

  constructor(options: LiveOptions = {}) {
    this.#options = options;
  }

  /** Starts to serve; the page shows that it waits. */
  async listen(): Promise<string> {
    const { port, onListen = (url) => process.stderr.write(`Live page: ${url}\n`), runs } = this.#options;
    this.#server ??= await startPageServer(
      {
        files: livePageFiles(),
        queries: new Map([['/runs', async () => ({ runs: (await runs?.()) ?? [] })]]),
        streams: new Map([['/events', this.#stream]]),
        actions: new Map([['/control', (body) => this.#control(fieldsOf(body))]]),
      },
      port,
    );
    onListen(this.#server.url);
    return this.#server.url;
  }

  /** No training is to come: the page only compares runs. */
  compare(): void {
    this.#state = 'comparing';
  }

  /** Open pages. */
  get viewers(): number {
    return this.#stream.clients;
  }

  /** Seconds that the page has made the training wait, paused or in slow motion. */
  get secondsHeld(): number {
    return this.#held / 1000;
  }

  /** Resolves when a page is opened or closed. */
  viewersChange(): Promise<void> {
    return this.#stream.change();
  }

  /** A training begins, or goes on. */
  start(facts: TrainingFacts): void {
    this.#facts = facts;
    this.#state = 'training';
    this.#stream.send({ name: 'hello', data: this.#hello() });
  }

  /** Cheap: it is called after every step, page or not. */
  step(progress: Progress): void {
    this.#progress = progress;
    const { epoch, step, steps, images } = progress;
    if (epoch !== this.#mark.epoch) this.#mark = { epoch, images: 0, loss: 0, correct: 0 };
    if (step % this.#stride() !== 0 && step !== steps) return;
    const { accuracy } = progress;
    const [loss, correct] = [progress.loss * images, (accuracy ?? 0) * images];
    const count = images - this.#mark.images;
    this.#samples.push([
      epoch - 1 + step / steps,
      (loss - this.#mark.loss) / count,
      accuracy === undefined ? null : (correct - this.#mark.correct) / count,
    ]);
    this.#mark = { epoch, images, loss, correct };
  }

  /** Steps between two samples; an epoch ends with one. */
  #stride(): number {
    const { steps, epochs } = this.#facts as TrainingFacts;
    return Math.min(steps, Math.ceil((steps * epochs) / mostSamples));
  }

  /** Whether `turn` has something to do now. */
  due(): boolean {
    if (this.viewers === 0) return false;
    return (
      this.#state === 'paused' || this.#speed !== null || performance.now() - this.#lastPush >= pushEvery
    );
  }

  /** Sends what is new, lets the event loop run, and holds the training while the page wants it slower or paused. */
  async turn(signal?: AbortSignal): Promise<void> {
    if (performance.now() - this.#lastPush >= pushEvery) this.#push();
    await setImmediate();
    const from = performance.now();
    await this.#hold(signal);
    this.#held += performance.now() - from;
  }

  async #hold(signal: AbortSignal | undefined): Promise<void> {
    if (this.#speed !== null) {
      const wait = this.#lastStep + 1000 / this.#speed - performance.now();
      if (wait > 0) await setTimeout(wait);
      this.#lastStep = performance.now();
    }
    let watched = performance.now();
    while (this.#state === 'paused' && !signal?.aborted) {
      await setTimeout(20);
      if (this.viewers > 0) watched = performance.now();
      else if (performance.now() - watched > reloadMs) this.#state = 'training';
    }
  }

  /** An epoch is complete; `test` is what the validation gave. */
  epoch(
    record: EpochRecord,
    test:
      | { readonly confusion: readonly (readonly number[])[]; readonly predictions: Int32Array }
      | undefined,
  ): void {
    this.#epochs.push(record);
    this.#confusion = test?.confusion;
    this.#predictions = test?.predictions;
    if (this.viewers === 0) return;
    this.#push();
    this.#stream.send({ name: 'epoch', data: { epoch: record, ...this.#judgement() } });
  }

  /** The training has ended; the page stays until `close`. */
  end(state: 'finished' | 'stopped' | 'diverged'): void {
    this.#state = state;
    if (this.viewers > 0) this.#push();
  }

  /** Ends every connection. */
  async close(): Promise<void> {
    this.#stream.end();
    await this.#server?.close();
    this.#server = undefined;
  }

  #push(): void {
    this.#lastPush = performance.now();
    const samples = this.#samples.slice(this.#sent);
    this.#sent = this.#samples.length;
    this.#stream.send({ name: 'progress', data: { ...this.#standing(), samples } });
    this.#stream.send(this.#pictures(), { droppable: true });
  }

  #standing(): Standing {
    return { state: this.#state, speed: this.#speed, progress: this.#progress ?? null };
  }

  /** All that a page needs that was opened just now. */
  #greeting(): PageEvent[] {
    if (this.viewers === 0) this.#sent = this.#samples.length;
    const events: PageEvent[] = [{ name: 'hello', data: this.#hello() }];
    if (this.#facts !== undefined) events.push(this.#pictures());
    return events;
  }

  #hello(): LiveEvents['hello'] {
    const facts = this.#facts;
    return {
      ...this.#standing(),
      facts:
        facts === undefined
          ? null
          : {
              title: facts.title,
              epochs: facts.epochs,
              engine: facts.engine,
              summary: facts.net.toString(),
              classNames: facts.classNames ?? null,
              testImages:
                facts.validation === undefined || !isPictured(facts.validation) ? 0 : facts.validation.count,
              steps: facts.steps,
              stepsPerSample: this.#stride(),
              articleImages: facts.net instanceof LeNet5 ? facts.images : 0,
            },
      speeds,
      // Those that have not been sent to other pages yet come once more with the next push.
      samples: this.#samples.slice(0, this.#sent),
      epochs: this.#epochs,
      ...this.#judgement(),
    };
  }

  /** Confusion and worst mistakes of the last epoch. */
  #judgement(): Judgement {
    if (this.#facts?.validation === undefined || this.#predictions === undefined)
      return { confusion: null, mistakes: [] };
    const { net, validation, normalization } = this.#facts;
    if (!isPictured(validation)) return { confusion: this.#confusion ?? null, mistakes: [] };
    const options = { normalization, predictions: this.#predictions, count: mostMistakes };
    const mistakes = worstMistakes(net, validation, options).map((mistake) => ({
      ...mistake,
      ...pictureOf(validation, mistake.index),
    }));
    return { confusion: this.#confusion ?? null, mistakes };
  }

  #pictures(): PageEvent {
    const { net, validation, normalization } = this.#facts as TrainingFacts;
    const filters = firstFilters(net) ?? null;
    if (validation === undefined || validation.count === 0 || !isPictured(validation)) {
      return { name: 'pictures', data: { filters, digit: null } };
    }
    const { shape, labels } = validation;
    const x = gatherImages(validation.images, shape, Uint32Array.of(this.#digit), normalization);
    const { maps, scores } = featureMaps(net, x);
    const digit = {
      index: this.#digit,
      label: labels[this.#digit],
      ...pictureOf(validation, this.#digit),
      maps,
      probabilities: softmax(scores),
    };
    return { name: 'pictures', data: { filters, digit } };
  }

  /** What a button of the page asks for. */
  #control({ action, value }: Readonly<Record<string, unknown>>): object {
    switch (action) {
      case 'pause':
        if (this.#state === 'training') this.#state = 'paused';
        break;
      case 'resume':
        if (this.#state === 'paused') this.#state = 'training';
        break;
      case 'speed':
        if (!speeds.includes(value as null)) throw controlError('speed', 'null, 200, 50, 10 or 2', value);
        this.#speed = value as number | null;
        break;
      case 'digit': {
        const validation = this.#facts?.validation;
        const count = validation === undefined || !isPictured(validation) ? 0 : validation.count;
        if (!Number.isInteger(value) || (value as number) < 0 || (value as number) >= count) {
          throw controlError('digit', `an index below ${count}`, value);
        }
        this.#digit = value as number;
        break;
      }
      default:
        throw controlError('action', 'pause, resume, speed or digit', action);
    }
    this.#stream.send({ name: 'standing', data: this.#standing() });
    if (action === 'digit') this.#stream.send(this.#pictures());
    return { ok: true };
  }
}

function controlError(what: string, expected: string, received: unknown): ArgumentRangeError {
  return new ArgumentRangeError(`control: ${what}: expected ${expected} but received ${String(received)}`);
}

/** Labelled pictures in bytes: there is nothing to show of tables, and of values. */
type PicturedSet = ImageSet & { readonly images: Uint8Array; readonly labels: Uint8Array };

function isPictured(set: ImageSet): set is PicturedSet {
  return set.shape.length === 3 && set.labels !== undefined && !(set.images instanceof Float32Array);
}

/** Grey or in colour; of images with other channels the first one. */
function pictureOf({ images, shape }: PicturedSet, index: number): Picture {
  const [channels, height, width] = shape;
  const start = index * channels * height * width;
  const shown = channels === 3 ? 3 : 1;
  return { height, width, bytes: toBase64(images.subarray(start, start + shown * height * width)) };
}
