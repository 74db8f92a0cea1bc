import { type CommandSpec, json, run, threads } from '../spec.js';
import { nonEmpty } from '../values.js';

export const reportSpec = {
  summary: 'Write a run as one HTML file: curves, confusion, mistakes, filters.',
  examples: [
    ['rownet report', 'of the newest run'],
    ['rownet report runs/mine', 'report.html, curves.svg and curves.png in the run folder'],
    ['rownet report runs/mine --out mine.html', 'the page elsewhere'],
  ],
  arguments: [{ ...run, description: 'a run folder (default: the newest run in runs)' }],
  options: {
    out: {
      flags: '--out <file>',
      description: 'where the page is written',
      fallback: 'report.html in the run folder',
      read: nonEmpty('a file'),
    },
    threads,
    json,
  },
} as const satisfies CommandSpec;
