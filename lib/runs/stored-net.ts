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

/** What a net is restored by, where its architecture does not say it. */
export interface RestoreOptions {
  /** What the run's configuration calls it. */
  readonly kind?: RunConfig['net'] | undefined;
  /** The module that made it. */
  readonly netFile?: string | undefined;
  /** A net of the architecture, for layers that rownet does not know: it gets the parameters. */
  readonly net?: Net | undefined;
  /** Height and width of the images that parameters alone are for. */
  readonly size?: HeightWidth | undefined;
}

/**
 * The net that the architecture describes, a LeNet-5 where there is none, with its parameters.
 * @throws {DataError} when they are those of another net, or it has layers that rownet does not know.
 */
export function restoreStoredNet(stored: StoredNet, file: string, options: RestoreOptions = {}): Net {
  const net = options.net ?? lenet5OrOther(stored, file, options);
  restoreParams(net, stored, file, options.net === undefined);
  return net;
}

function lenet5OrOther(stored: StoredNet, file: string, { kind, netFile, size }: RestoreOptions): Net {
  const { architecture, params } = stored;
  const classes = params.get('fc2.bias')?.size ?? MAX_CLASSES + 1;
  const mayBe = classes <= MAX_CLASSES && params.has('conv3.weight');
  if (architecture !== '' && !mayBe && kind !== 'lenet5') return describedNet(stored, file, netFile);
  const net = lenet5(stored, file, size);
  // One with dropout or in colour is a LeNet-5 too.
  return architecture === '' || architecture === net.architecture || !mayBe
    ? net
    : describedNet(stored, file, netFile);
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
  return new LeNet5({ classes, channels: channelsOf(stored), inputSize: inputSizeOf(stored, size) });
}

/** Of the first layer, where its values are there. */
function channelsOf({ params }: StoredNet): number {
  const { shape = [], size = 0 } = params.get('conv1.weight') ?? {};
  return size > 0 && shape.length === 4 ? shape[1] : 1;
}

function describedNet({ architecture, params }: StoredNet, file: string, netFile = 'FILE'): Net {
  const values = [...params.values()].reduce((sum, { size }) => sum + size, 0);
  const fail = (text: string, cause?: unknown): never => {
    throw new DataError(
      `checkpoint: ${file}: expected a net of layers that rownet knows but ${text}. ` +
        `Hint: a net with layers of its own is made by its module (--net ${netFile}) or its program ({ net } of openRun)`,
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
  const {
    layers,
    kernel,
    groups = 1,
    body,
    shortcut,
    ...fields
  } = (description ?? {}) as Record<string, unknown>;
  const product = (sizes: readonly unknown[]) => sizes.reduce<number>((all, size) => all * Number(size), 1);
  const sizes = Object.keys(fields)
    .filter((name) => /(channels|features)$/i.test(name))
    .map((name) => fields[name]);
  const windows = product(sizes) * product(Array.isArray(kernel) ? kernel : []);
  // A group sees its own channels alone.
  const own = sizes.length === 0 ? 0 : windows / Math.max(1, Number(groups));
  const parts = [...(Array.isArray(layers) ? layers : []), body, shortcut];
  return parts.reduce<number>((sum, part) => sum + (part === undefined ? 0 : weightsOf(part)), own);
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
function restoreParams(
  net: Net,
  { architecture, params, leftOut }: StoredNet,
  file: string,
  isGuessed: boolean,
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
    const { shape = [] } = params.get('fc1.weight') ?? {};
    const isLarger = architecture === '' && isGuessed && shape[1] > lenet5Features(lenet5Side, lenet5Side);
    const isLeNet = [...params.keys()].some((name) => name.endsWith('conv3.weight'));
    const isOther = architecture === '' && isGuessed && !isLeNet;
    const hint = isOther
      ? '. Hint: --net, or { net } of openRun, says what net they are of'
      : isLarger
        ? '. Hint: --size, or { size } of openRun, says how large the images are'
        : '';
    throw new DataError(
      `checkpoint: ${file}: expected the parameters of ${net.toString()}: ${cause.message}${integers.join('')}` +
        hint,
      { cause },
    );
  }
}
