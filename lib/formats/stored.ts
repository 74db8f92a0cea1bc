/** What a file of tensors holds, and what of it is not as it stands in the file. */
import type { Tensor } from '../tensor.js';
import { quoted } from './safetensors-header.js';

export interface StoredTensors {
  readonly tensors: Map<string, Tensor>;
  /** Names of tensors that are stored as another type than float32, or column by column, by what they are stored as. */
  readonly converted: ReadonlyMap<Conversion, readonly string[]>;
  /** Types of tensors that are left out, because they hold no floats, by name. */
  readonly leftOut: ReadonlyMap<string, string>;
}

export type Conversion = 'F16' | 'BF16' | 'F64' | 'column-major order';

/**
 * What becomes of integers and booleans, which are no parameters but may stand beside them, as the counter of a batch
 * normalization does.
 */
export type Integers = 'refuse' | 'leave out';

const effects: Readonly<Record<Conversion, string>> = {
  F16: 'of F16: read as float32, which holds them exactly',
  BF16: 'of BF16: read as float32, which holds them exactly',
  F64: 'of F64: rounded to float32',
  'column-major order': 'in column-major order: read as row-major',
};
/** Of the names that a message shows. */
const MOST_NAMES = 5;

/** Lists of names by kind, in the order in which the kinds come up. */
export class Conversions extends Map<Conversion, string[]> {
  add(kind: Conversion, name: string): void {
    const names = this.get(kind);
    if (names === undefined) this.set(kind, [name]);
    else names.push(name);
  }
}

/** A sentence for each way in which the tensors are not as the file has them. */
export function describeStored({ converted, leftOut }: Omit<StoredTensors, 'tensors'>): string[] {
  const conversions = [...converted].map(
    ([kind, { length }]) => `${length} ${length === 1 ? 'tensor' : 'tensors'} ${effects[kind]}`,
  );
  if (leftOut.size === 0) return conversions;
  const shown = [...leftOut].slice(0, MOST_NAMES).map(([name, type]) => `${quoted(name)} (${type})`);
  const others = leftOut.size > MOST_NAMES ? ` and ${leftOut.size - MOST_NAMES} more` : '';
  return [...conversions, `left out ${shown.join(', ')}${others}: integers are no parameters of a net`];
}
