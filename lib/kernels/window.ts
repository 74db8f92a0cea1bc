/** The geometry of convolution and pooling: a window that slides over a zero-padded `[N, C, H, W]` tensor. */
import { ArgumentRangeError, ArgumentTypeError, ShapeError } from '../errors.js';
import type { NativeWindow } from '../native.js';
import { formatShape, type Shape } from '../tensor.js';
import { checkInteger } from './checks.js';

/** One number for both, or `[height, width]`. */
export type Size2 = number | readonly [number, number];

/** The window of a convolution: its stride is 1 and its padding 0 unless they are given. */
export interface WindowOptions {
  readonly kernel: Size2;
  readonly stride?: Size2;
  readonly padding?: Size2;
  /** Distance of the values under the window. Default 1. */
  readonly dilation?: Size2;
}

/** The window of a pooling: its stride is the kernel unless it is given. */
export interface PoolOptions {
  readonly kernel: Size2;
  readonly stride?: Size2;
}

/** The same with padding, on each side: 0 unless it is given, at most half of the kernel. */
export interface PaddedPoolOptions extends PoolOptions {
  readonly padding?: Size2;
}

/** A checked window, `[height, width]` each. */
export interface SlidingWindow {
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly padding: readonly [number, number];
  /** Where it is not 1. */
  readonly dilation?: readonly [number, number];
}

const MAX_SIZE = 2 ** 31 - 1;
/** Positions of a maximum are stored in 16 bits. */
const MAX_POOL_AREA = 65_536;

/**
 * Stride and dilation default to 1, padding to 0.
 * @throws {ArgumentTypeError | ArgumentRangeError} naming the part that is wrong.
 */
export function convolutionWindow(
  where: string,
  kernel: Size2,
  { stride = 1, padding = 0, dilation = 1 }: Omit<WindowOptions, 'kernel'>,
): SlidingWindow {
  const window = {
    kernel: pair(where, 'kernel', kernel, 1),
    stride: pair(where, 'stride', stride, 1),
    padding: pair(where, 'padding', padding, 0),
  };
  const gaps = pair(where, 'dilation', dilation, 1);
  return gaps.every((distance) => distance === 1) ? window : { ...window, dilation: gaps };
}

/** From the first value under the window to the last, along an axis. */
export function spanOf({ kernel, dilation = [1, 1] }: SlidingWindow, axis: 0 | 1): number {
  return (kernel[axis] - 1) * dilation[axis] + 1;
}

/**
 * Stride defaults to the kernel, padding to 0.
 * @throws {ArgumentTypeError | ArgumentRangeError} naming the part that is wrong.
 */
export function poolWindow(where: string, options: PaddedPoolOptions): SlidingWindow {
  const kernel = pair(where, 'kernel', options.kernel, 1);
  checkInteger(where, 'the kernel area', kernel[0] * kernel[1], 1, MAX_POOL_AREA);
  const padding = pair(where, 'padding', options.padding ?? 0, 0);
  // Otherwise a window would lie in the padding alone.
  if (padding.some((width, axis) => 2 * width > kernel[axis])) {
    throw new ArgumentRangeError(
      `${where}: expected padding of at most half the kernel ${formatShape(kernel)} but received ` +
        `${formatShape(padding)}`,
    );
  }
  return { kernel, stride: pair(where, 'stride', options.stride ?? kernel, 1), padding };
}

function pair(where: string, name: string, value: Size2, low: number): readonly [number, number] {
  const both: readonly unknown[] = Array.isArray(value) ? value : [value, value];
  if (both.length !== 2) {
    throw new ArgumentTypeError(
      `${where}: expected ${name} to be a number or [height, width] but received ${both.length} numbers`,
    );
  }
  for (const part of both) checkInteger(where, name, part, low, MAX_SIZE);
  return [both[0] as number, both[1] as number];
}

/** @throws {ShapeError} unless `shape` has four axes and, where it is given, this many channels. */
export function checkImages(where: string, shape: Shape, channels?: number): void {
  if (shape.length !== 4) {
    const hint = shape.length === 3 ? `. Hint: add the batch axis, reshape([1, ${shape.join(', ')}])` : '';
    throw new ShapeError(
      `${where}: expected an input [N, C, H, W] but received ${shape.length} axes (input ${formatShape(shape)})${hint}`,
    );
  }
  if (channels !== undefined && shape[1] !== channels) {
    throw new ShapeError(
      `${where}: expected ${channels} input channels (axis 1) but received ${shape[1]} (input ${formatShape(shape)})`,
    );
  }
}

/**
 * Output height and width: floor((size + 2 * padding - span) / stride) + 1.
 * @throws {ShapeError} if the window is larger than the padded input.
 */
export function slide(where: string, window: SlidingWindow, shape: Shape): [number, number] {
  const outputLength = (axis: 0 | 1): number => {
    const padded = shape[2 + axis] + 2 * window.padding[axis];
    return Math.floor((padded - spanOf(window, axis)) / window.stride[axis]) + 1;
  };
  const [height, width] = [outputLength(0), outputLength(1)];
  if (height < 1 || width < 1 || shape[2] < 1 || shape[3] < 1) {
    throw new ShapeError(
      `${where}: expected an input of at least ${formatShape([spanOf(window, 0), spanOf(window, 1)])} (the kernel` +
        `${window.dilation === undefined ? '' : ' with its gaps'}), padding ` +
        `${formatShape(window.padding)} included, but received ${shape[2]}x${shape[3]} (input ${formatShape(shape)})`,
    );
  }
  return [height, width];
}

/** The window over a tensor of this shape, as the addon takes it. */
export function nativeWindow(window: SlidingWindow, shape: Shape, groups = 1): NativeWindow {
  const { kernel, stride, padding, dilation } = window;
  const plain = [shape[0], shape[1], shape[2], shape[3], ...kernel, ...stride, ...padding];
  return dilation === undefined && groups === 1 ? plain : [...plain, ...(dilation ?? [1, 1]), groups];
}

/** One unless it is given. @throws {ArgumentTypeError | ArgumentRangeError} unless it is an integer from 1. */
export function checkGroups(where: string, groups = 1): number {
  checkInteger(where, 'groups', groups, 1, MAX_SIZE);
  return groups;
}

/** @throws {ArgumentRangeError} unless so many groups share both kinds of channels out. */
export function checkGroupsOf(where: string, groups: number, inChannels: number, outChannels: number): void {
  if (inChannels % groups === 0 && outChannels % groups === 0) return;
  throw new ArgumentRangeError(
    `${where}: expected groups that divide ${inChannels} input and ${outChannels} output channels but received ${groups}`,
  );
}
