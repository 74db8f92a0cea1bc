// Draws the article's published loss curve beside runs of ours: docs/article-loss.svg, and their figures:
// docs/article-loss.json.
//
//   rownet train --recipe article --epochs 25 --seed 1 --out runs/article-1     (and 2, ...)
//   node benchmarks/article/curve.mjs runs/article-1 runs/article-2
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '..', '..');
const folders = process.argv.slice(2);
if (folders.length === 0) {
  console.error('usage: node benchmarks/article/curve.mjs RUN_FOLDER...');
  process.exit(2);
}

const published = JSON.parse(readFileSync(join(here, 'published-loss.json'), 'utf8'));
const runs = folders.map((folder) => {
  const { seed } = JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8'));
  const epochs = readFileSync(join(folder, 'metrics.jsonl'), 'utf8').trim().split('\n');
  const records = epochs.map((line) => JSON.parse(line));
  return {
    seed,
    loss: records.map(({ loss }) => loss),
    testAccuracy: records.map(({ testAccuracy }) => testAccuracy),
  };
});
const epochs = Math.max(...runs.map(({ loss }) => loss.length));
const curves = [
  { name: 'the article (NumPy)', css: 'article', loss: published.loss.slice(0, epochs) },
  ...runs.map(({ seed, loss }, index) => ({ name: `rownet, seed ${seed}`, css: `run${index % 2}`, loss })),
];

const box = { left: 64, right: 700, top: 56, bottom: 330, width: 860, height: 376 };
const decades = { low: -2, high: Math.log10(4) };
const x = (epoch) => box.left + ((box.right - box.left) * (epoch - 1)) / Math.max(1, epochs - 1);
const y = (loss) =>
  box.bottom -
  ((box.bottom - box.top) * (Math.max(decades.low, Math.log10(loss)) - decades.low)) /
    (decades.high - decades.low);
const point = ([epoch, loss]) => `${x(epoch).toFixed(1)},${y(loss).toFixed(1)}`;
const text = (at, line, content, css = '') => `<text class="${css}" x="${at}" y="${line}">${content}</text>`;

const grid = [0.01, 0.03, 0.1, 0.3, 1, 2.3].map(
  (loss) =>
    `<line class="grid" x1="${box.left}" x2="${box.right}" y1="${y(loss)}" y2="${y(loss)}"/>` +
    text(box.left - 8, y(loss) + 4, loss, 'end'),
);
const ticks = Array.from({ length: epochs }, (_, index) => index + 1).filter(
  (epoch) => epoch === 1 || epoch % 5 === 0,
);
// Names stand at the right, in the order of the curves' ends, 18 units apart.
const ends = curves
  .map((curve) => ({ ...curve, end: y(curve.loss.at(-1)) }))
  .sort((a, b) => a.end - b.end)
  .map((curve, index, all) => ({
    ...curve,
    line: Math.min(all[0].end, box.bottom - 18 * all.length) + 18 * index,
  }));
const svg = [
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${box.width} ${box.height}" width="${box.width}" height="${box.height}" role="img">`,
  `<title>Training loss of LeNet-5 by the article's recipe</title>`,
  `<style>
  text { font: 12px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; fill: #52514e }
  .end { text-anchor: end } .middle { text-anchor: middle } .strong { font-weight: 600; font-size: 14px; fill: #0b0b0b }
  .paper { fill: #fcfcfb } .grid { stroke: #e4e3df } polyline { fill: none; stroke-width: 2; stroke-linejoin: round }
  polyline.article { stroke: #6b6a64; stroke-dasharray: 5 4 } polyline.run0 { stroke: #2a78d6 } polyline.run1 { stroke: #c2500f }
  text.article { fill: #52514e } text.run0 { fill: #1f63b5 } text.run1 { fill: #a8430a }
  @media (prefers-color-scheme: dark) {
    text { fill: #c3c2b7 } .paper { fill: #1a1a19 } .strong { fill: #ffffff } .grid { stroke: #34342f }
    polyline.article { stroke: #a5a49c } polyline.run0 { stroke: #5b9df0 } polyline.run1 { stroke: #ef8a4c }
    text.article { fill: #c3c2b7 } text.run0 { fill: #7db3f5 } text.run1 { fill: #f3a271 }
  }</style>`,
  `<rect class="paper" width="${box.width}" height="${box.height}" rx="6"/>`,
  text(16, 28, "Training loss by the article's recipe, mean of each epoch (logarithmic)", 'strong'),
  ...grid,
  ...ticks.map((epoch) => text(x(epoch), box.bottom + 20, epoch, 'middle')),
  text((box.left + box.right) / 2, box.bottom + 38, 'epoch', 'middle'),
  ...curves.map(
    ({ css, loss }) =>
      `<polyline class="${css}" points="${loss.map((value, index) => point([index + 1, value])).join(' ')}"/>`,
  ),
  ...ends.map(({ name, css, line }) => text(box.right + 8, line + 4, name, css)),
  '</svg>',
  '',
].join('\n');
writeFileSync(join(root, 'docs', 'article-loss.svg'), svg);
writeFileSync(
  join(root, 'docs', 'article-loss.json'),
  `${JSON.stringify({ published: published.source, runs })}\n`,
);
for (const { seed, loss, testAccuracy } of runs) {
  const plateau = loss.filter((value) => value > 2.25).length;
  console.log(
    `seed ${seed}: above 2.25 for ${plateau} epochs, ${loss.at(-1).toFixed(4)} after ${loss.length}, ` +
      `test accuracy ${(100 * testAccuracy.at(-1)).toFixed(2)} %`,
  );
}
