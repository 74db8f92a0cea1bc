/**
 * What runs a net faster than layer by layer. An engine stands above the nets, so it puts itself in here when its module
 * is loaded.
 */
import type { Sequential } from '../layers/sequential.js';
import type { Shape } from '../tensor.js';

/** What of a net a runner is made of. */
export interface Runnable {
  readonly layer: Sequential;
  readonly inputShape: Shape;
  readonly arena: Float32Array;
  readonly bufferArena: Float32Array;
}

/** Writes the results of `count` inputs, row-major. */
export type RunInputs = (count: number, x: Float32Array, arena: Float32Array, results: Float32Array) => void;

export interface Runner {
  /** Undefined where it cannot run the net. */
  compile(net: Runnable): RunInputs | undefined;
  /** How it runs the net, a line for people, or why it cannot. */
  describe(layer: Sequential, inputShape: Shape): { readonly steps: string } | { readonly reason: string };
}

let registered: Runner | undefined;

export function registerRunner(runner: Runner): void {
  registered = runner;
}

/** Undefined if no module of an engine is loaded. */
export function runner(): Runner | undefined {
  return registered;
}
