/** Who watches a training: the live page, or an observer of a program's own. */
import type { Normalization } from '../data/normalize.js';
import type { ImageSet } from '../engines/engine.js';
import { ArgumentTypeError, StateError } from '../errors.js';
import { checkInteger } from '../kernels/checks.js';
import type { Net } from '../nets/net.js';
import { checkOptions } from '../options.js';
import { typeName } from '../tensor.js';
import type { ComparedRun, EpochRecord, Progress } from './epoch-record.js';

/** What is being trained. */
export interface TrainingFacts {
  readonly net: Net;
  readonly title: string;
  readonly epochs: number;
  /** Of an epoch. */
  readonly steps: number;
  /** Trained on in an epoch. */
  readonly images: number;
  readonly engine: string;
  readonly normalization: Normalization;
  /** What is evaluated after each epoch. */
  readonly validation: ImageSet | undefined;
  readonly classNames?: readonly string[] | undefined;
}

/** What a training calls as it goes on. */
export interface TrainingObserver {
  /** A training begins, or goes on. */
  start(facts: TrainingFacts): void;
  /** After every step: cheap. */
  step(progress: Progress): void;
  /** Whether `turn` has something to do now; asked after every step. */
  due(): boolean;
  /** Has the event loop; the training waits for it, and does not count the time. */
  turn(signal?: AbortSignal): Promise<void>;
  /** An epoch is complete; `test` is what the validation gave. */
  epoch(
    record: EpochRecord,
    test:
      | { readonly confusion: readonly (readonly number[])[]; readonly predictions: Int32Array }
      | undefined,
  ): void;
  /** The training has ended. */
  end(state: 'finished' | 'stopped' | 'diverged'): void;
}

/** Options of the page of a training. */
export interface LiveOptions {
  /** Default 0: any free one. */
  readonly port?: number;
  /** Told the address of the page. Default: writes it to stderr. */
  onListen?(url: string): void;
  /** Finished runs that the page offers to compare with. */
  runs?(): Promise<readonly ComparedRun[]>;
}

type OpenPage = (options: LiveOptions) => Promise<TrainingObserver>;

let openPage: OpenPage | undefined;

/** Says how a page is opened: training itself knows no page. */
export function providePage(open: OpenPage): void {
  openPage = open;
}

const calls = ['start', 'step', 'due', 'turn', 'epoch', 'end'] as const;

function isObserver(live: LiveOptions | TrainingObserver): live is TrainingObserver {
  return calls.every((name) => typeof (live as Partial<TrainingObserver> | null)?.[name] === 'function');
}

/** @throws {TypeError | RangeError} naming the option that is wrong; an observer has none. */
export function checkLive(live: boolean | LiveOptions | TrainingObserver): void {
  if (typeof live === 'boolean' || isObserver(live)) return;
  const where = 'Trainer: live';
  checkOptions(where, live, { port: true, onListen: true, runs: true }, '{ port: 8080 }');
  const { port = 0, onListen, runs } = live;
  checkInteger(where, 'port', port, 0, 65_535);
  for (const [name, value] of Object.entries({ onListen, runs })) {
    if (value === undefined || typeof value === 'function') continue;
    throw new ArgumentTypeError(
      `${where}: expected ${name} to be a function but received ${typeName(value)}`,
    );
  }
}

/** @param live true and options: a new page, which is served from now on. */
export async function observerOf(live: true | LiveOptions | TrainingObserver): Promise<TrainingObserver> {
  if (live !== true && isObserver(live)) return live;
  if (openPage !== undefined) return openPage(live === true ? {} : live);
  throw new StateError("Trainer: live: expected a page but none was provided. Hint: import from 'rownet'");
}
