/** What every optimizer can do. */
import type { ParameterUpdate } from '../kernels/updates.js';
import type { Tensor } from '../tensor.js';

export type { ParameterUpdate };

/** Changes parameters by their gradients, a step at a time. */
export interface Optimizer {
  /**
   * Updates every parameter from its gradient.
   * @param lr the learning rate of this step.
   * @throws {StateError} before the first backward.
   */
  step(lr?: number): void;
  /**
   * What `step(lr)` does, for an engine to do at the end of its own step: it counts as one. Undefined where only `step`
   * can: parameters that are not those of one net, and bias gradients that are means.
   */
  update(lr?: number): ParameterUpdate | undefined;
  /** Copies of what it keeps between steps, for a checkpoint, under names such as `velocity.conv1.weight`. */
  state(): Map<string, Tensor>;
  /**
   * Continues with a stored state; all or none.
   * @throws {ShapeError} listing every name that is missing, unexpected or of another shape.
   * @throws {ArgumentRangeError} for a value that no optimizer leaves behind.
   */
  setState(state: ReadonlyMap<string, Tensor>): void;
  /** As `SGD(lr 0.1, momentum 0.9)`. */
  toString(): string;
}
