/** What the nets of pictures have in common. */
import { ArgumentTypeError } from '../errors.js';
import { checkInteger } from '../kernels/checks.js';
import type { Layer } from '../layers/layer.js';
import { type Shape, typeName } from '../tensor.js';
import type { Init } from './init.js';

/** Options of every net of pictures whose size is free. */
export interface PictureNetOptions {
  /** Seed of the initial parameters. Default 0. */
  readonly seed?: number;
  /** Default `he`. */
  readonly init?: Init;
  /** Default 10. */
  readonly classes?: number;
  /** Of one picture. */
  readonly inputShape?: readonly [channels: number, height: number, width: number];
}

/** @throws {TypeError | RangeError} for what is no `[channels, height, width]`. */
export function pictureShape(where: string, shape: unknown): readonly [number, number, number] {
  if (!Array.isArray(shape) || shape.length !== 3) {
    throw new ArgumentTypeError(
      `${where}: expected inputShape [channels, height, width] but received ` +
        `${Array.isArray(shape) ? `${shape.length} numbers` : typeName(shape)}. Hint: { inputShape: [3, 32, 32] }`,
    );
  }
  for (const [axis, length] of shape.entries()) {
    checkInteger(where, `inputShape[${axis}]`, length, 1, 65_535);
  }
  return shape as unknown as readonly [number, number, number];
}

/** What layers in a row make of one input, without the batch axis. */
export function outputShapeOf(layers: Readonly<Record<string, Layer>>, inputShape: Shape): Shape {
  return Object.values(layers)
    .reduce<Shape>((shape, layer) => layer.outputShape(shape), [1, ...inputShape])
    .slice(1);
}
