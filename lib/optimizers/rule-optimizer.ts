/** What all optimizers share: an update rule of the addon, over the parameters of a net or any others. */
import { ArgumentRangeError, ArgumentTypeError } from '../errors.js';
import { checkNumber, checkShape, checkTensor } from '../kernels/checks.js';
import { applyUpdate, type ParameterUpdate } from '../kernels/updates.js';
import type { Parameter } from '../layers/layer.js';
import { copyIn, copyOut, type NamedTensors } from '../layers/named-tensors.js';
import { checkGradients, checkSegmentOptions, segmentLength, setSegments } from '../layers/segments.js';
import { Tensor, typeName } from '../tensor.js';
import { type ParameterGroup, type ParameterPart, partsOf } from './groups.js';
import type { Optimizer } from './optimizer.js';

/** A net is one; so is anything else with parameters. */
export interface HasParameters {
  /** In a fixed order. */
  parameters(): readonly Parameter[];
}

/** What an optimizer optimizes. */
export type OptimizerTarget = HasParameters | readonly Parameter[];

/** Options that every optimizer has. */
export interface RuleOptions {
  /** Learning rate of a `step()` that names none. */
  readonly lr?: number;
  /** Factor of the weights in their gradients; biases have none. Default 0. */
  readonly weightDecay?: number;
  /** `mean` divides a bias's gradient by the rows that were summed into it. Default `sum`. */
  readonly biasGradient?: 'sum' | 'mean';
  /** Layers with a rate or weight decay of their own. */
  readonly groups?: readonly ParameterGroup[];
  /** Names of layers or parameters that keep their bits, and their state. A frozen normalization still measures its batches. */
  readonly freeze?: readonly string[];
}

/** An update rule, and what an optimizer makes of it. */
interface Rule {
  /** In the addon's table; also in front of messages. */
  readonly name: string;
  /** Of options that are left out. */
  readonly defaults: { readonly lr?: number; readonly weightDecay?: number };
  /** In the order of the rule; null for one that is not used. */
  readonly slots: readonly (string | null)[];
  /** Whether its numbers depend on the step, which is then part of the state. */
  readonly counts: boolean;
  /** Of a step, in the order of the rule; the first step is 1. */
  numbers(lr: number, step: number): readonly number[];
}

/** What a rule keeps of each parameter. */
interface Slot {
  readonly name: string | null;
  /** Of the whole arena; null where there is none, or the slot is not used. */
  readonly arena: Float32Array | null;
  /** Parallel to the parameters; empty for a slot that is not used. */
  readonly tensors: readonly Tensor[];
}

export abstract class RuleOptimizer implements Optimizer {
  readonly lr: number;
  readonly weightDecay: number;
  readonly biasGradient: 'sum' | 'mean';
  readonly #rule: Rule;
  readonly #parameters: readonly Parameter[];
  readonly #slots: readonly Slot[];
  /** Where the parameters are those of a net, in its arenas: one call then updates all. */
  readonly #arena: { readonly params: Float32Array; readonly grads: Float32Array } | undefined;
  readonly #segments: Float64Array;
  /** What is not frozen: its place among the parameters. */
  readonly #trained: readonly number[];
  readonly #parts: readonly ParameterPart[];
  readonly #frozen: readonly string[];
  /** Steps that were made. */
  #steps = 0;

  constructor(rule: Rule, parameters: readonly Parameter[], options: RuleOptions) {
    const { defaults } = rule;
    const {
      lr = defaults.lr,
      weightDecay = defaults.weightDecay ?? 0,
      biasGradient = 'sum',
      groups = [],
      freeze = [],
    } = options;
    checkNumber(rule.name, 'lr', lr, 0);
    checkSegmentOptions(rule.name, { weightDecay, biasGradient });
    this.lr = lr as number;
    this.weightDecay = weightDecay;
    this.biasGradient = biasGradient;
    this.#rule = rule;
    this.#parameters = parameters;
    this.#arena = sharedArena(parameters);
    this.#slots = rule.slots.map((slot) => this.#newSlot(slot));
    const names = parameters.map(({ name }) => name);
    const parts = partsOf(rule.name, names, { lr: this.lr, weightDecay, groups, freeze });
    this.#trained = [...parts.keys()].filter((index) => !parts[index].frozen);
    this.#parts = this.#trained.map((index) => parts[index]);
    this.#frozen = freeze;
    this.#segments = new Float64Array(segmentLength * this.#trained.length);
    this.#setSegments();
  }

  step(lr: number = this.lr): void {
    const { name: rule } = this.#rule;
    checkNumber(rule, 'lr', lr, 0);
    checkGradients(
      rule,
      this.#trained.map((index) => this.#parameters[index]),
    );
    if (this.biasGradient === 'mean') this.#setSegments();
    const numbers = this.#next(lr);
    if (this.#arena !== undefined) {
      applyUpdate(this.#arenaUpdate(this.#arena, numbers));
      return;
    }
    for (const [at, index] of this.#trained.entries()) {
      const { value, grad } = this.#parameters[index];
      const segments = this.#segments.slice(segmentLength * at, segmentLength * (at + 1));
      segments[0] = 0;
      const state = this.#slots.map(({ tensors }) => tensors[index]?.data ?? null);
      applyUpdate({ rule, params: value.data, grads: grad.data, state, segments, numbers });
    }
  }

  update(lr: number = this.lr): ParameterUpdate | undefined {
    checkNumber(this.#rule.name, 'lr', lr, 0);
    if (this.#arena === undefined || this.biasGradient === 'mean') return undefined;
    return this.#arenaUpdate(this.#arena, this.#next(lr));
  }

  state(): Map<string, Tensor> {
    return copyOut(`${this.#rule.name}: state`, this.#named(new Tensor([], Float32Array.of(this.#steps))));
  }

  setState(state: ReadonlyMap<string, Tensor>): void {
    const step = new Tensor([]);
    const steps: unknown = this.#rule.counts ? state?.get?.('step')?.data?.[0] : 0;
    if (typeof steps === 'number' && (steps < 0 || steps % 1 !== 0)) {
      throw new ArgumentRangeError(
        `${this.#rule.name}: setState: expected step to be an integer from 0 but received ${steps}`,
      );
    }
    copyIn(`${this.#rule.name}: setState`, this.#named(step), state);
    [this.#steps] = step.data;
  }

  /** The tensors of the state, by their names in it. */
  #named(step: Tensor): NamedTensors {
    const named = this.#slots.flatMap(({ name, tensors }) =>
      tensors.map((tensor, index) => [`${name}.${this.#parameters[index].name}`, tensor] as const),
    );
    return this.#rule.counts ? [...named, ['step', step]] : named;
  }

  #next(lr: number): readonly number[] {
    this.#steps += 1;
    return this.#rule.numbers(lr, this.#steps);
  }

  #setSegments(): void {
    const trained = this.#trained.map((index) => this.#parameters[index]);
    setSegments(this.#segments, trained, this, this.#parts);
  }

  /** `SGD(lr 0.1)`; parts that say nothing are left out. */
  protected describe(name: string, parts: readonly (string | false)[]): string {
    const shared = [
      this.weightDecay > 0 && `weightDecay ${this.weightDecay}`,
      this.biasGradient === 'mean' && 'biasGradient mean',
      this.#frozen.length > 0 && `frozen ${this.#frozen.join(' and ')}`,
    ];
    return `${name}(${[`lr ${this.lr}`, ...parts, ...shared].filter((part) => part !== false).join(', ')})`;
  }

  #arenaUpdate(arena: { params: Float32Array; grads: Float32Array }, numbers: readonly number[]) {
    const state = this.#slots.map((slot) => slot.arena);
    return { rule: this.#rule.name, ...arena, state, segments: this.#segments, numbers };
  }

  #newSlot(name: string | null): Slot {
    if (name === null) return { name, arena: null, tensors: [] };
    const arena = this.#arena === undefined ? null : new Float32Array(this.#arena.params.length);
    const tensors = this.#parameters.map(({ value: { shape, size, data } }) => {
      const offset = data.byteOffset / Float32Array.BYTES_PER_ELEMENT;
      return new Tensor(shape, arena?.subarray(offset, offset + size));
    });
    return { name, arena, tensors };
  }
}

/**
 * The parameters of a net, or those given.
 * @throws {TypeError | RangeError} for anything else; `where` stands in front.
 */
export function parametersOf(where: string, target: OptimizerTarget): readonly Parameter[] {
  const isNet = typeof (target as HasParameters | null)?.parameters === 'function';
  const parameters: unknown = isNet ? (target as HasParameters).parameters() : target;
  if (!Array.isArray(parameters)) {
    throw new ArgumentTypeError(
      `${where}: expected a net or its parameters but received ${typeName(target)}`,
    );
  }
  for (const [index, parameter] of (parameters as readonly Partial<Parameter>[]).entries()) {
    const name = `parameters[${index}]`;
    checkTensor(where, `the value of ${name}`, parameter?.value);
    checkShape(where, `the gradient of ${name}`, parameter.grad, parameter.value.shape, 'that of its value');
  }
  return parameters;
}

/** The whole buffers behind the parameters and their gradients, if each is one and the places in them agree. */
function sharedArena(
  parameters: readonly Parameter[],
): { params: Float32Array; grads: Float32Array } | undefined {
  const [first] = parameters;
  if (first === undefined) return undefined;
  let end = 0;
  for (const { value, grad } of parameters) {
    const { buffer, byteOffset, byteLength } = value.data;
    const together = buffer === first.value.data.buffer && grad.data.buffer === first.grad.data.buffer;
    if (!together || grad.data.byteOffset !== byteOffset || byteOffset < end) return undefined;
    end = byteOffset + byteLength;
  }
  if (first.value.data.buffer === first.grad.data.buffer) return undefined;
  return { params: wholeBuffer(first.value.data), grads: wholeBuffer(first.grad.data) };
}

function wholeBuffer({ buffer }: Float32Array): Float32Array {
  return new Float32Array(buffer, 0, Math.floor(buffer.byteLength / Float32Array.BYTES_PER_ELEMENT));
}
