/** Runs and files of parameters, as nets that predict and can be trained on. */
import { dirname } from 'node:path';
import '../engines/lanes/runner.js';
import { mnistNormalization, type Normalization } from '../data/normalize.js';
import type { HeightWidth, PicturePreparation } from '../data/preparation.js';
import { knownClassNames } from '../data/known-sets.js';
import { ArgumentRangeError, ArgumentTypeError, DataError, StateError } from '../errors.js';
import { checkPath } from '../files.js';
import type { LoadedCheckpoint } from '../formats/checkpoint.js';
import { type Generation, loadGeneration } from '../formats/generations.js';
import type { Loss } from '../losses/loss.js';
import { checkInputSize, lenet5Side } from '../nets/lenet5.js';
import { Net } from '../nets/net.js';
import { checkOptions } from '../options.js';
import { formatShape, sizeOf, typeName, valueText } from '../tensor.js';
import type { BestEpoch } from '../training/best.js';
import { type Recipe, type RunRecipe, recipeLoss, recipes } from '../training/recipes.js';
import type { TrainingState } from '../training/state.js';
import { warn } from '../warnings.js';
import { parseRunConfig, type RunConfig } from './config.js';
import { recipePreparation } from './data.js';
import { RunFolder } from './folder.js';
import type { EpochMetrics } from './metrics.js';
import { checkpointFile } from './path.js';
import { restoreStoredNet } from './stored-net.js';

/** How `openRun` opens what says less of itself than a run. */
export interface OpenRunOptions {
  /** How images are prepared for the net, in place of what the run says; has to be said for parameters alone. */
  readonly recipe?: 'fast' | 'article' | undefined;
  /** Height and width of the images that parameters alone are for. Default 32x32; without effect for a run. */
  readonly size?: HeightWidth | undefined;
  /** A new net of the run's architecture, which gets its parameters: for layers that rownet does not know. */
  readonly net?: Net | undefined;
  /**
   * `best`: of the epoch that `keepBest` has kept; `averaged`: the averages over the steps. Then there is no `state` to go on
   * with. Default `last`.
   */
  readonly weights?: Weights | undefined;
}

/** Which parameters of a run: the last ones, those of its best epoch, or their averages. */
export type Weights = 'last' | 'best' | 'averaged';

/** What an `OpenedRun` is made of. */
export type RunParts = Pick<OpenedRun, 'file' | 'net' | 'recipe'> &
  Partial<Pick<OpenedRun, 'config' | 'classNames'>> & {
    readonly preparation: PicturePreparation | undefined;
    readonly checkpoint?: LoadedCheckpoint;
    readonly weights?: Weights;
  };

/** A net as a run has left it, how pictures are prepared for it, and what a trainer goes on with. */
export class OpenedRun {
  /** The checkpoint that was read. */
  readonly file: string;
  /** With the parameters of the checkpoint. */
  readonly net: Net;
  /** Which of its parameters the net has. */
  readonly weights: Weights;
  /** What the run was started with; undefined for parameters alone. */
  readonly config: RunConfig | undefined;
  /** What of the recipe says how images are prepared. */
  readonly recipe: Pick<RunRecipe, 'name' | 'resize' | 'normalization'>;
  /** What the classes are called, one name a class, where they are more than numbers. */
  readonly classNames: readonly string[] | undefined;
  readonly #checkpoint: LoadedCheckpoint | undefined;
  readonly #preparation: PicturePreparation | undefined;

  /** By `openRun`. */
  constructor(parts: RunParts) {
    const { file, net, config, recipe, preparation, checkpoint, classNames, weights = 'last' } = parts;
    this.weights = weights;
    this.file = file;
    this.net = net;
    this.config = config;
    this.recipe = recipe;
    this.#preparation = preparation;
    this.classNames = classNames;
    this.#checkpoint = checkpoint;
  }

  /**
   * How pictures get the size that the net takes.
   * @throws {StateError} for a net that takes no pictures but rows of features
   */
  get preparation(): PicturePreparation {
    if (this.#preparation !== undefined) return this.#preparation;
    throw new StateError(
      `run: expected a net of pictures CxHxW but that of ${this.file} takes ${formatShape(this.net.inputShape)}. ` +
        'Hint: net.predict takes rows of features, imagesToTensor(rows, run.net.inputShape, run.normalization)',
    );
  }

  /** How pixels reach the net. */
  get normalization(): Normalization {
    return this.recipe.normalization;
  }

  /** That of the training; cross entropy for parameters alone. */
  get loss(): Loss {
    return recipeLoss(this.config?.recipe ?? recipes.fast);
  }

  get classes(): number {
    return sizeOf(this.net.outputShape);
  }

  /** Completed epochs. */
  get epoch(): number {
    return this.#checkpoint?.epoch ?? 0;
  }

  /** What a trainer goes on with: `new Trainer(run.net, { resume: run.state })`. Undefined for parameters alone, and beside other weights than the last. */
  get state(): TrainingState | undefined {
    if (this.#checkpoint === undefined || this.config === undefined || this.weights !== 'last')
      return undefined;
    const { epoch, step, partialEpoch, optimizerState, averaged, best } = this.#checkpoint;
    const { seed, recipe, settings } = this.config;
    return {
      epoch,
      step,
      ...(partialEpoch === undefined ? {} : { partialEpoch }),
      optimizerState,
      seed,
      recipe,
      ...(settings === undefined ? {} : { settings }),
      ...(averaged === undefined ? {} : { averaged }),
      ...(best === undefined ? {} : { best: best as BestEpoch }),
    };
  }

  /**
   * Of the completed epochs; those of lines that are missing or damaged are left out.
   * @throws {DataError} if there is something that is no readable file
   */
  get metrics(): readonly EpochMetrics[] {
    return new RunFolder(dirname(this.file)).readMetrics(this.epoch);
  }
}

/**
 * Opens a run folder, a checkpoint, or a file of parameters alone, which needs `recipe`.
 *
 * ```js
 * const run = openRun('runs/mine');
 * const trainer = new Trainer(run.net, { resume: run.state });
 * ```
 * Where the newest checkpoint is missing or damaged, the one before is taken, with a warning of the process, code
 * `WARN_ROWNET_RUN`.
 * @param path of the folder or file, of a training of the command line or one that `saveRun` kept
 * @throws {DataError} when it is missing, damaged, or of a net with layers that rownet does not know
 * @throws {ArgumentRangeError} for parameters alone without a recipe
 */
export function openRun(path: string, options: OpenRunOptions = {}): OpenedRun {
  checkPath('openRun', path);
  checkOptions(
    'openRun',
    options,
    { recipe: true, size: true, net: true, weights: true },
    "{ recipe: 'fast' }",
  );
  const { recipe, size = [lenet5Side, lenet5Side] } = options;
  checkInputSize('openRun', 'size', size);
  if (recipe !== undefined && recipe !== 'fast' && recipe !== 'article') {
    throw new ArgumentRangeError(
      `openRun: recipe: expected 'fast' or 'article' but received ${valueText(recipe)}`,
    );
  }
  checkGivenNet(options.net);
  checkWeights(options.weights);
  const stored = readRun(path);
  if (stored.config === undefined && recipe === undefined) {
    throw new ArgumentRangeError(
      `openRun: ${stored.file} holds parameters alone: expected a recipe, which says how images are prepared for ` +
        "them. Hint: openRun(path, { recipe: 'fast' })",
    );
  }
  if (stored.fallback !== undefined) {
    warn('WARN_ROWNET_RUN', `${stored.fallback}. The generation before is used, in ${stored.file}`);
  }
  return restoreRun(stored, options);
}

function checkGivenNet(net: unknown): void {
  if (net === undefined || net instanceof Net) return;
  throw new ArgumentTypeError(`openRun: expected net to be a Net but received ${typeName(net)}`);
}

function checkWeights(weights: unknown): void {
  if (weights === undefined || weights === 'last' || weights === 'best' || weights === 'averaged') return;
  throw new ArgumentRangeError(
    `openRun: weights: expected 'last', 'best' or 'averaged' but received ${valueText(weights)}`,
  );
}

/** A checkpoint with the parameters that are asked for. */
function withWeights(checkpoint: LoadedCheckpoint, file: string, weights: Weights): LoadedCheckpoint {
  const { params, averaged, best } = checkpoint;
  if (weights === 'last') return checkpoint;
  const kept = weights === 'best' ? best?.params : averaged;
  if (kept !== undefined && kept.size > 0) return { ...checkpoint, params: new Map([...params, ...kept]) };
  const option = weights === 'best' ? 'keep-best' : 'averaging';
  throw new DataError(
    `checkpoint: ${file}: expected ${weights} parameters but the run has kept none. ` +
      `Hint: rownet train --${option}, or the option of a Trainer, keeps them`,
  );
}

/** A checkpoint that has been read, before there is a net. */
export interface StoredRun extends Generation {
  /** Undefined for a file that holds parameters alone. */
  readonly config: RunConfig | undefined;
}

/** @throws {DataError} when it is missing or damaged. */
export function readRun(path: string): StoredRun {
  const generation = loadGeneration(checkpointFile(path));
  const { config } = generation.checkpoint;
  const isRun = Object.keys(config).length > 0;
  return { ...generation, config: isRun ? parseRunConfig(config, generation.file) : undefined };
}

/**
 * The net of a checkpoint.
 * @throws {DataError} when its parameters are those of another net than it says.
 */
export function restoreRun(stored: StoredRun, options: OpenRunOptions = {}): OpenedRun {
  const { recipe } = options;
  const { file, config } = stored;
  const { weights = 'last' } = options;
  const checkpoint = withWeights(stored.checkpoint, file, weights);
  const net = restoreStoredNet(checkpoint, file, {
    kind: config?.net,
    netFile: config?.netFile,
    net: options.net,
    size: options.size,
  });
  const own = config !== undefined && (recipe === undefined || recipe === config.recipe.name);
  const prepared = own ? config.recipe : namedPreparation(recipe ?? 'fast');
  const pictures = net.inputShape.length === 3;
  const size = net.inputShape.slice(-2);
  const kept = own ? config.data.preparation : undefined;
  if (kept !== undefined && String(kept.size) !== String(size)) {
    throw new DataError(
      `checkpoint: ${file}: expected config.data.preparation.size ${size.join('x')}, as the net takes, ` +
        `but received ${kept.size.join('x')}. Hint: it must be a checkpoint that "rownet train" wrote`,
    );
  }
  if (kept !== undefined && pictures && (kept.colour ?? false) !== (net.inputShape[0] === 3)) {
    throw new DataError(
      `checkpoint: ${file}: expected config.data.preparation.colour to say whether the net takes three channels but it ` +
        `takes ${formatShape(net.inputShape)}. Hint: it must be a checkpoint that "rownet train" wrote`,
    );
  }
  // rownet 0.1.0 stored no names for sets that are known by name.
  const names = config?.data.classNames ?? knownClassNames(config?.data.name ?? '');
  return new OpenedRun({
    file,
    net,
    config,
    checkpoint,
    weights,
    recipe: prepared,
    preparation: kept ?? (pictures ? recipePreparation(prepared, net.inputShape) : undefined),
    classNames: names?.length === sizeOf(net.outputShape) ? names : undefined,
  });
}

/** That of a recipe alone. What it measures on its training images is unknown then: MNIST's take their place. */
export function namedPreparation(name: 'fast' | 'article'): OpenedRun['recipe'] {
  const { resize, normalization }: Recipe = recipes[name];
  return { name, resize, normalization: normalization === 'measured' ? mnistNormalization : normalization };
}
