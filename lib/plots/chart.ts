/** Line charts as SVG, panels side by side: what the curves of runs are drawn with, in files, reports and pages. */

export interface Curve {
  readonly name: string;
  /** Class of the line: `train`, `test`, or `run0` to `run7` for runs that are compared. */
  readonly css: string;
  /** `[x, y]`, in the order of x; values that are not finite are left out. */
  readonly points: readonly (readonly [number, number])[];
}

export interface Panel {
  readonly name: string;
  readonly axis: 'loss' | 'accuracy';
  readonly curves: readonly Curve[];
}

export interface Chart {
  /** Shown as text. */
  readonly title: string;
  /** What the picture shows, for those who do not see it. */
  readonly description: string;
  /** One or two. */
  readonly panels: readonly Panel[];
}

interface Axis {
  readonly ticks: readonly { readonly value: number; readonly label: string }[];
  /** 0 at the low end of the axis, 1 at the high end. */
  position(value: number): number;
}

const width = 900;
const height = 330;
const plot = { top: 62, bottom: 290, width: 320 };
const lefts = [58, 506] as const;
/** Between the names of two lines: each has two rows of text. */
const labelGap = 34;

/** A loss that falls this many times over is unreadable on a linear axis. */
const logRatio = 20;

/** For a page that holds charts; `chartSvg` brings it along unless told otherwise. */
export const chartStyle = `
  svg.chart text { font: 12px system-ui, -apple-system, "Segoe UI", Roboto, Abel, sans-serif; fill: #52514e }
  .chart .paper { fill: #fcfcfb } .chart text.strong { font-weight: 600; font-size: 14px; fill: #0b0b0b }
  .chart .grid { stroke: #e4e3df } .chart .axis { stroke: #b5b4ae }
  .chart text.right { text-anchor: end } .chart text.middle { text-anchor: middle }
  .chart .line { fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round }
  .chart .dot { fill: #fcfcfb; stroke-width: 2 }
  .chart .train { stroke: #2a78d6 } .chart .test { stroke: #c2500f } .chart text.name { stroke: none }
  .chart text.train { fill: #1f63b5 } .chart text.test { fill: #a8430a }
  ${runStyles(['#6b3fa0', '#13795b', '#b0246f', '#7a5c00', '#00708a', '#9a3324', '#4a5a6a', '#3f7d20'])}
  @media (prefers-color-scheme: dark) {
    svg.chart text { fill: #c3c2b7 } .chart .paper { fill: #1a1a19 } .chart text.strong { fill: #ffffff }
    .chart .grid { stroke: #34342f } .chart .axis { stroke: #6b6a64 } .chart .dot { fill: #1a1a19 }
    .chart .train { stroke: #5b9df0 } .chart .test { stroke: #ef8a4c }
    .chart text.train { fill: #7db3f5 } .chart text.test { fill: #f3a271 }
    ${runStyles(['#b795e4', '#58c9a3', '#ee7fb8', '#d9b74a', '#55c3dc', '#ee8d7f', '#a9b8c8', '#93cf73'])}
  }`;

/** How many runs have a colour of their own. */
export const runColors = 8;

function runStyles(colors: readonly string[]): string {
  return colors
    .map((color, i) => `.chart .run${i} { stroke: ${color} } .chart text.run${i} { fill: ${color} }`)
    .join('\n  ');
}

/**
 * The SVG document.
 * @param embedStyle whether it brings its colours; false where `chartStyle` is in the page.
 */
export function chartSvg({ title, description, panels }: Chart, embedStyle = true): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" class="chart" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${escapeXml(description)}</title>`,
    // The picture brings its own background, since a page in dark mode may show it without telling it so.
    ...(embedStyle ? [`<style>${chartStyle}\n</style>`] : []),
    `<rect class="paper" width="${width}" height="${height}" rx="6"/>`,
    `<text class="strong" x="16" y="24">${escapeXml(title)}</text>`,
    ...panels.map((one, index) => panelSvg(one, lefts[index])),
    '</svg>',
    '',
  ].join('\n');
}

function panelSvg({ name, axis, curves }: Panel, left: number): string {
  const finite = curves.map((curve) => ({
    ...curve,
    points: curve.points.filter(([, y]) => Number.isFinite(y)),
  }));
  const xs = curves.flatMap(({ points }) => points.map(([x]) => x));
  const ys = finite.flatMap(({ points }) => points.map(([, y]) => y));
  const first = Math.floor(least(xs) ?? 1);
  const x = epochAxis(first, Math.max(first, greatest(xs) ?? 1));
  const y = axis === 'loss' ? lossAxis(ys) : accuracyAxis(ys);
  const format = axis === 'loss' ? significant : percent;
  const px = (value: number) => round(left + x.position(value) * plot.width);
  const py = (value: number) => round(plot.bottom - y.position(value) * (plot.bottom - plot.top));
  const right = left + plot.width;
  const parts = [`<text class="strong" x="${left}" y="${plot.top - 12}">${escapeXml(name)}</text>`];
  for (const { value, label } of y.ticks) {
    parts.push(`<line class="grid" x1="${left}" x2="${right}" y1="${py(value)}" y2="${py(value)}"/>`);
    parts.push(`<text class="right" x="${left - 8}" y="${py(value) + 4}">${label}</text>`);
  }
  parts.push(`<line class="axis" x1="${left}" x2="${right}" y1="${plot.bottom}" y2="${plot.bottom}"/>`);
  for (const { value, label } of x.ticks) {
    parts.push(`<text class="middle" x="${px(value)}" y="${plot.bottom + 18}">${label}</text>`);
  }
  parts.push(`<text class="right" x="${right}" y="${plot.bottom + 34}">epoch</text>`);
  for (const { css, points } of finite) {
    if (points.length > 1) {
      const path = points.map(([epoch, value]) => `${px(epoch)},${py(value)}`).join(' ');
      parts.push(`<polyline class="${css} line" points="${path}"/>`);
    }
    const end = points.at(-1);
    if (end !== undefined)
      parts.push(`<circle class="${css} dot" cx="${px(end[0])}" cy="${py(end[1])}" r="3.5"/>`);
  }
  return [...parts, ...endLabels(finite, right, px, py, format)].join('\n');
}

/** The name and last value of each line, beside its end and moved apart where the ends are close. */
function endLabels(
  curves: readonly Curve[],
  right: number,
  px: (x: number) => number,
  py: (y: number) => number,
  format: (value: number) => string,
): string[] {
  const labels = curves
    .filter(({ points }) => points.length > 0)
    .map(({ name, css, points }) => {
      const [x, value] = points.at(-1)!;
      return { css, x: Math.min(px(x), right) + 9, y: py(value), lines: [name, format(value)] };
    })
    .sort((a, b) => a.y - b.y);
  spread(labels);
  return labels.flatMap(({ css, x, y, lines }) =>
    lines.map(
      (line, i) =>
        `<text class="${css} name" x="${x}" y="${round(y + 14 * i - 2)}">${escapeXml(line)}</text>`,
    ),
  );
}

/** Moves labels, sorted by y, apart: neighbours that overlap share the room around their middle. */
function spread(labels: { y: number }[]): void {
  const gap = Math.min(labelGap, (plot.bottom - 8 - plot.top) / Math.max(1, labels.length - 1));
  let groups = labels.map((label) => ({ members: [label], top: label.y }));
  for (let merged = true; merged; ) {
    merged = false;
    const next: typeof groups = [];
    for (const group of groups) {
      const above = next.at(-1);
      if (above === undefined || group.top - (above.top + gap * (above.members.length - 1)) >= gap) {
        next.push(group);
        continue;
      }
      const members = [...above.members, ...group.members];
      const middle = members.reduce((sum, { y }) => sum + y, 0) / members.length;
      const span = gap * (members.length - 1);
      const top = Math.max(plot.top, Math.min(middle - span / 2, plot.bottom - 8 - span));
      next[next.length - 1] = { members, top };
      merged = true;
    }
    groups = next;
  }
  for (const { members, top } of groups) {
    if (members.length > 1) for (const [i, label] of members.entries()) label.y = top + gap * i;
  }
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
  const low = least(positive) ?? 0;
  const high = greatest(positive) ?? 0;
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
  const low = least(values) ?? 0;
  return linearAxis(low, 1, (value) => `${significant(100 * value)} %`);
}

/** Math.min and Math.max would put every value onto the stack. */
function least(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : values.reduce((a, b) => Math.min(a, b));
}

function greatest(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : values.reduce((a, b) => Math.max(a, b));
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

function percent(value: number): string {
  return `${(100 * value).toFixed(2)} %`;
}

function significant(value: number): string {
  if (value !== 0 && Math.abs(value) < 1e-4) return value.toExponential(1).replace('.0e', 'e');
  return String(Number(value.toPrecision(3)));
}

function round(value: number): number {
  return Math.round(10 * value) / 10;
}

/** Characters that no XML document may hold, not even as a reference, become U+FFFD. */
export function escapeXml(text: string): string {
  return text
    .replace(/[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu, '\ufffd')
    .replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`);
}
