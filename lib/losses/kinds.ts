/** The losses: a line each. */
import { BCEWithLogitsLoss } from './bce-with-logits.js';
import { CrossEntropyLoss } from './cross-entropy.js';
import type { Loss, LossOptions } from './loss.js';
import { MSELoss } from './mse.js';

export const lossKinds = {
  crossEntropy: CrossEntropyLoss,
  mse: MSELoss,
  bceWithLogits: BCEWithLogitsLoss,
} satisfies Record<string, new (options: LossOptions) => Loss>;

/** Name of a loss in recipes. */
export type LossKind = keyof typeof lossKinds;
