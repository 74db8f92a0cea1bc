// The bar chart of a result, as SVG: three panels of bars, in the colours that the reader's system prefers.

const box = { width: 860, left: 240, right: 690, row: 24, bar: 15, top: 64, heading: 34, gap: 20 };

const panels = [
  {
    title: 'Training, seconds an epoch: shorter is better',
    value: ({ secondsPerEpoch }) => secondsPerEpoch,
    write: (value) => (value < 10 ? value.toFixed(2) : value.toFixed(1)),
    best: 'least',
  },
  {
    title: 'Inference at batch 128, images a second: longer is better',
    value: ({ imagesPerSecond }) => imagesPerSecond,
    write: (value) => Math.round(value).toLocaleString('en-US'),
    best: 'most',
  },
  {
    title: 'Inference of a single image, microseconds: shorter is better',
    value: ({ latency }) => (latency === undefined ? undefined : 1e6 * latency),
    write: (value) => value.toFixed(0),
    best: 'least',
  },
];

/** A bar that is more times as long as the shortest is cut and says so: the others would be no more than lines. */
const longest = 15;

/**
 * @param result as `summarize` of report.mjs makes it
 * @returns the text of an SVG file
 */
export function chart(result) {
  let y = box.top;
  const drawn = panels.map((panel) => {
    const { svg, height } = drawPanel(panel, result, y);
    y += height + box.gap;
    return svg;
  });
  const { threads, cpu } = result.machine;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${box.width} ${y}" width="${box.width}" height="${y}" role="img">`,
    `<title>LeNet-5 in rownet and in other systems</title>`,
    `<style>
  text { font: 12px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; fill: #52514e }
  .end { text-anchor: end } .strong { font-weight: 600; fill: #0b0b0b } .title { font-size: 14px }
  .paper { fill: #fcfcfb } .axis { stroke: #c9c8c2 } .bar { fill: #a9a79f } .own { fill: #2a78d6 }
  .break { stroke: #fcfcfb; stroke-width: 3; fill: none }
  @media (prefers-color-scheme: dark) {
    text { fill: #c3c2b7 } .strong { fill: #ffffff } .paper { fill: #1a1a19 } .axis { stroke: #4a4a44 }
    .bar { fill: #78776f } .own { fill: #5b9df0 } .break { stroke: #1a1a19 }
  }</style>`,
    `<rect class="paper" width="${box.width}" height="${y}" rx="6"/>`,
    text(16, 28, 'LeNet-5 in rownet and in other systems', 'strong title'),
    text(16, 47, escapeXml(`${cpu}, ${threads} thread${threads > 1 ? 's' : ''}; medians`)),
    ...drawn,
    '</svg>',
    '',
  ].join('\n');
}

function drawPanel({ title, value, write, best }, { machine, net }, top) {
  const rows = net
    .map((one) => ({ one, amount: value(one) }))
    .filter(({ amount }) => amount !== undefined)
    .sort((a, b) => (best === 'least' ? a.amount - b.amount : b.amount - a.amount));
  const amounts = rows.map(({ amount }) => amount);
  // Where more is better the longest bar is the point.
  const limit = best === 'most' ? Number.POSITIVE_INFINITY : longest * Math.min(...amounts);
  const whole = amounts.filter((amount) => amount <= limit);
  const cut = whole.length < amounts.length;
  // A cut bar ends where the scale does, beyond all others.
  const scale = (box.right - box.left) / (Math.max(...whole) * (cut ? 1.2 : 1));
  const bars = rows.flatMap(({ one, amount }, index) => {
    const y = top + box.heading - 14 + index * box.row;
    const width = amount <= limit ? Math.max(1, amount * scale) : box.right - box.left;
    const middle = y + box.bar / 2;
    const css = one.name === 'rownet' ? 'strong' : '';
    return [
      text(
        box.left - 8,
        middle + 4,
        escapeXml(`${one.title} ${one.version ?? machine.rownet}`),
        `end ${css}`,
      ),
      `<rect class="${one.name === 'rownet' ? 'own' : 'bar'}" x="${box.left}" y="${y}" width="${width.toFixed(1)}" height="${box.bar}" rx="2"/>`,
      ...(amount <= limit ? [] : [breakMark(box.right - 40, y)]),
      text((box.left + width + 8).toFixed(1), middle + 4, label(one, amount, write), css),
    ];
  });
  const height = box.heading - 14 + rows.length * box.row;
  const axis = `<line class="axis" x1="${box.left}" x2="${box.left}" y1="${top + box.heading - 20}" y2="${top + height}"/>`;
  return { svg: [text(16, top + 8, title, 'strong'), ...bars, axis].join('\n'), height };
}

function label(one, amount, write) {
  return `${write(amount)}${one.name === 'numpy' && amount === one.secondsPerEpoch ? ' (scaled)' : ''}`;
}

/** Two slanted gaps through a bar: it goes on for longer than is drawn. */
function breakMark(x, y) {
  const line = (at) => `<path class="break" d="M${at} ${y + box.bar + 2} l6 ${-box.bar - 4}"/>`;
  return line(x) + line(x + 9);
}

const text = (x, y, content, css = '') => `<text class="${css.trim()}" x="${x}" y="${y}">${content}</text>`;

const escapeXml = (value) => value.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
