/** What an optimizer makes of single layers: another rate, another weight decay, nothing at all. */
import { ArgumentRangeError, ArgumentTypeError } from '../errors.js';
import { checkNumber } from '../kernels/checks.js';
import { checkOptions, nearestName } from '../options.js';
import { typeName, valueText } from '../tensor.js';

/** Layers with values of their own. */
export interface ParameterGroup {
  /** Names of layers or parameters; `block` stands for all of `block.conv1` and the like. */
  readonly layers: readonly string[];
  /** Learning rate beside that of the optimizer: a schedule changes both in proportion. Default: the optimizer's. */
  readonly lr?: number;
  /** Default: the optimizer's. */
  readonly weightDecay?: number;
}

/** What differs from one parameter to the next. */
export interface ParameterPart {
  readonly frozen: boolean;
  readonly weightDecay: number;
  /** Factor of the learning rate. */
  readonly rate: number;
}

/** The options that parts follow from. */
export interface PartOptions {
  readonly lr: number;
  readonly weightDecay: number;
  readonly groups: readonly ParameterGroup[];
  readonly freeze: readonly string[];
}

/**
 * One for each parameter.
 * @param names of the parameters; where there are none, no name is looked for: a recipe is checked before there is a net.
 * @throws {TypeError | RangeError} for a name that no layer and no parameter has, for a parameter in two groups, and where
 * nothing is left to train.
 */
export function partsOf(
  where: string,
  names: readonly string[],
  { lr, weightDecay, groups, freeze }: PartOptions,
): ParameterPart[] {
  const frozen = frozenNames(`${where}: freeze`, freeze, names);
  const own = new Map<string, ParameterGroup>();
  if (!Array.isArray(groups)) {
    throw new ArgumentTypeError(
      `${where}: expected groups to be a list such as [{ layers: ['conv1'], lr: 0.01 }] but received ${typeName(groups)}`,
    );
  }
  for (const [index, group] of groups.entries()) {
    const place = `${where}: groups[${index}]`;
    checkOptions(
      place,
      group,
      { layers: true, lr: true, weightDecay: true },
      "{ layers: ['conv1'], lr: 0.01 }",
    );
    for (const name of ['lr', 'weightDecay'] as const) {
      if (group[name] !== undefined) checkNumber(place, name, group[name], 0);
    }
    if (group.lr !== undefined && lr === 0) {
      throw new ArgumentRangeError(
        `${place}: expected no lr where that of the optimizer is 0 but received ${group.lr}`,
      );
    }
    for (const name of chosen(place, group.layers, names)) {
      if (own.has(name)) {
        throw new ArgumentRangeError(`${place}: expected each parameter in one group but ${name} is in two`);
      }
      own.set(name, group);
    }
  }
  return names.map((name) => {
    const group = own.get(name);
    return {
      frozen: frozen.has(name),
      weightDecay: group?.weightDecay ?? weightDecay,
      rate: group?.lr === undefined ? 1 : group.lr / lr,
    };
  });
}

/**
 * The parameters, of these names, that are not trained.
 * @param where for messages: `sgd: freeze`
 * @throws {TypeError | RangeError} for a name that no layer and no parameter has, and where nothing is left to train.
 */
export function frozenNames(
  where: string,
  freeze: readonly string[],
  names: readonly string[],
): ReadonlySet<string> {
  const frozen = chosen(where, freeze, names);
  if (names.length === 0 || frozen.size < names.length) return frozen;
  throw new ArgumentRangeError(`${where}: expected something left to train but every layer is frozen`);
}

/** The parameters that names stand for. */
function chosen(where: string, wanted: readonly string[], names: readonly string[]): Set<string> {
  if (!Array.isArray(wanted) || wanted.some((one) => typeof one !== 'string')) {
    throw new ArgumentTypeError(
      `${where}: expected names of layers such as ['conv1'] but received ` +
        `${Array.isArray(wanted) ? 'a list with other values' : typeName(wanted)}`,
    );
  }
  const found = wanted.map((prefix) => {
    const matches = names.filter((name) => name === prefix || name.startsWith(`${prefix}.`));
    if (matches.length === 0 && names.length > 0) refuse(where, prefix, names);
    return matches;
  });
  return new Set(found.flat());
}

function refuse(where: string, wanted: string, names: readonly string[]): never {
  const layers = [...new Set(names.map((name) => name.slice(0, Math.max(0, name.lastIndexOf('.'))) || name))];
  const near = nearestName(wanted, [...layers, ...names]);
  const hint = near === undefined ? `there are ${layers.join(', ')}` : `did you mean ${near}?`;
  throw new ArgumentRangeError(
    `${where}: expected a layer or parameter of ${layers.join(', ')} but received ${valueText(wanted)}. Hint: ${hint}`,
  );
}
