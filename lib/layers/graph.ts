/** A net as a graph: its layers in the order in which they are computed, and what each reads. */
import { isView } from './kinds.js';
import type { Layer } from './layer.js';
import { Residual } from './residual.js';
import { type Leaf, leaves } from './sequential.js';
import type { Shape } from '../tensor.js';

/** A layer with one input, or the sum that a `Residual` ends with: its `layer` is the Residual, and it has two. */
export interface GraphNode extends Leaf {
  /** Values that it reads: 0 is the net's input, n the output of the nth node. */
  readonly from: readonly number[];
}

/**
 * `leaves`, with the layers of each Residual in its place: those of its body, those of its shortcut, and the sum.
 * @throws {ShapeError} from the first layer that does not take what comes.
 */
export function graphOf(layer: Layer, input: Shape): GraphNode[] {
  const nodes: GraphNode[] = [];
  /** Returns the value that the layers end in. */
  const append = (inner: Layer, shape: Shape, start: number, at?: string): number => {
    let from = start;
    for (const leaf of leaves(inner, shape, at)) {
      const inputs = isResidual(leaf.layer) ? appendBranches(leaf, leaf.layer, from) : [from];
      from = nodes.push({ ...leaf, from: inputs });
    }
    return from;
  };
  const appendBranches = ({ path, input: shape }: Leaf, { body, shortcut }: Residual, from: number) => {
    const branch = (name: string, inner: Layer | undefined) =>
      inner === undefined ? from : append(inner, shape, from, path === '' ? name : `${path}.${name}`);
    return [branch('body', body), branch('shortcut', shortcut)];
  };
  append(layer, input, 0);
  return nodes;
}

/** Whether the node is the sum that a Residual ends with. */
export function isSum({ from }: GraphNode): boolean {
  return from.length === 2;
}

/** The nodes that compute something; what a view reads in place of what it gives. */
export function withoutViews(nodes: readonly GraphNode[]): GraphNode[] {
  const numbers = [0];
  const kept: GraphNode[] = [];
  for (const node of nodes) {
    const from = node.from.map((value) => numbers[value]);
    numbers.push(isView(node.layer) ? from[0] : kept.push({ ...node, from }));
  }
  return kept;
}

/** A subclass may compute something else. */
function isResidual(layer: Layer): layer is Residual {
  return layer.constructor === Residual;
}
