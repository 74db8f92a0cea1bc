/** Nets that come from a checkpoint. */
import '../engines/lanes/runner.js';
import type { PicturePreparation } from '../data/preparation.js';
import { knownClassNames } from '../data/registry.js';
import { DataError } from '../errors.js';
import { mnistNormalization } from '../data/normalize.js';
import type { LoadedCheckpoint } from '../formats/checkpoint.js';
import { loadGeneration } from '../formats/generations.js';
import { LeNet5, lenet5Features, lenet5Side } from '../nets/lenet5.js';
import type { Net } from '../nets/net.js';
import { type Recipe, recipes, type RunRecipe } from '../training/recipes.js';
import { UsageError } from './exit.js';
import { parseRunConfig, type RunConfig } from './run-config.js';
import { recipePreparation } from './run-data.js';
import { checkpointFile } from './run-path.js';
import { fallbackLine } from './commands/train/plan.js';

/** Labels are bytes. */
const MAX_CLASSES = 256;
/** Of a picture. */
const MAX_SIDE = 65_535;
/** Of the architecture that a message shows; that of LeNet-5 has half as many letters. */
const MOST_LETTERS = 1500;

/** How images are prepared: that part of a recipe. */
export type Preparation = Pick<RunRecipe, 'name' | 'resize' | 'normalization'>;

/** A net with the parameters of a checkpoint, and how its images are prepared. */
export interface SavedNet {
  readonly file: string;
  readonly checkpoint: LoadedCheckpoint;
  /** Undefined for a file that holds parameters alone. */
  readonly config: RunConfig | undefined;
  readonly recipe: Preparation;
  /** How pictures get the size that the net takes. */
  readonly preparation: PicturePreparation;
  readonly net: LeNet5;
  readonly classes: number;
  /** What the classes are called, where they are more than numbers. */
  readonly classNames: readonly string[] | undefined;
}

/**
 * Opens a checkpoint, a run folder, or a file of parameters alone, which needs `recipe`.
 * @param command for messages: `eval`.
 * @throws {DataError} when it is missing, damaged, or of another net.
 * @throws {UsageError} for parameters alone without a recipe.
 */
export function openSavedNet(command: string, path: string, recipe?: 'fast' | 'article'): SavedNet {
  const generation = loadGeneration(checkpointFile(path));
  const { file, checkpoint } = generation;
  const fallback = fallbackLine(generation);
  if (fallback !== undefined) process.stderr.write(`${fallback}\n`);
  const config =
    Object.keys(checkpoint.config).length === 0 ? undefined : parseRunConfig(checkpoint.config, file);
  const own = recipe === undefined || recipe === config?.recipe.name;
  const prepared = own ? config?.recipe : namedPreparation(recipe);
  if (prepared === undefined) {
    throw new UsageError(
      `${command}: ${file} holds parameters alone: expected --recipe, which says how images are prepared for them. ` +
        'Hint: --recipe fast or --recipe article',
    );
  }
  const classes = checkpoint.params.get('fc2.bias')?.size || 10;
  // Checked here, since a net of as many classes as a small file may ask for takes gigabytes.
  if (classes > MAX_CLASSES) {
    throw new DataError(
      `checkpoint: ${file}: expected the parameters of a net with at most ${MAX_CLASSES} classes but received a ` +
        `"fc2.bias" of ${classes}. Hint: ${command} takes LeNet-5 alone`,
    );
  }
  const inputSize = inputSizeOf(checkpoint);
  const net = new LeNet5({ classes, inputSize });
  restoreParams(net, checkpoint, file);
  const stored = own ? config?.data.preparation : undefined;
  if (stored !== undefined && String(stored.size) !== String(inputSize)) {
    throw new DataError(
      `checkpoint: ${file}: expected config.data.preparation.size ${inputSize.join('x')}, as the net takes, ` +
        `but received ${stored.size.join('x')}. Hint: it must be a checkpoint that "rownet train" wrote`,
    );
  }
  const preparation = stored ?? recipePreparation(prepared, net.inputShape);
  // rownet 0.1.0 stored no names for sets that are known by name.
  const names = config?.data.classNames ?? knownClassNames(config?.data.name ?? '');
  const classNames = names?.length === classes ? names : undefined;
  return { file, checkpoint, config, recipe: prepared, preparation, net, classes, classNames };
}

/**
 * Height and width of the images that the net of a checkpoint takes, where its parameters are as many as that needs;
 * else those of the usual LeNet-5, with which `restoreParams` compares what is there.
 */
function inputSizeOf({ architecture, params }: LoadedCheckpoint): readonly [number, number] {
  const usual = [lenet5Side, lenet5Side] as const;
  if (architecture === '') return usual;
  const { inputShape } = (JSON.parse(architecture) ?? {}) as { inputShape?: unknown };
  if (!Array.isArray(inputShape) || inputShape.length !== 3) return usual;
  const [, height, width]: unknown[] = inputShape;
  const isSide = (side: unknown): side is number =>
    Number.isInteger(side) && Number(side) >= lenet5Side && Number(side) <= MAX_SIDE;
  if (!isSide(height) || !isSide(width)) return usual;
  const { shape = [], size = 0 } = params.get('fc1.weight') ?? {};
  // Values that are there, so that a small file cannot ask for a large net.
  return size > 0 && shape[1] === lenet5Features(height, width) ? [height, width] : usual;
}

/** That of a recipe alone. What it measures on its training images is unknown then: MNIST's take their place. */
export function namedPreparation(name: 'fast' | 'article'): Preparation {
  const { resize, normalization }: Recipe = recipes[name];
  return { name, resize, normalization: normalization === 'measured' ? mnistNormalization : normalization };
}

/**
 * Copies a checkpoint's parameters into a net.
 * @throws {DataError} when they are those of another net.
 */
export function restoreParams(
  net: Net,
  { architecture, params, leftOut }: Pick<LoadedCheckpoint, 'architecture' | 'params' | 'leftOut'>,
  file: string,
): void {
  // A file of parameters alone names no architecture: then names and shapes must do.
  if (architecture !== '' && architecture !== net.architecture) {
    throw new DataError(
      `checkpoint: ${file}: expected the parameters of ${net.toString()} but received those of another net: ` +
        architecture.slice(0, MOST_LETTERS),
    );
  }
  try {
    net.setParams(params);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    const integers = net.parameters().flatMap(({ name }) => {
      const type = leftOut?.get(name);
      return type === undefined ? [] : [`; ${name} is there as ${type}, which is no type of floats`];
    });
    throw new DataError(
      `checkpoint: ${file}: expected the parameters of ${net.toString()}: ${cause.message}${integers.join('')}`,
      { cause },
    );
  }
}
