/**
 * Line charts as SVG: what the curves of runs are drawn with, in files, reports and pages. Each panel has its key below,
 * with the whole name and the last value of every line: names beside the lines would overlap, or leave the picture.
 */
import { type Axis, accuracyAxis, epochAxis, lossAxis } from './axes.js';
import { keyHeight, keySvg } from './key.js';
import { escapeXml } from './text.js';

export interface Curve {
  readonly name: string;
  /** Classes of the line: `train`, `test`, or those of `runClass`. */
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
  /** Shown as text; none where the page has it already. */
  readonly title?: string;
  /** What the lines are, in a sentence; shown below the title. */
  readonly note?: string;
  /** What the picture shows, for those who do not see it. */
  readonly description: string;
  /** Side by side. */
  readonly panels: readonly Panel[];
}

export interface ChartOptions {
  /** Whether it brings its colours; false where `chartStyle` is in the page. Default true. */
  readonly style?: boolean;
  /** Whether points tell their values under the pointer; false where the page does that. Default true. */
  readonly hover?: boolean;
}

/** Of a panel. */
export const panelWidth = 400;
const plot = { left: 66, right: 384, top: 36, bottom: 236 };
/** Of a panel without its key. */
const axesHeight = 284;
const titleHeight = 44;
const noteHeight = 18;
/** A curve of more points has no circles to hover over: they would hide each other. */
const mostHovered = 64;

/** For a page that holds charts; `chartSvg` brings it along unless told otherwise. */
export const chartStyle = `
  svg.chart text { font: 12px system-ui, -apple-system, "Segoe UI", Roboto, Abel, sans-serif; fill: #52514e }
  .chart .paper { fill: #fcfcfb } .chart text.strong { font-weight: 600; font-size: 14px; fill: #0b0b0b }
  .chart .grid { stroke: #e4e3df } .chart .axis { stroke: #b5b4ae } .chart .cursor { stroke: #8a8983 }
  .chart text.right { text-anchor: end } .chart text.middle { text-anchor: middle }
  .chart .line { fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round }
  .chart .dash { stroke-dasharray: 6 4 } .chart .dots { stroke-dasharray: 1 4 }
  .chart .dot { fill: #fcfcfb; stroke-width: 2 } .chart .hit { fill: transparent }
  .chart .train { stroke: #2a78d6 } .chart .test { stroke: #c2500f }
  ${runStyles(['#6b3fa0', '#13795b', '#b0246f', '#7a5c00', '#00708a', '#9a3324', '#4a5a6a', '#3f7d20'])}
  @media (prefers-color-scheme: dark) {
    svg.chart text { fill: #c3c2b7 } .chart .paper { fill: #1a1a19 } .chart text.strong { fill: #ffffff }
    .chart .grid { stroke: #34342f } .chart .axis { stroke: #6b6a64 } .chart .dot { fill: #1a1a19 }
    .chart .train { stroke: #5b9df0 } .chart .test { stroke: #ef8a4c }
    ${runStyles(['#b795e4', '#58c9a3', '#ee7fb8', '#d9b74a', '#55c3dc', '#ee8d7f', '#a9b8c8', '#93cf73'])}
  }`;

const runColors = 8;
const strokes = ['', ' dash', ' dots'];

/** Classes of the line of a run: by colours, then by strokes. */
export function runClass(index: number): string {
  return `run${index % runColors}${strokes[Math.floor(index / runColors) % strokes.length]}`;
}

function runStyles(colors: readonly string[]): string {
  return colors.map((color, i) => `.chart .run${i} { stroke: ${color} }`).join('\n  ');
}

/** The SVG document. */
export function chartSvg({ title, note, description, panels }: Chart, options: ChartOptions = {}): string {
  const { style = true, hover = true } = options;
  const top = (title === undefined ? 0 : titleHeight) + (note === undefined ? 0 : noteHeight);
  const width = panelWidth * panels.length;
  const height =
    top + axesHeight + Math.max(...panels.map(({ curves }) => keyHeight(shown(curves), panelWidth)));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" class="chart" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escapeXml(description)}">`,
    // The picture brings its own background, since a page in dark mode may show it without telling it so.
    ...(style ? [`<style>${chartStyle}\n</style>`] : []),
    `<rect class="paper" width="${width}" height="${height}" rx="6"/>`,
    ...(title === undefined ? [] : [`<text class="strong" x="16" y="28">${escapeXml(title)}</text>`]),
    ...(note === undefined ? [] : [`<text x="16" y="${top - 10}">${escapeXml(note)}</text>`]),
    ...panels.map(
      (one, index) =>
        `<g transform="translate(${panelWidth * index} ${top})">\n${panelSvg(one, hover)}\n</g>`,
    ),
    '</svg>',
    '',
  ].join('\n');
}

/** What there is of the curves: finite points, and curves that have one. */
function shown(curves: readonly Curve[]): Curve[] {
  return curves
    .map((curve) => ({ ...curve, points: curve.points.filter(([, y]) => Number.isFinite(y)) }))
    .filter(({ points }) => points.length > 0);
}

interface Layout {
  readonly curves: readonly Curve[];
  readonly x: Axis;
  readonly y: Axis;
  px(x: number): number;
  py(y: number): number;
  format(y: number): string;
}

function layout({ axis, curves: all }: Panel): Layout {
  const curves = shown(all);
  const x = epochAxis(all.flatMap(({ points }) => points.map(([epoch]) => epoch)));
  const values = curves.flatMap(({ points }) => points.map(([, value]) => value));
  const y = axis === 'loss' ? lossAxis(values) : accuracyAxis(values);
  return {
    curves,
    x,
    y,
    px: (value) => round(plot.left + x.position(value) * (plot.right - plot.left)),
    py: (value) => round(plot.bottom - y.position(value) * (plot.bottom - plot.top)),
    format: axis === 'loss' ? significant : percent,
  };
}

function panelSvg(panel: Panel, hover: boolean): string {
  const { curves, x, y, px, py, format } = layout(panel);
  const { left, right, top, bottom } = plot;
  const parts = [`<text class="strong" x="16" y="${top - 16}">${escapeXml(panel.name)}</text>`];
  for (const { value, label } of y.ticks) {
    parts.push(`<line class="grid" x1="${left}" x2="${right}" y1="${py(value)}" y2="${py(value)}"/>`);
    parts.push(`<text class="right" x="${left - 8}" y="${py(value) + 4}">${label}</text>`);
  }
  parts.push(`<line class="axis" x1="${left}" x2="${right}" y1="${bottom}" y2="${bottom}"/>`);
  for (const { value, label } of x.ticks) {
    parts.push(`<text class="middle" x="${px(value)}" y="${bottom + 18}">${label}</text>`);
  }
  parts.push(`<text class="right" x="${right}" y="${bottom + 34}">epoch</text>`);
  for (const { css, points } of curves) {
    const places = points.map(([epoch, value]) => [px(epoch), py(value)] as const);
    const path = places.map((place) => place.join(',')).join(' ');
    if (places.length > 1) parts.push(`<polyline class="${css} line" points="${path}"/>`);
    const [endX, endY] = places[places.length - 1];
    parts.push(`<circle class="${css} dot" cx="${endX}" cy="${endY}" r="3.5"/>`);
  }
  if (hover) {
    for (const { name, points } of curves) {
      if (points.length > mostHovered) continue;
      for (const [epoch, value] of points) {
        const text = escapeXml(`${name}, epoch ${epoch}: ${format(value)}`);
        parts.push(
          `<circle class="hit" cx="${px(epoch)}" cy="${py(value)}" r="6"><title>${text}</title></circle>`,
        );
      }
    }
  }
  const lines = curves.map(({ name, css, points }) => ({ name, css, value: format(points.at(-1)![1]) }));
  return [...parts, ...keySvg(lines, { top: axesHeight, width: panelWidth })].join('\n');
}

/** What the curves of a panel are at a place of it. */
export interface Readout {
  /** In the units of the picture, for a line there. */
  readonly x: number;
  readonly top: number;
  readonly bottom: number;
  readonly epoch: string;
  readonly lines: readonly { readonly name: string; readonly css: string; readonly value: string }[];
}

/** Points this near to each other in x are told together. */
const together = 4;

/** The points nearest to `at`, from the left of the panel; undefined where there is none. */
export function readout(panel: Panel, at: number): Readout | undefined {
  const { curves, px, format } = layout(panel);
  const distance = (x: number) => Math.abs(px(x) - at);
  const nearest = curves.map(({ points }) =>
    points.reduce((best, point) => (distance(point[0]) < distance(best[0]) ? point : best)),
  );
  if (nearest.length === 0) return undefined;
  const [epoch] = nearest.reduce((best, point) => (distance(point[0]) < distance(best[0]) ? point : best));
  const lines = curves.flatMap(({ name, css }, i) => {
    const [x, value] = nearest[i];
    return Math.abs(px(x) - px(epoch)) > together ? [] : [{ name, css, value: format(value) }];
  });
  return { x: px(epoch), top: plot.top, bottom: plot.bottom, epoch: String(Number(epoch.toFixed(2))), lines };
}

function percent(value: number): string {
  return `${(100 * value).toFixed(2)} %`;
}

function significant(value: number): string {
  if (value !== 0 && Math.abs(value) < 1e-4) return value.toExponential(1).replace('.0e', 'e');
  return value === 0 ? '0' : value.toPrecision(3);
}

function round(value: number): number {
  return Math.round(10 * value) / 10;
}
