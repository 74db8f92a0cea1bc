/** One layer on its own, by its operation in native/core/layers. */
import { type NativeLayerStep, type NativeStep, native } from '../native.js';
import type { Tensor } from '../tensor.js';
import { checkTensor } from './checks.js';

export type { NativeStep } from '../native.js';

/** Parameters and buffers of a layer, in the order of their places in its step. */
export interface LayerArrays {
  readonly parameters: readonly Tensor[];
  readonly buffers: readonly Tensor[];
}

/** Over the threads, with the same bits on any number of them. */
export class LayerStep {
  readonly #where: string;
  readonly #step: NativeLayerStep;

  /**
   * @param where the layer's kind, for messages.
   * @param input `[channels, height, width]`, each at least 1.
   * @throws {RangeError} for a step that does not fit the input.
   */
  constructor(where: string, input: readonly number[], step: NativeStep) {
    const { LayerStep: Native } = native();
    this.#where = where;
    this.#step = new Native(input, step);
  }

  /**
   * Writes y for x; in training it moves the buffers too.
   * @throws {TypeError} for a tensor whose memory was transferred.
   * @throws {RangeError} for arrays that are too short or share memory.
   */
  forward(
    x: Tensor,
    y: Tensor,
    arrays: LayerArrays,
    context: { readonly training: boolean; readonly seed: number; readonly step: number },
  ): void {
    const { training, seed, step } = context;
    const call = { count: x.shape[0], x: this.#data('x', x), y: y.data, training, seed, step };
    this.#step.forward({ ...call, ...this.#arrays(arrays) });
  }

  /** Writes dx, unless it is null, and the gradients for the gradient dy of the last forward. @throws as `forward`. */
  backward(
    x: Tensor,
    dy: Tensor,
    dx: Tensor | null,
    arrays: LayerArrays & { readonly gradients: readonly Tensor[] },
  ): void {
    const gradients = this.#all('gradients', arrays.gradients);
    const call = { x: this.#data('x', x), dy: dy.data, dx: dx?.data ?? null, gradients };
    this.#step.backward({ ...call, ...this.#arrays(arrays) });
  }

  #arrays({ parameters, buffers }: LayerArrays) {
    return { parameters: this.#all('parameters', parameters), buffers: this.#all('buffers', buffers) };
  }

  #all(name: string, tensors: readonly Tensor[]): Float32Array[] {
    return tensors.map((tensor) => this.#data(name, tensor));
  }

  #data(name: string, tensor: Tensor): Float32Array {
    checkTensor(this.#where, name, tensor);
    return tensor.data;
  }
}
