/** What a run is made of: its net, and its data in the size that the net takes. */
import type { DataSource } from '../../../data/datasets.js';
import { beginsAsNew, initParameters } from '../../../nets/init.js';
import { lenet5Side } from '../../../nets/lenet5.js';
import type { Net } from '../../../nets/net.js';
import { frozenNames } from '../../../optimizers/groups.js';
import type { RunDraft } from '../../../runs/config.js';
import { loadNewData, loadRunData } from '../../../runs/data.js';
import { restoreStoredNet } from '../../../runs/stored-net.js';
import { formatShape, sameShape } from '../../../tensor.js';
import { UsageError } from '../../exit.js';
import type { OptionsOf } from '../../options/commands.js';
import { type ChosenNet, chosenNet, makeNet, makeStoredNet } from '../chosen-net.js';
import { checkSameData } from './config.js';
import type { Plan, ResumedRun } from './plan.js';

type TrainOptions = OptionsOf<'train'>;

export interface Material {
  readonly source: DataSource;
  readonly net: Net;
  /** What is worth saying of the net. */
  readonly notes: readonly string[];
}

/** @throws {UsageError | DataError} for data that is missing or another run's, a net that there is not, and what does not fit. */
export async function prepareMaterial({ config, resumed }: Plan, options: TrainOptions): Promise<Material> {
  const { net } = options;
  const chosen = net === undefined ? undefined : await chosenNet('train', net);
  const material =
    resumed === undefined
      ? await prepareNew(config, chosen ?? (await chosenNet('train', 'lenet5')), options)
      : await prepareResumed(resumed, config, chosen, options);
  const { source } = material;
  const { batchSize } = config.recipe;
  if (batchSize === 'auto' || batchSize <= source.train.count) return material;
  throw new UsageError(
    `train: --batch-size: expected at most ${source.train.count} (the training images) but received ${batchSize}. ` +
      'Hint: choose a smaller one',
  );
}

async function prepareResumed(
  resumed: ResumedRun,
  config: RunDraft,
  chosen: ChosenNet | undefined,
  options: TrainOptions,
): Promise<Material> {
  const source = loadRunData(config, { offline: options.offline ?? false });
  checkSameData(resumed.config, source.sha256, resumed.file);
  const made =
    chosen === undefined || typeof chosen.kind === 'string'
      ? undefined
      : await makeStoredNet('train', chosen, resumed);
  const net = restoreStoredNet(resumed.checkpoint, resumed.file, {
    kind: config.net,
    netFile: config.netFile,
    net: made,
  });
  return { source, net, notes: [] };
}

/**
 * The data follows the net: where no size is asked for, pictures get the one that the net takes.
 * @throws {UsageError} for a net and data that do not fit each other.
 */
async function prepareNew(config: RunDraft, chosen: ChosenNet, options: TrainOptions): Promise<Material> {
  // A size that was asked for is one that was thought of.
  const { resize = options.size === undefined ? chosen.resize : undefined } = options;
  const load = (size: TrainOptions['size']) =>
    loadNewData(config, {
      offline: options.offline ?? false,
      ...(size === undefined ? {} : { size }),
      ...(resize === undefined ? {} : { resize }),
      ...(options.colour ? { colour: true } : {}),
    });
  let source = load(options.size ?? chosen.size);
  checkPictureSize(chosen, source, options);
  const { init } = config.recipe;
  const { seed } = config;
  const net = await makeNet('train', chosen, {
    seed,
    init,
    classes: source.train.classes,
    inputShape: source.train.shape,
    dropout: config.netOptions?.dropout,
  });
  const [channels, height, width] = net.inputShape;
  const isOtherSize = !sameShape(net.inputShape, source.train.shape) && net.inputShape.length === 3;
  if (isOtherSize && channels === source.train.shape[0] && options.size === undefined) {
    source = load([height, width]);
  }
  checkFit(chosen, net, source);
  checkFrozen(net, options.freeze);
  return { source, net, notes: initialise(chosen, net, { init, seed }) };
}

/** The recipe's initial parameters, unless the module has set others. */
function initialise(
  { kind, name }: ChosenNet,
  net: Net,
  { init, seed }: { readonly init: 'he' | 'article'; readonly seed: number },
): string[] {
  if (typeof kind === 'string') return [];
  if (!beginsAsNew(net)) return [`${name} sets parameters of its net: the training begins with them`];
  initParameters(net.parameters(), init, seed);
  return [];
}

function checkPictureSize({ kind }: ChosenNet, { train }: DataSource, { size }: TrainOptions): void {
  const [, height, width] = train.shape;
  if (kind !== 'lenet5' || (height >= lenet5Side && width >= lenet5Side)) return;
  const isAsked = size !== undefined && String(size) === String([height, width]);
  throw new UsageError(
    `train: ${isAsked ? '--size' : '--resize'}: expected pictures of at least ${lenet5Side}x${lenet5Side}, the ` +
      `smallest that LeNet-5 takes, but received ${height}x${width}. Hint: ` +
      (isAsked
        ? 'another --net, such as fc, takes smaller ones'
        : 'leave --resize out, or choose --resize pad or --resize fit'),
  );
}

/** Told before there is a run folder. */
function checkFrozen(net: Net, freeze: TrainOptions['freeze']): void {
  const names = net.parameters().map(({ name }) => name);
  try {
    frozenNames('train: --freeze', freeze ?? [], names);
  } catch (cause) {
    if (cause instanceof RangeError) throw new UsageError(cause.message, { cause });
    throw cause;
  }
}

function checkFit({ name }: ChosenNet, net: Net, { train }: DataSource): void {
  const where = `train: --net: ${name}`;
  if (!sameShape(net.inputShape, train.shape)) {
    const [channels] = train.shape;
    const taken = net.inputShape[0];
    const hint =
      net.inputShape.length !== 3
        ? 'begin the net with a Flatten'
        : taken === channels
          ? `leave --size and --resize out: pictures get the size that the net takes`
          : `its first layer has to take ${channels} ${channels === 1 ? 'channel' : 'channels'}` +
            (taken === 3 && channels === 1
              ? '; or --colour trains on three, of class folders and npz files'
              : '');
    throw new UsageError(
      `${where}: expected a net that takes ${formatShape(train.shape)}, as the data is, but it takes ` +
        `${formatShape(net.inputShape)}. Hint: ${hint}`,
    );
  }
  const { outputShape } = net;
  if (outputShape.length === 1 && outputShape[0] >= train.classes) return;
  throw new UsageError(
    `${where}: expected a net with scores for ${train.classes} classes but it gives ${formatShape(outputShape)}. ` +
      'Hint: its last layer is new Linear({ inFeatures, outFeatures: classes }), of the option classes that it gets',
  );
}
