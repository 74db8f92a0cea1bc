/** The learning curves of a run as an SVG file: loss on the left, accuracy on the right, an epoch a step. */

/** What is drawn of an epoch; values that are missing or not finite leave a gap. */
export interface CurvePoint {
  readonly epoch: number;
  readonly loss: number;
  readonly trainAccuracy: number;
  readonly testLoss?: number | undefined;
  readonly testAccuracy?: number | undefined;
}

interface Series {
  readonly name: string;
  readonly css: 'train' | 'test';
  /** `[epoch, value]`, in the order of the epochs. */
  readonly points: readonly (readonly [number, number])[];
}

interface Axis {
  readonly ticks: readonly { readonly value: number; readonly label: string }[];
  /** 0 at the low end of the axis, 1 at the high end. */
  position(value: number): number;
}

const width = 900;
const height = 330;
const plot = { top: 62, bottom: 290, width: 320 };
const panels = [58, 506] as const;

/** A loss that falls this many times over is unreadable on a linear axis. */
const logRatio = 20;

// The picture brings its own background, since a page in dark mode may show it without telling it so.
const style = `
  text { font: 12px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; fill: #52514e }
  .paper { fill: #fcfcfb } .strong { font-weight: 600; font-size: 14px; fill: #0b0b0b }
  .grid { stroke: #e4e3df } .axis { stroke: #b5b4ae } .right { text-anchor: end } .middle { text-anchor: middle }
  .line { fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round }
  .train.line, .train.dot { stroke: #2a78d6 } .test.line, .test.dot { stroke: #c2500f }
  .dot { fill: #fcfcfb; stroke-width: 2 } .train.name { fill: #1f63b5 } .test.name { fill: #a8430a }
  @media (prefers-color-scheme: dark) {
    text { fill: #c3c2b7 } .paper { fill: #1a1a19 } .strong { fill: #ffffff }
    .grid { stroke: #34342f } .axis { stroke: #6b6a64 }
    .train.line, .train.dot { stroke: #5b9df0 } .test.line, .test.dot { stroke: #ef8a4c }
    .dot { fill: #1a1a19 } .train.name { fill: #7db3f5 } .test.name { fill: #f3a271 }
  }`;

/** The SVG document. `title` is shown as text; at least one epoch is needed. */
export function curvesSvg(title: string, epochs: readonly CurvePoint[]): string {
  const loss = [series('train', epochs, (e) => e.loss), series('test', epochs, (e) => e.testLoss)];
  const accuracy = [
    series('train', epochs, (e) => e.trainAccuracy),
    series('test', epochs, (e) => e.testAccuracy),
  ];
  const first = epochs[0]?.epoch ?? 1;
  const last = epochs.at(-1)?.epoch ?? 1;
  const x = epochAxis(first, last);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${escapeXml(`${title}: loss and accuracy of ${epochs.length} epochs`)}</title>`,
    `<style>${style}\n</style>`,
    `<rect class="paper" width="${width}" height="${height}" rx="6"/>`,
    `<text class="strong" x="16" y="24">${escapeXml(title)}</text>`,
    panel('loss', panels[0], x, lossAxis(valuesOf(loss)), loss, (value) => significant(value)),
    panel(
      'accuracy',
      panels[1],
      x,
      accuracyAxis(valuesOf(accuracy)),
      accuracy,
      (value) => `${(100 * value).toFixed(2)} %`,
    ),
    '</svg>',
    '',
  ].join('\n');
}

function series(
  css: Series['css'],
  epochs: readonly CurvePoint[],
  value: (epoch: CurvePoint) => number | undefined,
): Series {
  const points = epochs
    .map((epoch) => [epoch.epoch, value(epoch) ?? Number.NaN] as const)
    .filter(([, y]) => Number.isFinite(y));
  return { name: css, css, points };
}

function valuesOf(all: readonly Series[]): number[] {
  return all.flatMap(({ points }) => points.map(([, value]) => value));
}

function panel(
  name: string,
  left: number,
  x: Axis,
  y: Axis,
  all: readonly Series[],
  format: (value: number) => string,
): string {
  const px = (epoch: number) => round(left + x.position(epoch) * plot.width);
  const py = (value: number) => round(plot.bottom - y.position(value) * (plot.bottom - plot.top));
  const right = left + plot.width;
  const parts = [`<text class="strong" x="${left}" y="${plot.top - 12}">${name}</text>`];
  for (const { value, label } of y.ticks) {
    parts.push(`<line class="grid" x1="${left}" x2="${right}" y1="${py(value)}" y2="${py(value)}"/>`);
    parts.push(`<text class="right" x="${left - 8}" y="${py(value) + 4}">${label}</text>`);
  }
  parts.push(`<line class="axis" x1="${left}" x2="${right}" y1="${plot.bottom}" y2="${plot.bottom}"/>`);
  for (const { value, label } of x.ticks) {
    parts.push(`<text class="middle" x="${px(value)}" y="${plot.bottom + 18}">${label}</text>`);
  }
  parts.push(`<text class="right" x="${right}" y="${plot.bottom + 34}">epoch</text>`);
  for (const { css, points } of all) {
    if (points.length > 1) {
      const path = points.map(([epoch, value]) => `${px(epoch)},${py(value)}`).join(' ');
      parts.push(`<polyline class="${css} line" points="${path}"/>`);
    }
    const end = points.at(-1);
    if (end !== undefined)
      parts.push(`<circle class="${css} dot" cx="${px(end[0])}" cy="${py(end[1])}" r="3.5"/>`);
  }
  return [...parts, ...endLabels(all, right, px, py, format)].join('\n');
}

/** The name and last value of each line, beside its end and moved apart where the ends are close. */
function endLabels(
  all: readonly Series[],
  right: number,
  px: (epoch: number) => number,
  py: (value: number) => number,
  format: (value: number) => string,
): string[] {
  const labels = all
    .filter(({ points }) => points.length > 0)
    .map(({ name, css, points }) => {
      const [epoch, value] = points.at(-1)!;
      return { css, x: Math.min(px(epoch), right) + 9, y: py(value), lines: [name, format(value)] };
    })
    .sort((a, b) => a.y - b.y);
  const gap = 34;
  const [upper, lower] = labels;
  if (upper !== undefined && lower !== undefined && lower.y - upper.y < gap) {
    const middle = (upper.y + lower.y) / 2;
    upper.y = Math.max(plot.top, Math.min(middle - gap / 2, plot.bottom - 8 - gap));
    lower.y = upper.y + gap;
  }
  return labels.flatMap(({ css, x, y, lines }) =>
    lines.map((line, i) => `<text class="${css} name" x="${x}" y="${round(y + 14 * i - 2)}">${line}</text>`),
  );
}

function epochAxis(first: number, last: number): Axis {
  const step = Math.max(1, niceStep((last - first) / 6));
  const ticks = [first];
  for (let epoch = Math.ceil((first + step / 2) / step) * step; epoch <= last; epoch += step)
    ticks.push(epoch);
  return {
    ticks: ticks.map((value) => ({ value, label: String(value) })),
    position: (epoch) => (last === first ? 0.5 : (epoch - first) / (last - first)),
  };
}

function lossAxis(values: readonly number[]): Axis {
  const positive = values.filter((value) => value > 0);
  const low = Math.min(...positive);
  const high = Math.max(...positive);
  if (positive.length === 0 || high / low < logRatio) return linearAxis(0, Math.max(high, 1e-6), significant);
  const from = Math.floor(Math.log10(low));
  const to = Math.ceil(Math.log10(high));
  const exponents = Array.from({ length: to - from + 1 }, (_, i) => from + i);
  return {
    ticks: exponents.map((exponent) => ({ value: 10 ** exponent, label: significant(10 ** exponent) })),
    position: (value) => (Math.log10(Math.max(value, 10 ** from)) - from) / (to - from),
  };
}

function accuracyAxis(values: readonly number[]): Axis {
  const low = values.length === 0 ? 0 : Math.min(...values);
  return linearAxis(low, 1, (value) => `${significant(100 * value)} %`);
}

/** A linear axis from at most `low` to at least `high`, both on a tick. */
function linearAxis(low: number, high: number, format: (value: number) => string): Axis {
  const step = niceStep(Math.max(high - low, 1e-3) / 5);
  const from = Math.floor(low / step + 1e-9);
  const to = Math.max(Math.ceil(high / step - 1e-9), from + 1);
  const ticks = Array.from({ length: to - from + 1 }, (_, i) => (from + i) * step);
  return {
    ticks: ticks.map((value) => ({ value, label: format(value) })),
    position: (value) => (value / step - from) / (to - from),
  };
}

/** The smallest of 1, 2, 5 times a power of ten that is at least `step`. */
function niceStep(step: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(step, 1e-12)));
  return power * ([1, 2, 5].find((factor) => factor * power >= step * (1 - 1e-9)) ?? 10);
}

function significant(value: number): string {
  if (value !== 0 && Math.abs(value) < 1e-4) return value.toExponential(1).replace('.0e', 'e');
  return String(Number(value.toPrecision(3)));
}

function round(value: number): number {
  return Math.round(10 * value) / 10;
}

function escapeXml(text: string): string {
  return text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`);
}
