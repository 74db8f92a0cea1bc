/** What the house asks of a kind of layer besides its class. Each layer's file answers for its own; kinds.ts lists them. */
import type { NativeStep } from '../kernels/layer-step.js';
import type { SlidingWindow } from '../kernels/window.js';
import type { Shape, Tensor } from '../tensor.js';
import type { Layer, LayerBuffer, Parameter } from './layer.js';

/** All answers of a kind. Shapes include the batch axis. */
export interface LayerKind<L extends Layer = Layer> {
  /** Its constructor takes the options that `describe()` gives. A subclass is another kind, which is not known. */
  readonly type: new (
    options: never,
  ) => L;
  /**
   * The step of the lanes engine, or why there is none; null for a kind whose output is its input under another shape,
   * so that nothing has to be computed, moved or shown.
   */
  readonly lower: Lowering<L>['lower'] | null;
  /** The ONNX operator of an evaluation. */
  onnx(layer: L): OnnxOperation;
  /** Of a forward with an output of this shape: two for a multiply-add. */
  flop(layer: L, output: Shape): number;
  /** An evaluation once more, as plain loops in double precision. */
  reference(layer: L, x: Float64Array, from: Shape, to: Shape): Float64Array;
  /** Whether pages show its output: among what each layer makes of an image, and as maps while a net trains. */
  readonly picture: 'maps' | 'output' | 'none';
  /** Its part in the explanation of a convolution or linear layer; null for none. */
  readonly explain: ExplainedPart<L> | null;
}

/** A method, so that one table holds the kinds of all classes. */
interface Lowering<L extends Layer> {
  lower(layer: L, site: LoweringSite): LoweredStep | string;
}

/** Where a layer stands that is lowered. */
export interface LoweringSite {
  readonly input: Shape;
  readonly output: Shape;
  /**
   * The layers behind it, in order, up to where ways part or meet; those are left out that compute nothing. It may take
   * them along.
   */
  readonly behind: readonly Layer[];
  /** What reads its output, or that of `behind[taken - 1]`, where it stands; others read copies. */
  reader(taken: number): Layer | undefined;
  /** The activation that `behind[index]` is, if the lanes engine knows it. */
  activation(index: number): LaneActivation | undefined;
}

/** An activation that the lanes engine can apply behind a convolution or a linear step. */
export interface LaneActivation {
  /** Of a step that applies it. */
  readonly fields: ActivationFields;
  /** The largest of the activated values is the activation of the largest. */
  readonly monotonic: boolean;
}

/** The activation's name, and its number where it takes one. */
export type ActivationFields = { readonly activation: string } & Readonly<Record<string, string | number>>;

export interface LoweredStep {
  readonly step: LaneStep;
  /** How many of the layers behind it the step computes as well. */
  readonly taken: number;
}

/**
 * A step by the names of its operation's fields. A parameter stands for its place in the net's arena, a buffer for its
 * place in that of the buffers.
 */
export interface LaneStep {
  readonly op: string;
  readonly [field: string]:
    | string
    | number
    | boolean
    | readonly number[]
    | Parameter
    | LayerBuffer
    | undefined;
}

/** The step as the addon takes it. */
export function withPlaces(step: LaneStep, placeOf: (one: Parameter | LayerBuffer) => number): NativeStep {
  const { op, ...fields } = step;
  const placed = Object.entries(fields).map(([name, field]) => [
    name,
    typeof field === 'object' && 'value' in field ? placeOf(field) : field,
  ]);
  return { op, ...Object.fromEntries(placed) };
}

export interface OnnxOperation {
  readonly operator: string;
  /** Names of the layer's parameters, buffers and constants, in the operator's order. */
  readonly inputs?: readonly string[];
  readonly attributes?: OnnxAttributes;
  /** Inputs that are no parameters of the net. */
  readonly constants?: Readonly<Record<string, Tensor>>;
}

/** Integers, lists of them, and numbers. */
export type OnnxAttributes = Readonly<
  Record<string, number | readonly number[] | { readonly float: number }>
>;

export type ExplainedPart<L extends Layer> =
  /** Products of a weight with windows of the input (without a window: with the whole input), and a bias. */
  | {
      readonly role: 'products';
      /** Whether every output has a weight for each value of one whole window. */
      isPlain(layer: L): boolean;
      window(layer: L): SlidingWindow | undefined;
    }
  | ExplainedActivation<L>
  /** The largest value under each window. */
  | { readonly role: 'maximum'; window(layer: L): SlidingWindow };

export interface ExplainedActivation<L extends Layer> {
  readonly role: 'activation';
  /** With the input as a text: `max(0, 1.5)`. */
  formula(x: string, layer: L): string;
  /** What it does with a gradient, after its name: `passes it where its input was above 0`. */
  readonly backward: string;
}
