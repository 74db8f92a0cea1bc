/** The report of a run: one HTML file, no script, no network. */
import { besideArticle } from '../plots/article.js';
import { chartStyle, chartSvg } from '../plots/chart.js';
import { type CurvePoint, curvesChart, curvesNote } from '../plots/curves.js';
import { asset } from './assets.js';
import { escapeHtml } from './explain-page.js';

export interface ReportFacts {
  readonly title: string;
  readonly summary: string;
  readonly epochs: readonly (CurvePoint & {
    readonly seconds: number;
    readonly lr: number;
    readonly imagesPerSecond: number;
  })[];
  /** What the checkpoint does on the test images; undefined where they are not to be had. */
  readonly test: ReportedTest | undefined;
  /** Why there is no `test`. */
  readonly missing?: string;
  /** That the run ended at the loss of guessing, and what to try. */
  readonly warning?: string;
  /** Only the times of LeNet-5 stand beside the article's. */
  readonly isLenet5: boolean;
  /** Of the first convolution, and what they are in words; none for a net without one. */
  readonly filters: readonly Picture[];
  readonly filtersText: string;
  /** Configuration, data, machine: names and values in groups. */
  readonly details: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

export interface ReportedTest {
  readonly images: number;
  readonly loss: number;
  /** Absent where none is right or wrong. */
  readonly accuracy?: number | undefined;
  readonly confusion: readonly (readonly number[])[];
  readonly classNames: readonly string[];
  readonly mistakes: readonly (Picture & {
    readonly label: number;
    readonly predicted: number;
    readonly confidence: number;
  })[];
}

/** A PNG as a data URI. */
export interface Picture {
  readonly png: string;
  readonly caption: string;
  readonly width: number;
  readonly height: number;
}

export function reportPage(facts: ReportFacts): string {
  const { title, summary, epochs, test, missing, warning, filters, filtersText, details } = facts;
  const last = epochs.at(-1);
  const sections = [
    warning === undefined ? '' : `<p class="warning">Warning: ${escapeHtml(warning)}</p>`,
    cards(facts),
    last === undefined ? '' : section('Loss and accuracy', `${charts(title, epochs)}${epochTable(facts)}`),
    filters.length === 0
      ? ''
      : section(
          'Filters of the first convolution',
          `<p class="soft">${escapeHtml(filtersText)}. Orange weighs positive, blue negative.</p><div class="pictures">${filters.map((one) => pictureHtml(one, 12)).join('')}</div>`,
        ),
    test === undefined
      ? section('Test images', `<p>${escapeHtml(missing ?? 'not evaluated')}</p>`)
      : testSections(test),
    ...Object.entries(details).map(([name, values]) => section(name, definitionTable(values))),
  ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>${escapeHtml(title)}</title>
<style>
${asset('page.css')}${chartStyle}
</style>
</head>
<body>
<header><div><h1>${escapeHtml(title)}</h1><p class="soft">${escapeHtml(summary)}</p></div></header>
<main>
${sections.filter((text) => text !== '').join('\n')}
</main>
</body>
</html>
`;
}

/** A picture for each panel: on a phone they stand below each other. */
function charts(title: string, epochs: ReportFacts['epochs']): string {
  const { panels, description } = curvesChart(title, epochs);
  const svgs = panels.map((panel) =>
    chartSvg({ description: `${description}: ${panel.name}`, panels: [panel] }, { style: false }),
  );
  return `<p class="soft">${escapeHtml(curvesNote)}</p><div class="charts">${svgs.join('')}</div>`;
}

function section(title: string, body: string): string {
  return `<section><h2>${escapeHtml(title)}</h2>${body}</section>`;
}

function cards({ epochs, test, isLenet5 }: ReportFacts): string {
  const last = epochs.at(-1);
  const tested =
    test === undefined ? (last === undefined ? '' : `after epoch ${last.epoch}`) : 'of the checkpoint';
  const loss = test?.loss ?? last?.testLoss;
  const figures: [name: string, value: string, note: string][] = [
    ['test accuracy', percent(test?.accuracy ?? last?.testAccuracy), tested],
    ['test loss', loss === undefined ? '-' : loss.toPrecision(4), tested],
    ['epochs', String(last?.epoch ?? 0), ''],
    ['seconds an epoch', ...medianTime(epochs, isLenet5)],
  ];
  const card = ([name, value, note]: (typeof figures)[number]) =>
    `<div><dt>${name}</dt><dd>${value}</dd><dd class="note">${note}</dd></div>`;
  return `<dl class="cards">${figures.map(card).join('')}</dl>`;
}

function medianTime(epochs: ReportFacts['epochs'], isLenet5: boolean): [value: string, note: string] {
  const middle = [...epochs].sort((a, b) => a.seconds - b.seconds)[epochs.length >> 1];
  if (middle === undefined) return ['-', ''];
  const { seconds, imagesPerSecond } = middle;
  const images = isLenet5 ? Math.round(seconds * imagesPerSecond) : 0;
  return [seconds.toFixed(2), `median${besideArticle(seconds, images)}`];
}

function epochTable({ epochs }: ReportFacts): string {
  const rows = epochs.map(({ epoch, loss, trainAccuracy, testLoss, testAccuracy, seconds, lr }) => [
    String(epoch),
    loss.toPrecision(4),
    percent(trainAccuracy),
    testLoss?.toPrecision(4) ?? '-',
    percent(testAccuracy),
    seconds.toFixed(2),
    lr.toPrecision(3),
  ]);
  const head = ['epoch', 'loss', 'train', 'test loss', 'test', 'seconds', 'last lr'];
  return `<details><summary>All epochs</summary><div class="scroll" tabindex="0">${table(head, rows)}</div></details>`;
}

function testSections({ images, confusion, classNames, mistakes }: ReportedTest): string {
  const rows = confusion.map((row, label) => {
    const total = row.reduce((a, b) => a + b, 0);
    const cells = row.map((count, predicted) => {
      const kind = predicted === label ? 'right' : count > 0 ? 'wrong' : 'soft';
      const heat = (0.45 * Math.sqrt(count / Math.max(1, total))).toFixed(3);
      return `<td class="${kind}" style="background:rgba(var(--heat),${heat})">${count === 0 ? '&#183;' : count}</td>`;
    });
    const share = total === 0 ? '-' : percent(row[label] / total);
    const name = escapeHtml(classNames[label]);
    return `<tr><th scope="row">${name}</th>${cells.join('')}<td>${total}</td><td>${share}</td></tr>`;
  });
  const head = [...classNames, 'images', 'accuracy'].map(
    (name) => `<th scope="col">${escapeHtml(name)}</th>`,
  );
  const matrix =
    `<p class="soft">Rows: what the ${images} test images show. Columns: what they are taken for.</p>` +
    `<div class="scroll" tabindex="0"><table><thead><tr><td></td>${head.join('')}</tr></thead><tbody>${rows.join('')}</tbody></table></div>`;
  const pictures = mistakes.map((one) => pictureHtml(one, 2)).join('');
  return (
    section('Confusion matrix and accuracy of each class', matrix) +
    section('Worst mistakes', pictures === '' ? '<p>None</p>' : `<div class="mistakes">${pictures}</div>`)
  );
}

function pictureHtml({ png, caption, width, height }: Picture, scale: number): string {
  const text = escapeHtml(caption);
  const size = `width="${width * scale}" height="${height * scale}"`;
  return `<figure><img src="${png}" ${size} alt="${text}" style="image-rendering:pixelated"><figcaption>${text}</figcaption></figure>`;
}

function definitionTable(values: Readonly<Record<string, string>>): string {
  const rows = Object.entries(values).map(
    ([name, value]) =>
      `<tr><th scope="row" style="text-align:left">${escapeHtml(name)}</th><td style="text-align:left">${escapeHtml(value)}</td></tr>`,
  );
  return `<div class="scroll" tabindex="0"><table>${rows.join('')}</table></div>`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = (values: readonly string[], tag: string) =>
    values.map((value) => `<${tag}>${escapeHtml(value)}</${tag}>`).join('');
  return `<table><thead><tr>${cells(head, 'th')}</tr></thead><tbody>${rows.map((row) => `<tr>${cells(row, 'td')}</tr>`).join('')}</tbody></table>`;
}

function percent(share: number | undefined): string {
  return share === undefined ? '-' : `${(100 * share).toFixed(2)} %`;
}
