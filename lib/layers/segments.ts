/** What an update does with each parameter. */
import { ArgumentRangeError, StateError } from '../errors.js';
import { checkNumber } from '../kernels/checks.js';
import { valueText } from '../tensor.js';
import type { Parameter } from './layer.js';

/** Numbers of a segment. */
export const segmentLength = 5;

/** What an update makes of weights and of biases. */
export interface SegmentOptions {
  /** Factor of the weights in their gradients; nothing else has one. */
  readonly weightDecay: number;
  /** `mean` divides a bias's gradient by the rows that were summed into it. */
  readonly biasGradient: 'sum' | 'mean';
}

/** @throws {TypeError | RangeError} naming the option that is wrong; `decay` is what the caller calls its weight decay. */
export function checkSegmentOptions(where: string, options: SegmentOptions, decay = 'weightDecay'): void {
  checkNumber(where, decay, options.weightDecay, 0);
  const { biasGradient } = options;
  if (biasGradient === 'sum' || biasGradient === 'mean') return;
  throw new ArgumentRangeError(
    `${where}: expected biasGradient 'sum' or 'mean' but received ${valueText(biasGradient)}`,
  );
}

/** @throws {StateError} before the first backward. */
export function checkGradients(where: string, parameters: readonly Parameter[]): void {
  const without = parameters.find(({ rows }) => rows === 0);
  if (without === undefined) return;
  throw new StateError(`${where}: expected a backward first but ${without.name} has no gradient`);
}

/**
 * Offset, count, weight decay, factor of the gradient and of the learning rate of each parameter; an offset counts from
 * the start of its buffer. Written into `segments`, so that a step allocates nothing.
 * @param parts what single parameters have in place of `weightDecay` and of the rate
 */
export function setSegments(
  segments: Float64Array,
  parameters: readonly Parameter[],
  { weightDecay, biasGradient }: SegmentOptions,
  parts?: readonly { readonly weightDecay: number; readonly rate: number }[],
): Float64Array {
  for (const [index, { value, kind, rows }] of parameters.entries()) {
    const at = segmentLength * index;
    segments[at] = value.data.byteOffset / Float32Array.BYTES_PER_ELEMENT;
    segments[at + 1] = value.size;
    const { weightDecay: decay, rate } = parts?.[index] ?? { weightDecay, rate: 1 };
    segments[at + 2] = kind === 'weight' ? decay : 0;
    segments[at + 3] = kind === 'bias' && biasGradient === 'mean' ? 1 / rows : 1;
    segments[at + 4] = rate;
  }
  return segments;
}
