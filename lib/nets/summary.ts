import { graphOf, isSum } from '../layers/graph.js';
import type { Layer } from '../layers/layer.js';
import type { Sequential } from '../layers/sequential.js';
import { formatShape, type Shape } from '../tensor.js';
import { runner } from './runner.js';

const HEADINGS = ['layer', 'kind', 'output', 'parameters', 'engine'] as const;
/** Numbers line up at the right. */
const RIGHT_ALIGNED = 3;

/** A line for each layer: its name, what it is, output shape (N: the batch), parameters, the engine that runs it. */
export function summarize(title: string, layer: Sequential, inputShape: Shape): string {
  const plan = runner()?.describe(layer, inputShape) ?? { reason: 'it is not loaded' };
  const engine = 'reason' in plan ? 'rows' : 'lanes';
  const rows = [
    [...HEADINGS],
    ...graphOf(layer, [1, ...inputShape]).map((node) => {
      const shape = `Nx${formatShape(node.output.slice(1))}`;
      const kind = isSum(node) ? 'Residual: body + shortcut' : node.layer.toString();
      return [node.path, kind, shape, isSum(node) ? '0' : countParameters(node.layer), engine];
    }),
    ['total', '', '', countParameters(layer), ''],
  ];
  const widths = HEADINGS.map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) =>
        column === RIGHT_ALIGNED ? cell.padStart(widths[column]) : cell.padEnd(widths[column]),
      )
      .join('  ')
      .trimEnd(),
  );
  // What engine 'auto' runs the net, and why.
  const last =
    'reason' in plan
      ? `engine rows: layer by layer. The lanes engine cannot run this net: ${plan.reason}`
      : `engine lanes: ${plan.steps}`;
  return [`${title}, input Nx${formatShape(inputShape)}`, ...lines, last].join('\n');
}

function countParameters(layer: Layer): string {
  return layer
    .parameters()
    .reduce((sum, { value }) => sum + value.size, 0)
    .toLocaleString('en-US');
}
