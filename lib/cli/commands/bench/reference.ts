/** The forward pass once more, in plain loops and double precision: what a benchmark checks its net against. */
import type { LayerKind } from '../../../layers/kind.js';
import { kindOf } from '../../../layers/kinds.js';
import { leaves } from '../../../layers/sequential.js';
import type { Net } from '../../../nets/net.js';

/** Scores `[N, classes]` of images `[N, C, H, W]`, row-major, of a net of known layers. */
export function referenceScores(net: Net, images: Float32Array, count: number): Float64Array {
  let values: Float64Array = Float64Array.from(images);
  for (const { layer, input, output } of leaves(net.layer, [count, ...net.inputShape])) {
    values = (kindOf(layer) as LayerKind).reference(layer, values, input, output);
  }
  return values;
}
