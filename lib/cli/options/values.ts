/** Readers of option values. Each takes the text and where it stands (`train: --epochs`), and throws a UsageError. */
import { netNames } from '../../nets/names.js';
import { UsageError } from '../exit.js';

export interface ReadValue<T> {
  (text: string, where: string): T;
  /** What a shell may offer: the words that are taken, or nothing for a number. Files where this is missing. */
  readonly choices?: readonly string[];
  /** Files are offered beside the choices. */
  readonly orFile?: boolean;
}

export type Interval = { readonly epochs: number } | { readonly seconds: number };

/** Decimal digits only: `1e3`, `0x10` and `` are refused, so that a slip never becomes another number. */
export function integer(min: number, max = Number.MAX_SAFE_INTEGER): ReadValue<number> {
  const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
  const read = (text: string, where: string) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw new UsageError(`${where}: expected an integer ${range} but received "${text}"`);
  };
  return Object.assign(read, { choices: [] });
}

/** `48x64`: height and width. `48`: both. */
export function imageSize(least: number): ReadValue<readonly [height: number, width: number]> {
  const read = (text: string, where: string) => {
    const [, height, width = height] = /^(\d+)(?:x(\d+))?$/.exec(text) ?? [];
    const sides = [Number(height), Number(width)] as const;
    if (sides.every((side) => side >= least && side <= 4096)) return sides;
    throw new UsageError(
      `${where}: expected height and width from ${least} to 4096, such as 48x64 or 48, but received "${text}"`,
    );
  };
  return Object.assign(read, { choices: [] });
}

/** `2`: epochs. `30s` or `0.5s`: seconds. */
export function interval(): ReadValue<Interval> {
  return (text, where) => {
    const [, epochs, seconds] = /^(?:(\d+)|(\d+(?:\.\d+)?)s)$/.exec(text) ?? [];
    const value = Number(epochs ?? seconds);
    if (value > 0 && value <= 1e9) return epochs === undefined ? { seconds: value } : { epochs: value };
    throw new UsageError(
      `${where}: expected epochs, such as 2, or seconds, such as 30s, but received "${text}"`,
    );
  };
}

/** A finite number with `above < value <= max`. */
export function numberAbove(above: number, max: number): ReadValue<number> {
  const read = (text: string, where: string) => {
    const value = text.trim() === '' ? Number.NaN : Number(text);
    if (value > above && value <= max) return value;
    throw new UsageError(
      `${where}: expected a number above ${above} and at most ${max} but received "${text}"`,
    );
  };
  return Object.assign(read, { choices: [] });
}

export function oneOf<const T extends string>(...choices: readonly T[]): ReadValue<T> {
  const read = (text: string, where: string) => {
    const choice = choices.find((name) => name === text);
    if (choice !== undefined) return choice;
    throw new UsageError(`${where}: expected ${choices.join(' or ')} but received "${text}"`);
  };
  return Object.assign(read, { choices });
}

/** How images are changed, as `Augmentation` of the engines has it, which knows what the numbers may be. */
export interface AugmentText {
  readonly shift?: number;
  readonly rotate?: number;
  readonly scale?: number;
  readonly shear?: number;
  readonly flip?: number;
  readonly elastic?: { readonly alpha: number; readonly sigma: number };
}

const augmentNames = ['shift', 'rotate', 'scale', 'shear', 'flip', 'elastic'];

/** `shift=2,rotate=10,elastic=34:4`. */
export function augmentation(): ReadValue<AugmentText> {
  const read = (text: string, where: string): AugmentText => {
    const refuse = (part: string) =>
      new UsageError(
        `${where}: expected names of ${augmentNames.join(', ')} with numbers, such as shift=2,rotate=10, ` +
          `but received "${part}"`,
      );
    const number = '\\d+(?:\\.\\d+)?|\\.\\d+';
    const form = new RegExp(`^(\\w+)=(${number})(?::(${number}))?$`);
    const changes: Record<string, unknown> = {};
    for (const part of text.split(',')) {
      const [, name = '', value, second] = form.exec(part) ?? [];
      const isElastic = name === 'elastic';
      if (!augmentNames.includes(name) || name in changes || isElastic !== (second !== undefined)) {
        throw refuse(part);
      }
      changes[name] = isElastic ? { alpha: Number(value), sigma: Number(second) } : Number(value);
    }
    return changes;
  };
  return Object.assign(read, { choices: [] });
}

/** A number from 0 to 1, both included. */
export function share(): ReadValue<number> {
  const read = (text: string, where: string) => {
    const value = text.trim() === '' ? Number.NaN : Number(text);
    if (value >= 0 && value <= 1) return value;
    throw new UsageError(`${where}: expected a share from 0 to 1 but received "${text}"`);
  };
  return Object.assign(read, { choices: [] });
}

/** A schedule of the learning rate; `step` without `every` follows the number of epochs. */
export type ScheduleText =
  | { readonly kind: 'constant' | 'cosine' | 'oneCycle' }
  | { readonly kind: 'step'; readonly every?: number; readonly factor?: number };

/** `cosine`, `step`, `step:10`, `step:10:0.5`. */
export function scheduleText(): ReadValue<ScheduleText> {
  const choices = ['constant', 'step', 'cosine', 'oneCycle'];
  const read = (text: string, where: string): ScheduleText => {
    const kind = (['constant', 'cosine', 'oneCycle'] as const).find((one) => one === text);
    if (kind !== undefined) return { kind };
    const [match, every, factor] = /^step(?::(\d+)(?::(\d*\.?\d+))?)?$/.exec(text) ?? [];
    const fits = (every === undefined || Number(every) >= 1) && (factor === undefined || Number(factor) > 0);
    if (match === undefined || !fits) {
      throw new UsageError(
        `${where}: expected constant, cosine, oneCycle or step, such as step:10 or step:10:0.5, but received "${text}"`,
      );
    }
    return {
      kind: 'step',
      ...(every === undefined ? {} : { every: Number(every) }),
      ...(factor === undefined ? {} : { factor: Number(factor) }),
    };
  };
  return Object.assign(read, { choices });
}

/** The names of nets, or a module. Which it is, and whether there is such a module, the command finds out. */
export function netOrFile(): ReadValue<string> {
  return Object.assign(nonEmpty('a net or a module'), { choices: netNames, orFile: true });
}

/** `conv1,conv2`: each once. */
export function names(what: string): ReadValue<readonly string[]> {
  const read = (text: string, where: string) => {
    const found = text.split(',').map((name) => name.trim());
    if (found.every((name) => name !== '')) return [...new Set(found)];
    throw new UsageError(
      `${where}: expected the names of ${what} with commas between, but received "${text}"`,
    );
  };
  return Object.assign(read, { choices: [] });
}

export function nonEmpty(what: string): ReadValue<string> {
  return (text, where) => {
    if (text !== '') return text;
    throw new UsageError(`${where}: expected ${what} but received ""`);
  };
}
