/** What every loss can do, and the memory that losses share. */
import { ArgumentRangeError, ShapeError, StateError } from '../errors.js';
import { checkTensor } from '../kernels/checks.js';
import { TensorBuffer } from '../layers/layer.js';
import { checkOptions, type OptionNames } from '../options.js';
import { formatShape, type Tensor, valueText } from '../tensor.js';

/** What scores are compared with: a label a row, or values of the shape of the scores. */
export type LossTargets = ArrayLike<number> | Tensor;

/** How far scores are from what they should be, and the gradient of that. */
export interface Loss {
  /** Its name in the addon's table. */
  readonly kind: string;
  /** A class for each row, or a value for each score. */
  readonly targets: 'labels' | 'values';
  readonly reduction: 'mean' | 'sum';
  /** Of a loss of labels; 0 where it is left out. */
  readonly labelSmoothing?: number;
  /** False: of its targets none is right or wrong, and `correct` says nothing. Default true. */
  readonly counts?: boolean;
  /** Rows of the last forward whose largest score (the first among equals) stands where it should. */
  readonly correct: number;
  /**
   * The loss of scores `[N, outputs]`, reduced.
   * @throws {ShapeError | RangeError} unless the targets are those of the scores.
   */
  forward(scores: Tensor, targets: LossTargets): number;
  /**
   * The gradient of the last forward's loss for its scores; the loss's own tensor, valid until the next forward.
   * @throws {StateError} before the first forward.
   */
  backward(): Tensor;
  /** What the mean divides the summed loss of so many rows by. */
  terms(rows: number, outputs: number): number;
  /**
   * The summed loss, whatever the reduction, and the rows that are correct.
   * @param options.gradScale factor of the gradient.
   * @param options.grad receives the gradient of the summed loss times `gradScale`; null: none is wanted.
   */
  measure(
    scores: Tensor,
    targets: LossTargets,
    options: { readonly gradScale: number; readonly grad: Tensor | null },
  ): { loss: number; correct: number };
}

/** Options of every loss. */
export interface LossOptions {
  /** Whether loss and gradient are of the mean or of the sum. Default `mean`. */
  readonly reduction?: 'mean' | 'sum';
}

const lossNames: OptionNames<LossOptions> = { reduction: true };

/** Forward and backward by `measure`, into memory of its own. */
export abstract class MeasuredLoss<Targets extends LossTargets> implements Loss {
  abstract readonly kind: string;
  abstract readonly targets: 'labels' | 'values';
  readonly reduction: 'mean' | 'sum';
  readonly #where: string;
  readonly #grad = new TensorBuffer();
  #gradient: Tensor | undefined;
  #correct = 0;

  constructor(where: string, options: LossOptions, names: Record<string, true> = lossNames) {
    checkOptions(where, options, names as OptionNames<LossOptions>, "{ reduction: 'sum' }");
    const { reduction = 'mean' } = options;
    if (reduction !== 'mean' && reduction !== 'sum') {
      throw new ArgumentRangeError(
        `${where}: expected reduction 'mean' or 'sum' but received ${valueText(reduction)}`,
      );
    }
    this.#where = where;
    this.reduction = reduction;
  }

  get correct(): number {
    return this.#correct;
  }

  abstract terms(rows: number, outputs: number): number;

  abstract measure(
    scores: Tensor,
    targets: Targets,
    options: { readonly gradScale: number; readonly grad: Tensor | null },
  ): { loss: number; correct: number };

  forward(scores: Tensor, targets: Targets): number {
    checkScores(this.#where, scores);
    const terms = this.reduction === 'mean' ? this.terms(scores.shape[0], scores.shape[1]) : 1;
    const grad = this.#grad.take(scores.shape);
    const { loss, correct } = this.measure(scores, targets, { gradScale: 1 / terms, grad });
    this.#gradient = grad;
    this.#correct = correct;
    return loss / terms;
  }

  backward(): Tensor {
    if (this.#gradient !== undefined) return this.#gradient;
    const targets = this.targets === 'labels' ? 'labels' : 'targets';
    throw new StateError(
      `${this.#where}: expected a forward before backward but there was none. Call forward(scores, ${targets}) first`,
    );
  }
}

/** @throws {TypeError | ShapeError} for what are no scores. */
export function checkScores(where: string, scores: Tensor): void {
  checkTensor(where, 'scores', scores);
  if (scores.shape.length === 2 && scores.size > 0) return;
  throw new ShapeError(
    `${where}: expected scores [N, classes], N and classes at least 1, but received ${formatShape(scores.shape)}`,
  );
}
