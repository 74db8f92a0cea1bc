// The results as the Markdown table of docs/library.md.

const percent = (share) => `${Number((100 * share).toFixed(2))} %`;

function middle(list) {
  const sorted = [...list].sort((a, b) => a - b);
  const half = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

function row({ net, data, train, pynet }, { epochs, runs }) {
  const accuracies = runs.map(({ accuracy }) => accuracy);
  const theirs = pynet === undefined ? 'none' : `${percent(pynet.accuracy)} (${pynet.source})`;
  const lowest = Math.min(...accuracies);
  const seeds = runs.length === 1 ? `${runs[0].seed}` : `${runs[0].seed}-${runs.at(-1).seed}`;
  const figures = [epochs.toLocaleString('en'), theirs, percent(middle(accuracies)), percent(lowest), seeds];
  return `| ${[net, data, train, ...figures].join(' | ')} |`;
}

/**
 * @param cases those of cases.mjs, a line each where there is a result.
 * @param results those of results.json.
 */
export function table(cases, results) {
  const head = ['net', 'data', 'trained as', 'epochs', "PyNet's", 'rownet: median', 'lowest', 'seeds'];
  const rows = cases.flatMap((one) =>
    results.filter(({ name }) => name === one.name).map((result) => row(one, result)),
  );
  return [`| ${head.join(' | ')} |`, `|${' --- |'.repeat(head.length)}`, ...rows].join('\n');
}
