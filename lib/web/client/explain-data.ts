/** The numbers of an explanation, as lib/web/explain-page.ts writes them into the page. */
import { byId } from './elements.js';

/** Arrays are base64 of float32. */
export interface Data {
  readonly name: string;
  readonly subtitle: string;
  readonly kind: 'conv2d' | 'linear';
  readonly inputShape: readonly [number, number, number];
  readonly outputShape: readonly [number, number, number];
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly padding: readonly [number, number];
  readonly activation?: {
    /** `ReLU`. */
    readonly name: string;
    /** `max(0, {x})`. */
    readonly formula: string;
    /** What it does with a gradient, after its name. */
    readonly backward: string;
  };
  readonly pool: {
    readonly kernel: readonly [number, number];
    readonly stride: readonly [number, number];
    readonly shape: readonly [number, number, number];
  } | null;
  /** The outputs are the scores of the classes. */
  readonly isScores: boolean;
  readonly label: string;
  /** Absent where the numbers of the classes are their names. */
  readonly classNames?: readonly string[];
  readonly loss: number;
  readonly start: { readonly filter: number; readonly y: number; readonly x: number };
  readonly arrays: Readonly<Record<ArrayName, string>>;
}

export type ArrayName =
  | 'input'
  | 'weight'
  | 'bias'
  | 'sum'
  /** The sum itself where there is no activation. */
  | 'activated'
  | 'gradOut'
  | 'gradSum'
  | 'gradInput'
  | 'gradWeight'
  | 'gradBias';

/** With the arrays as numbers. */
export interface Model extends Omit<Data, 'arrays'> {
  readonly values: Readonly<Record<ArrayName, Float32Array>>;
}

export function readModel(): Model {
  const { arrays, ...rest } = JSON.parse(byId('data').textContent ?? '') as Data;
  const floats = (text: string) =>
    new Float32Array(Uint8Array.from(atob(text), (char) => char.charCodeAt(0)).buffer);
  const entries = Object.entries(arrays).map(([name, text]) => [name, floats(text)] as const);
  return { ...rest, values: Object.fromEntries(entries) as Record<ArrayName, Float32Array> };
}
