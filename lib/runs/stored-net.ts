/** The net that a checkpoint describes. */
import type { HeightWidth } from '../data/preparation.js';
import { DataError, errorCode, errorMessage } from '../errors.js';
import type { LoadedCheckpoint } from '../formats/checkpoint.js';
import { LeNet5, lenet5Features, lenet5Side } from '../nets/lenet5.js';
import type { Net } from '../nets/net.js';
import { restoreNet } from '../nets/restore.js';
import { MAX_CLASSES, MAX_SIDE, type RunConfig } from './config.js';

/** Of the architecture that a message shows; that of LeNet-5 has half as many letters. */
const MOST_LETTERS = 1500;

type StoredNet = Pick<LoadedCheckpoint, 'architecture' | 'params' | 'leftOut'>;

/**
 * LeNet-5, or for a run of a program, and for a checkpoint of one, whatever its architecture says; with its parameters.
 * @param size of the images, where no architecture says it
 * @throws {DataError} when they are those of another net, or it has layers that rownet does not know.
 */
export function restoreStoredNet(
  stored: StoredNet,
  file: string,
  kind: RunConfig['net'] | undefined,
  size?: HeightWidth,
): Net {
  const { architecture } = stored;
  const lenet = kind === 'custom' ? undefined : lenet5(stored, file, size);
  const isOther = kind === undefined && architecture !== '' && architecture !== lenet?.architecture;
  const net = lenet === undefined || isOther ? customNet(stored, file) : lenet;
  restoreParams(net, stored, file);
  return net;
}

function lenet5(stored: StoredNet, file: string, size: HeightWidth | undefined): LeNet5 {
  const classes = stored.params.get('fc2.bias')?.size || 10;
  // Checked here, since a net of as many classes as a small file may ask for takes gigabytes.
  if (classes > MAX_CLASSES) {
    throw new DataError(
      `checkpoint: ${file}: expected the parameters of a net with at most ${MAX_CLASSES} classes but received a ` +
        `"fc2.bias" of ${classes}. Hint: parameters without their architecture must be those of LeNet-5`,
    );
  }
  return new LeNet5({ classes, inputSize: inputSizeOf(stored, size) });
}

function customNet({ architecture, params }: StoredNet, file: string): Net {
  const values = [...params.values()].reduce((sum, { size }) => sum + size, 0);
  const fail = (text: string, cause?: unknown): never => {
    throw new DataError(
      `checkpoint: ${file}: expected a net of layers that rownet knows but ${text}. ` +
        'Hint: a net with layers of its own is for its program to make',
      { cause },
    );
  };
  // Before there is a net: a small file must not ask for one that takes gigabytes.
  if (!(weightsOf(JSON.parse(architecture)) <= values)) fail('its parameters are not all there');
  try {
    return restoreNet(architecture);
  } catch (cause) {
    if (errorCode(cause)?.startsWith('ERR_ROWNET_') !== true) throw cause;
    return fail(`received ${errorMessage(cause)}`, cause);
  }
}

/** How many weights the layers of a description have at least, by the sizes that it names. */
function weightsOf(description: unknown): number {
  const { layers, kernel, ...fields } = (description ?? {}) as Record<string, unknown>;
  const product = (sizes: readonly unknown[]) => sizes.reduce<number>((all, size) => all * Number(size), 1);
  const sizes = Object.keys(fields)
    .filter((name) => /(channels|features)$/i.test(name))
    .map((name) => fields[name]);
  const own = sizes.length === 0 ? 0 : product(sizes) * product(Array.isArray(kernel) ? kernel : []);
  return Array.isArray(layers) ? layers.reduce<number>((sum, layer) => sum + weightsOf(layer), own) : own;
}

/**
 * Height and width of the images that the net of a checkpoint takes, by its architecture or as they were asked for, where
 * its parameters are as many as that needs; else those of the usual LeNet-5, with which `restoreParams` compares what is
 * there.
 */
function inputSizeOf({ architecture, params }: StoredNet, asked: HeightWidth | undefined): HeightWidth {
  const usual = [lenet5Side, lenet5Side] as const;
  const { inputShape } =
    architecture === '' ? {} : ((JSON.parse(architecture) ?? {}) as { inputShape?: unknown });
  const [height, width]: readonly unknown[] =
    Array.isArray(inputShape) && inputShape.length === 3 ? inputShape.slice(1) : (asked ?? usual);
  const isSide = (side: unknown): side is number =>
    Number.isInteger(side) && Number(side) >= lenet5Side && Number(side) <= MAX_SIDE;
  if (!isSide(height) || !isSide(width)) return usual;
  const { shape = [], size = 0 } = params.get('fc1.weight') ?? {};
  // Values that are there, so that a small file cannot ask for a large net.
  return size > 0 && shape[1] === lenet5Features(height, width) ? [height, width] : usual;
}

/**
 * Copies a checkpoint's parameters into a net.
 * @throws {DataError} when they are those of another net.
 */
function restoreParams(net: Net, { architecture, params, leftOut }: StoredNet, file: string): void {
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
    const { shape = [] } = params.get('fc1.weight') ?? {};
    const isLarger = architecture === '' && shape[1] > lenet5Features(lenet5Side, lenet5Side);
    throw new DataError(
      `checkpoint: ${file}: expected the parameters of ${net.toString()}: ${cause.message}${integers.join('')}` +
        (isLarger ? '. Hint: --size, or { size } of openRun, says how large the images are' : ''),
      { cause },
    );
  }
}
