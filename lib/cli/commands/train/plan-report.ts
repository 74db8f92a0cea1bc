/** How an engine runs a net, a line a step: for ROWNET_VERBOSE. */
import { planLanes } from '../../../engines/lanes/engine.js';
import type { RuntimeInfo } from '../../../kernels.js';
import { leaves } from '../../../layers/sequential.js';
import type { Net } from '../../../nets/net.js';
import { formatShape } from '../../../tensor.js';

/** Steps of `lanes`, or layers of `rows`, each with its shapes for one image and what computes it. */
export function describePlan(
  net: Net,
  engine: 'lanes' | 'rows',
  { isa, vectorWidth, threads }: Pick<RuntimeInfo, 'isa' | 'vectorWidth' | 'threads'>,
): string[] {
  const layers = leaves(net.layer, [1, ...net.inputShape]);
  const plan = planLanes(net);
  const steps =
    engine === 'lanes' && 'steps' in plan
      ? plan.steps.map((step) => ({ names: step.layers, kind: step.step.op }))
      : layers.map(({ path, layer }) => ({ names: [path], kind: layer.kind }));
  const rows = steps.map(({ names, kind }) => {
    const parts = layers.filter(({ path }) => names.includes(path));
    const shapes = [parts[0].input, parts[parts.length - 1].output].map((shape) =>
      formatShape(shape.slice(1)),
    );
    return [names.join('+'), shapes.join(' -> '), kind, parts.map(({ layer }) => layer.toString()).join(' ')];
  });
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column].length)));
  return [
    `plan: engine ${engine}, ${isa} (${vectorWidth} floats a vector), threads ${threads}`,
    ...rows.map((row) => `plan: ${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  ')}`),
  ];
}
