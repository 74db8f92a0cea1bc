/** A training that is written to its run folder while it goes on. */
import { checkImages } from '../engines/image-set.js';
import { ArgumentTypeError, StateError } from '../errors.js';
import { checkPath } from '../files.js';
import type { LoadedCheckpoint } from '../formats/checkpoint.js';
import { loadGeneration } from '../formats/generations.js';
import { checkInteger, checkNumber, checkObject } from '../kernels/checks.js';
import { runtimeInfo } from '../kernels.js';
import { netName } from '../nets/kinds.js';
import { checkOptions, type OptionNames } from '../options.js';
import { type Tensor, typeName } from '../tensor.js';
import type { EpochRecord } from '../training/epoch-record.js';
import { recipeLoss } from '../training/recipes.js';
import { isSettled, recipeForRun } from '../training/run-recipe.js';
import { Trainer } from '../training/trainer.js';
import { packageVersion } from '../version.js';
import { parseRunConfig, type RunConfig, runTitle } from './config.js';
import { describeData, type RunData } from './data.js';
import { createRunFolder, folderProblem, holdsFiles, type RunFolder } from './folder.js';
import { lockFolder } from './lock.js';
import { describeMachine } from './machine.js';
import { type EpochMetrics, epochMetrics } from './metrics.js';
import { checkpointFile, isRunFolder } from './path.js';

/** After how many epochs, or seconds, a checkpoint is due. */
export type CheckpointInterval = { readonly epochs: number } | { readonly seconds: number };

/** Where a run stands: completed epochs and steps, and the steps of an epoch that is under way. */
export interface Position {
  readonly epoch: number;
  readonly step: number;
  readonly partialEpoch?: { readonly steps: number };
}

/** A generation of the checkpoint that is on disk. */
export interface Durable extends Position {
  readonly generation: number;
  readonly file: string;
}

/** What a `SavedRun` is made of. */
export interface SavedRunParts {
  /** Taken by the lock of this training. */
  readonly folder: RunFolder;
  readonly trainer: Trainer;
  readonly config: RunConfig;
  readonly every: CheckpointInterval;
  /** What is continued: its metrics up to where it stands, and the generation of its checkpoint. */
  readonly earlier?: { readonly metrics: readonly EpochMetrics[]; readonly generation: number };
  /** Whether the folder's newest is the checkpoint that is continued. */
  readonly keep: boolean;
  /** Called when a generation is on disk, but for the first. */
  onDurable?(durable: Durable): void;
}

/** The folder of a training that goes on: metrics, checkpoints, curves. Nobody else writes there until it is closed. */
export class SavedRun {
  readonly #parts: SavedRunParts;
  readonly #metrics: EpochMetrics[];
  #config: RunConfig;
  #keep: boolean;
  #last: Durable;
  #written = performance.now();
  #closed = false;

  /** By `saveRun`. Writes the first generation, configuration and machine: the run can be continued from here on. */
  constructor(parts: SavedRunParts) {
    const { folder, config, earlier, keep } = parts;
    this.#parts = parts;
    this.#config = config;
    this.#keep = keep;
    this.#metrics = [...(earlier?.metrics ?? [])];
    folder.writeMetrics(this.#metrics);
    this.#last = this.#write((earlier?.generation ?? 0) + 1);
    // What a kill has left may be of an epoch that is still to come.
    this.#writeBest();
    folder.writeConfig(config);
    folder.writeMachine(describeMachine());
  }

  /** The path of the folder, as it was given. */
  get path(): string {
    return this.#parts.folder.path;
  }

  /** The newest checkpoint. */
  get last(): Durable {
    return this.#last;
  }

  get config(): RunConfig {
    return this.#config;
  }

  /** Of every completed epoch, those before the run was continued included. */
  get metrics(): readonly EpochMetrics[] {
    return this.#metrics;
  }

  /** For `onProgress`: writes a checkpoint where `checkpointEvery` says seconds, and they are over. */
  afterStep(): void {
    const { every, trainer } = this.#parts;
    if (!('seconds' in every) || performance.now() - this.#written < 1000 * every.seconds) return;
    // The last good checkpoint stays when the parameters overflow; the training finds out by itself.
    if (trainer.net.arena.every(Number.isFinite)) this.checkpoint();
  }

  /**
   * Keeps what `fit` says of an epoch: first its metrics, then a checkpoint where one is due, then the curves. Of an epoch
   * that an abort has cut short, a checkpoint alone.
   * @throws {WriteError} when that fails.
   * @throws {TypeError | RangeError} for an epoch that the trainer has not completed.
   * @throws {StateError} after `close`.
   */
  record(record: EpochRecord): void {
    checkObject('SavedRun.record', 'what fit yields', record);
    if (record.interrupted) {
      this.checkpoint();
      return;
    }
    const { folder, every, trainer } = this.#parts;
    this.#settle();
    checkInteger('SavedRun.record', 'epoch', record.epoch, 1, trainer.state().epoch);
    const line = epochMetrics(record);
    this.#metrics.push(line);
    folder.appendMetrics(line);
    const due = 'epochs' in every && line.epoch - this.#last.epoch >= every.epochs;
    if (trainer.best?.epoch === line.epoch) this.#writeBest();
    if (due || line.epoch === this.#config.recipe.epochs || line.earlyStop !== undefined) this.checkpoint();
    else this.afterStep();
    folder.writeCurves(runTitle(this.#config), this.#metrics);
  }

  /**
   * Writes what net and trainer hold, unless it is on disk.
   * @throws {WriteError} when that fails.
   * @throws {StateError} after `close`.
   */
  checkpoint(): Durable {
    this.#settle();
    const { epoch, step } = this.#parts.trainer.state();
    if (epoch !== this.#last.epoch || step !== this.#last.step) {
      this.#last = this.#write(this.#last.generation + 1);
      this.#parts.onDurable?.(this.#last);
    }
    return this.#last;
  }

  /** Leaves the folder to others. Steps since the last checkpoint are not in it. */
  close(): void {
    this.#closed = true;
    this.#parts.folder.release();
  }

  /** From `fit` on the recipe is that of the run: with the epochs and the data that `fit` was given. */
  #settle(): void {
    const { folder, trainer } = this.#parts;
    if (this.#closed) {
      throw new StateError(
        `SavedRun: expected a run that is open but ${folder.path} has been closed. Hint: saveRun opens it again`,
      );
    }
    const { recipe } = trainer;
    if (!isSettled(recipe) || JSON.stringify(recipe) === JSON.stringify(this.#config.recipe)) return;
    this.#config = { ...this.#config, recipe };
    folder.writeConfig(this.#config);
  }

  /** Of parameters and buffers alone: evaluated, served and exported like any other checkpoint. */
  #writeBest(): void {
    const { folder, trainer } = this.#parts;
    const { best, net } = trainer;
    if (best === undefined) return;
    const { params, epoch, step } = best;
    const { architecture } = net;
    folder.writeBest({
      params,
      optimizerState: new Map(),
      architecture,
      config: this.#config,
      epoch,
      step,
    });
  }

  #write(generation: number): Durable {
    const { folder, trainer } = this.#parts;
    const { net } = trainer;
    const { epoch, step, partialEpoch, optimizerState, averaged, best } = trainer.state();
    const position = { epoch, step, ...(partialEpoch === undefined ? {} : { partialEpoch }) };
    const { architecture } = net;
    const params = net.getParams();
    folder.writeCheckpoint(
      {
        params,
        optimizerState,
        architecture,
        config: this.#config,
        generation,
        ...position,
        ...(averaged === undefined ? {} : { averaged }),
        ...(best === undefined ? {} : { best }),
      },
      { keep: this.#keep },
    );
    this.#keep = true;
    this.#written = performance.now();
    return { generation, file: folder.checkpoint, ...position };
  }
}

/** What `saveRun` keeps of a training, and how often. */
export interface SaveRunOptions {
  readonly trainer: Trainer;
  /** What it is trained on: what `loadDataset` gave, or `{ train }` with images of one's own. */
  readonly data: RunData;
  /** After how many epochs, or seconds, a checkpoint is written. Default: every epoch. */
  readonly checkpointEvery?: CheckpointInterval;
}

/**
 * Keeps a training as a run folder while it goes on, as `rownet train` does: the command line then lists, evaluates, serves,
 * reports, exports and resumes it.
 *
 * ```js
 * const run = await saveRun('runs/mine', { trainer, data });
 * for await (const record of trainer.fit(data.train, { validation: data.test })) run.record(record);
 * run.close();
 * ```
 * @param folder a new or empty one, or that of the run which the trainer goes on with, as `openRun` gave it
 * @throws {StateError} if the folder holds something else, cannot be written, or another training has it
 * @throws {WriteError} if a file cannot be written
 */
export async function saveRun(folder: string, options: SaveRunOptions): Promise<SavedRun> {
  checkPath('saveRun', folder);
  const { trainer, data, every } = checkedOptions(options);
  const config = configOf(trainer, data);
  const problem = folderProblem(folder);
  if (problem !== undefined) throw new StateError(`saveRun: ${problem}`);
  const run = createRunFolder('saveRun', folder);
  const lock = await lockFolder(folder);
  if (lock === undefined) {
    throw new StateError(`saveRun: expected ${folder} to be free but another training writes to it`);
  }
  try {
    const continued = continuedRun(run, trainer, config);
    run.take(lock);
    return new SavedRun({ ...continued, folder: run, trainer, config, every });
  } catch (error) {
    lock.release();
    throw error;
  }
}

const optionNames: OptionNames<SaveRunOptions> = { trainer: true, data: true, checkpointEvery: true };

function checkedOptions(
  options: SaveRunOptions,
): Pick<SavedRunParts, 'trainer' | 'every'> & { data: RunData } {
  checkOptions('saveRun', options, optionNames, '{ trainer, data }');
  const { trainer, data, checkpointEvery: every = { epochs: 1 } } = options;
  if (!(trainer instanceof Trainer)) {
    throw new ArgumentTypeError(
      `saveRun: expected trainer to be a Trainer but received ${typeName(trainer)}`,
    );
  }
  checkObject('saveRun', 'data as loadDataset gives it, or { train }', data);
  checkImages('saveRun: data.train', trainer.net, data.train, recipeLoss(trainer.recipe));
  if (typeof data.train.name !== 'string') {
    throw new ArgumentTypeError(
      `saveRun: expected data.train.name to be a text but received ${typeName(data.train.name)}. ` +
        "Hint: { train: { name: 'my drawings', ...images } }",
    );
  }
  return { trainer, data, every: checkedInterval(every) };
}

function checkedInterval(every: CheckpointInterval): CheckpointInterval {
  checkOptions<object>('saveRun: checkpointEvery', every, { epochs: true, seconds: true }, '{ epochs: 1 }');
  const { epochs, seconds }: { readonly epochs?: number; readonly seconds?: number } = every;
  if ((epochs === undefined) === (seconds === undefined)) {
    throw new ArgumentTypeError(
      'saveRun: expected checkpointEvery as { epochs } or { seconds } but received ' +
        `${epochs === undefined ? 'neither' : 'both'}. Hint: { epochs: 1 }`,
    );
  }
  if (seconds !== undefined) {
    checkNumber('saveRun', 'checkpointEvery.seconds', seconds, 0);
    return { seconds };
  }
  checkInteger('saveRun', 'checkpointEvery.epochs', epochs, 1, Number.MAX_SAFE_INTEGER);
  return { epochs: epochs as number };
}

function configOf(trainer: Trainer, data: RunData): RunConfig {
  const { net, seed, engineName, settings } = trainer;
  const config: RunConfig = {
    rownet: packageVersion(),
    net: netName(net) ?? 'custom',
    recipe: recipeForRun(trainer.recipe, data.train),
    seed,
    engine: engineName,
    isa: runtimeInfo().isa,
    data: describeData(data),
    ...(Object.keys(settings).length === 0 ? {} : { settings }),
  };
  // What cannot be read again is told now.
  return parseRunConfig(config, 'saveRun');
}

/** What is in the folder of a run that the trainer goes on with. */
function continuedRun(
  folder: RunFolder,
  trainer: Trainer,
  config: RunConfig,
): Pick<SavedRunParts, 'earlier' | 'keep'> {
  if (!holdsFiles(folder.path)) return { keep: false };
  if (isRunFolder(folder.path)) {
    const { file, checkpoint } = loadGeneration(checkpointFile(folder.path));
    const { data } = parseRunConfig(checkpoint.config, file);
    const isSameData = JSON.stringify(data.sha256) === JSON.stringify(config.data.sha256);
    if (isSameData && standsAt(trainer, checkpoint)) {
      const { epoch, generation } = checkpoint;
      const earlier = { metrics: folder.readMetrics(epoch), generation };
      return { earlier, keep: file === folder.checkpoint };
    }
  }
  throw new StateError(
    `saveRun: expected a new or empty folder but ${folder.path} holds files` +
      `${isRunFolder(folder.path) ? ', of a run that the trainer does not go on with, or on other data' : ''}. ` +
      'Hint: openRun and new Trainer(run.net, { resume: run.state }) continue a run',
  );
}

/** Whether net and trainer hold what a checkpoint does. */
function standsAt(trainer: Trainer, { epoch, step, architecture, params }: LoadedCheckpoint): boolean {
  const { net } = trainer;
  const state = trainer.state();
  const equals = (name: string, { data }: Tensor) => {
    const stored = params.get(name)?.data;
    return stored?.length === data.length && data.every((value, i) => value === stored[i]);
  };
  return (
    state.epoch === epoch &&
    state.step === step &&
    net.architecture === architecture &&
    [...net.getParams()].every(([name, tensor]) => equals(name, tensor))
  );
}
