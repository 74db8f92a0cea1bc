/** The forward pass once more, in plain loops and double precision: what a benchmark checks its net against. */
import type { LayerKind } from '../../../layers/kind.js';
import { kindOf } from '../../../layers/kinds.js';
import { graphOf, isSum } from '../../../layers/graph.js';
import type { Net } from '../../../nets/net.js';

/** Scores `[N, classes]` of images `[N, C, H, W]`, row-major, of a net of known layers. */
export function referenceScores(net: Net, images: Float32Array, count: number): Float64Array {
  const values: Float64Array[] = [Float64Array.from(images)];
  for (const node of graphOf(net.layer, [count, ...net.inputShape])) {
    const { layer, input, output } = node;
    const [x, other] = node.from.map((value) => values[value]);
    values.push(
      isSum(node)
        ? x.map((value, at) => value + other[at])
        : (kindOf(layer) as LayerKind).reference(layer, x, input, output),
    );
  }
  return values[values.length - 1];
}
