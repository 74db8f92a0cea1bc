import type { NamedLayer } from '../layers/sequential.js';
import { Sequential } from '../layers/sequential.js';
import { formatShape, type Shape } from '../tensor.js';
import { type Plan, planNet } from './plan.js';

const HEADINGS = ['layer', 'kind', 'output', 'parameters', 'engine'] as const;
/** Numbers line up at the right. */
const RIGHT_ALIGNED = 3;

/** A line for each layer: its name, what it is, output shape (N: the batch), parameters, the engine that runs it. */
export function summarize(title: string, layer: Sequential, inputShape: Shape): string {
  const rows: string[][] = [[...HEADINGS]];
  const plan = planNet(layer, inputShape);
  describeLayers(layer.layers, '', [1, ...inputShape], 'steps' in plan ? 'lanes' : 'rows', rows);
  const total = countParameters(layer);
  rows.push(['total', '', '', withCommas(total), '']);
  const widths = HEADINGS.map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) =>
        column === RIGHT_ALIGNED ? cell.padStart(widths[column]) : cell.padEnd(widths[column]),
      )
      .join('  ')
      .trimEnd(),
  );
  return [`${title}, input Nx${formatShape(inputShape)}`, ...lines, engineLine(plan)].join('\n');
}

function describeLayers(
  layers: readonly NamedLayer[],
  prefix: string,
  inputShape: Shape,
  engine: string,
  rows: string[][],
): void {
  let shape = inputShape;
  for (const { name, layer } of layers) {
    const path = prefix + name;
    if (layer instanceof Sequential) describeLayers(layer.layers, `${path}.`, shape, engine, rows);
    shape = layer.outputShape(shape);
    if (layer instanceof Sequential) continue;
    const output = `Nx${formatShape(shape.slice(1))}`;
    rows.push([path, layer.toString(), output, withCommas(countParameters(layer)), engine]);
  }
}

/** What engine 'auto' runs the net, and why. */
function engineLine(plan: Plan): string {
  if ('reason' in plan)
    return `engine rows: layer by layer. The lanes engine cannot run this net: ${plan.reason}`;
  return `engine lanes: ${plan.steps.map(({ layers }) => layers.join('+')).join(', ')}`;
}

function countParameters(layer: NamedLayer['layer']): number {
  return layer.parameters().reduce((sum, { value }) => sum + value.size, 0);
}

function withCommas(count: number): string {
  return count.toLocaleString('en-US');
}
