/** Says where a training has left the finite numbers. */
import type { Normalization } from '../data/normalize.js';
import type { ImageSet } from '../engines/engine.js';
import { DivergedError } from '../errors.js';
import { checkTensor } from '../kernels/checks.js';
import { gatherImages } from '../kernels/training.js';
import type { Net } from '../nets/net.js';
import type { Tensor } from '../tensor.js';

/** Images at a time. */
const BATCH = 256;

interface Divergence {
  /** What is not finite, and when. */
  readonly what: string;
  readonly received: number;
  /** Learning rate of the last step. */
  readonly lr: number;
  /** Of `findOrigin`. */
  readonly origin: string;
}

/** The last line has no full stop: the command line adds which checkpoint is kept. */
export function diverged({ what, received, lr, origin }: Divergence): DivergedError {
  return new DivergedError(
    `Trainer.fit: expected a finite ${what}, but received ${received} (learning rate ${lr.toPrecision(3)}); ` +
      `first not finite: ${origin}. ` +
      'Hint: lower the learning rate, say to a tenth; with new parameters try a longer warm-up',
  );
}

/**
 * Runs images through the net, layer by layer.
 * @param indices default: all images, up to the first batch in which something is not finite.
 * @returns the parameter or the output that is the first not to be finite, in words.
 */
export function findOrigin(
  net: Net,
  { images, shape, count }: ImageSet,
  normalization: Normalization,
  indices: Uint32Array = Uint32Array.from({ length: count }, (_, index) => index),
): string {
  for (let first = 0; first < indices.length; first += BATCH) {
    const x = gatherImages(images, shape, indices.slice(first, first + BATCH), normalization);
    for (const { path, layer, output } of net.forwardByLayers(x)) {
      const parameter = layer.parameters().find(({ value }) => wrongIndex(value) !== -1);
      if (parameter !== undefined) return `the parameter ${path}.${parameter.name}`;
      const index = wrongIndex(output);
      if (index === -1) continue;
      const image = indices[first + Math.floor(index / (output.size / output.shape[0]))];
      return `the output of ${path}, ${layer.toString()}, for image ${image}`;
    }
  }
  return 'the loss itself, of scores that are finite layer by layer';
}

function wrongIndex({ data }: Tensor): number {
  return data.findIndex((value) => !Number.isFinite(value));
}

/**
 * Checks what the last update made, which no loss has shown yet.
 * @param steps of the epoch, so far.
 * @throws {DivergedError} naming the first parameter that is not finite.
 */
export function checkParameters(net: Net, at: { epoch: number; lr: number }, steps: number): void {
  for (const { name, value } of net.parameters()) {
    checkTensor('Trainer.fit', name, value);
    const index = wrongIndex(value);
    if (index === -1) continue;
    throw diverged({
      what: `${name} after step ${steps} of epoch ${at.epoch}`,
      received: value.data[index],
      lr: at.lr,
      origin: `the parameter ${name}, through the update of that step`,
    });
  }
}
