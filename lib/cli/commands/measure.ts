/** Loss and accuracy of a checkpoint's net, or the error that says where they are no numbers. */
import type { Dataset } from '../../data/datasets.js';
import { DataError, DivergedError } from '../../errors.js';
import type { Net } from '../../nets/net.js';
import { findOrigin } from '../../training/divergence.js';
import { type Accuracy, type AccuracyOptions, computeAccuracy } from '../../training/evaluate.js';

/**
 * `computeAccuracy` on test images.
 * @param command for messages: `eval`.
 * @throws {DataError} for images without labels.
 * @throws {DivergedError} for a loss that is not finite: parameters that are finite, but just before they overflow.
 */
export function measure(
  command: string,
  net: Net,
  test: Dataset,
  options: AccuracyOptions,
): Required<Accuracy> {
  const { images, loss, accuracy, confusion, predictions } = computeAccuracy(net, test, options);
  if (accuracy === undefined) {
    throw new DataError(`${command}: expected labels of the test images of ${test.name} but there are none`);
  }
  if (Number.isFinite(loss)) return { images, loss, accuracy, confusion, predictions };
  throw new DivergedError(
    `${command}: expected a finite loss on the test images of ${test.name} but received ${loss}; ` +
      `first not finite: ${findOrigin(net, test, options.normalization)}. ` +
      'Hint: the training of this checkpoint diverged; train again with a lower --lr',
  );
}
