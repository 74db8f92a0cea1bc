/** The net that `--net` names: one of the table, or what a module makes. */
import type { HeightWidth } from '../../data/preparation.js';
import { statsOf } from '../../files.js';
import { leaves } from '../../layers/sequential.js';
import { type NetRequest, netKinds } from '../../nets/kinds.js';
import { lenet5Side } from '../../nets/lenet5.js';
import { isNetName, type NetName, netNames } from '../../nets/names.js';
import type { Net } from '../../nets/net.js';
import type { StoredRun } from '../../runs/open-run.js';
import { formatShape, type Shape } from '../../tensor.js';
import { UsageError } from '../exit.js';
import { importNet, isModulePath, type NetModule } from './net-module.js';

/** What makes nets. */
export interface ChosenNet {
  readonly kind: NetName | NetModule;
  /** For messages: `lenet5`, or the path of the module as it was given. */
  readonly name: string;
  /** Height and width of the pictures that it takes, where nothing else says it; undefined: as usual. */
  readonly size: HeightWidth | undefined;
  /** How pictures get their size; undefined: as usual. */
  readonly resize: 'fit' | undefined;
}

/**
 * @param command for messages: `train`.
 * @throws {UsageError} for what is neither the name of a net nor a module that exports one.
 */
export async function chosenNet(command: string, name: string): Promise<ChosenNet> {
  if (isNetName(name)) {
    const { size, resize } = netKinds[name];
    return { kind: name, name, size, resize };
  }
  if (!isModulePath(name) && !statsOf(name)?.isFile()) {
    throw new UsageError(
      `${command}: --net: expected ${netNames.join(', ')} or a module, such as ./net.mjs, but received "${name}"`,
    );
  }
  const kind = await importNet(command, name);
  const shape = kind.net?.inputShape;
  return { kind, name, size: shape?.length === 3 ? [shape[1], shape[2]] : undefined, resize: undefined };
}

/**
 * A net for a request.
 * @throws {UsageError} where none comes of it, and where it cannot drop what is asked for.
 */
export async function makeNet(command: string, { kind, name }: ChosenNet, request: NetRequest): Promise<Net> {
  const net = typeof kind === 'string' ? makeNamed(command, kind, request) : await kind.make(request);
  const { dropout } = request;
  if (dropout === undefined || hasDropout(net, dropout)) return net;
  const hint =
    typeof kind === 'string' || kind.net !== undefined
      ? 'leave it out'
      : 'the module makes its net with the option dropout that it gets';
  throw new UsageError(
    `${command}: --dropout: expected a net that drops ${dropout} of its values but ${name} does not. Hint: ${hint}`,
  );
}

/**
 * A net for what a checkpoint holds; its parameters are still zeros.
 * @throws {UsageError} as `makeNet`.
 */
export function makeStoredNet(
  command: string,
  chosen: ChosenNet,
  { checkpoint: { architecture, params }, config }: Pick<StoredRun, 'checkpoint' | 'config'>,
  size: HeightWidth = chosen.size ?? [lenet5Side, lenet5Side],
): Promise<Net> {
  // What a file of parameters alone does not say: as much as its names and shapes do.
  const channels = params.get('conv1.weight')?.shape[1] ?? 1;
  const usual = { inputShape: [channels, ...size] };
  const { inputShape }: { inputShape: Shape } = architecture === '' ? usual : JSON.parse(architecture);
  const biases = [...params].filter(([name]) => name.endsWith('bias'));
  const classes = config?.netOptions?.classes ?? biases.at(-1)?.[1].size ?? 10;
  return makeNet(command, chosen, {
    seed: 0,
    init: 'zeros',
    classes,
    inputShape,
    dropout: config?.netOptions?.dropout,
  });
}

function makeNamed(command: string, name: NetName, request: NetRequest): Net {
  const kind = netKinds[name];
  try {
    return kind.make(request);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new UsageError(
      `${command}: --net ${name}: expected data that ${kind.title} takes but received ` +
        `${formatShape(request.inputShape)} in ${request.classes} classes: ${cause.message}. ` +
        'Hint: --size makes pictures larger',
      { cause },
    );
  }
}

function hasDropout(net: Net, p: number): boolean {
  return leaves(net.layer, [1, ...net.inputShape]).some(
    ({ layer }) => layer.kind.startsWith('dropout') && 'p' in layer && layer.p === p,
  );
}
