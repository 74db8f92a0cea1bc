/** `rownet data list`: the data sets that are known by name. */
import { knownSets } from '../../data/known-sets.js';
import { probeData } from './known-data.js';
import type { OptionsOf } from '../options/commands.js';
import { print, printJson } from '../terminal/output.js';
import { formatList } from '../terminal/table.js';
import { lineWidth } from '../terminal/width.js';

export async function dataList(options: OptionsOf<'data list'>): Promise<void> {
  const sets = knownSets.map(({ name, title }) => ({ name, title, ...probeData(name) }));
  if (options.json) {
    for (const set of sets) printJson(set);
    return;
  }
  const width = Math.max(...sets.map(({ name }) => name.length));
  const items = sets.map(({ name, title, folder }): [string, string] => [
    `${name.padEnd(width)}  ${title}`,
    folder ?? `not found; to get it: rownet data get ${name}`,
  ]);
  for (const line of formatList(items, lineWidth(process.stdout))) print(line);
}
