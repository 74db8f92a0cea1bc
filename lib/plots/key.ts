/** The key of a panel: a line of its own for every curve, with its stroke, name and last value. */
import { escapeXml, shorten, textWidth } from './text.js';

/** A curve by its name, the classes of its line, and its last value. */
export interface KeyLine {
  readonly name: string;
  readonly css: string;
  readonly value: string;
}

const margin = 16;
const rowHeight = 18;
const strokeWidth = 26;
/** Room for `99.21 %`, at the right. */
const valueWidth = 64;

/** Two short names stand in one row: `train` and `test`. */
function columnsOf(names: readonly { readonly name: string }[], width: number): number {
  const fit = names.every(({ name }) => textWidth(name) <= nameWidth(width / 2 - margin));
  return names.length === 2 && fit ? 2 : 1;
}

const nameWidth = (column: number) => column - strokeWidth - 8 - valueWidth;

export function keyHeight(lines: readonly { readonly name: string }[], width: number): number {
  return Math.ceil(lines.length / columnsOf(lines, width)) * rowHeight + margin;
}

/** @param place `top` of the key and `width` of its panel. */
export function keySvg(lines: readonly KeyLine[], { top, width }: { top: number; width: number }): string[] {
  const columns = columnsOf(lines, width);
  const column = (width - 2 * margin) / columns;
  const room = nameWidth(column);
  return lines.map(({ name, css, value }, i) => {
    const x = margin + (i % columns) * column;
    const y = top + Math.floor(i / columns) * rowHeight;
    const short = shorten(name, room);
    // Where the guess of its width fails, a name ends at the edge of its own picture.
    return (
      `<g><title>${escapeXml(name)}</title>` +
      `<line class="${css} line" x1="${x}" x2="${x + strokeWidth - 8}" y1="${y + 9}" y2="${y + 9}"/>` +
      `<svg x="${x + strokeWidth}" y="${y}" width="${room}" height="${rowHeight}"><text x="0" y="13">${escapeXml(short)}</text></svg>` +
      (columns === 1
        ? `<text class="right" x="${x + column}" y="${y + 13}">${escapeXml(value)}</text>`
        : `<text x="${x + strokeWidth + textWidth(short) + 8}" y="${y + 13}">${escapeXml(value)}</text>`) +
      '</g>'
    );
  });
}
