/** How an engine runs a net, a line a step: for ROWNET_VERBOSE. */
import { planLanes } from '../../../engines/lanes.js';
import type { RuntimeInfo } from '../../../kernels.js';
import type { Net } from '../../../nets/net.js';
import { formatShape, type Shape } from '../../../tensor.js';

/** Steps of `lanes`, or layers of `rows`, each with its shapes for one image and what computes it. */
export function describePlan(
  net: Net,
  engine: 'lanes' | 'rows',
  { isa, vectorWidth, threads }: Pick<RuntimeInfo, 'isa' | 'vectorWidth' | 'threads'>,
): string[] {
  const layers = layersOf(net);
  const plan = planLanes(net);
  const steps =
    engine === 'lanes' && 'steps' in plan
      ? plan.steps.map((step) => ({ names: step.layers, kind: step.kind }))
      : layers.map(({ name, kind }) => ({ names: [name], kind }));
  const rows = steps.map(({ names, kind }) => {
    const parts = layers.filter(({ name }) => names.includes(name));
    const shapes = `${formatShape(parts[0].input)} -> ${formatShape(parts[parts.length - 1].output)}`;
    return [names.join('+'), shapes, kind, parts.map(({ text }) => text).join(' ')];
  });
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column].length)));
  return [
    `plan: engine ${engine}, ${isa} (${vectorWidth} floats a vector), threads ${threads}`,
    ...rows.map((row) => `plan: ${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  ')}`),
  ];
}

interface PlanLayer {
  readonly name: string;
  readonly kind: string;
  readonly text: string;
  /** Of one image. */
  readonly input: Shape;
  readonly output: Shape;
}

function layersOf(net: Net): PlanLayer[] {
  let shape: Shape = [1, ...net.inputShape];
  return net.layer.layers.map(({ name, layer }) => {
    const input = shape.slice(1);
    shape = layer.outputShape(shape);
    return { name, kind: layer.kind, text: layer.toString(), input, output: shape.slice(1) };
  });
}
