/** How an engine runs a net, a line a step: for ROWNET_VERBOSE. */
import { planLanes } from '../../../engines/lanes/engine.js';
import type { RuntimeInfo } from '../../../kernels.js';
import { graphOf, isSum } from '../../../layers/graph.js';
import type { Net } from '../../../nets/net.js';
import { formatShape } from '../../../tensor.js';

/** Steps of `lanes`, or layers of `rows`, each with its shapes for one image and what computes it. */
export function describePlan(
  net: Net,
  engine: 'lanes' | 'rows',
  { isa, vectorWidth, threads }: Pick<RuntimeInfo, 'isa' | 'vectorWidth' | 'threads'>,
): string[] {
  const layers = graphOf(net.layer, [1, ...net.inputShape]);
  const plan = planLanes(net);
  const steps =
    engine === 'lanes' && 'steps' in plan
      ? plan.steps.map((step) => ({ ...step, kind: step.step.op }))
      : layers.map((node) => ({ ...node, layers: [node.path], kind: node.layer.kind }));
  const rows = steps.map(({ layers: names, input, output, kind }) => {
    const parts = layers.filter(({ path }) => names.includes(path));
    const shapes = [input, output].map((shape) => formatShape(shape.slice(1)));
    const texts = parts.map((part) => (isSum(part) ? 'sum' : part.layer.toString()));
    return [names.join('+') || kind, shapes.join(' -> '), kind, texts.join(' ')];
  });
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column].length)));
  return [
    `plan: engine ${engine}, ${isa} (${vectorWidth} floats a vector), threads ${threads}`,
    ...rows.map((row) => `plan: ${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  ')}`),
  ];
}
