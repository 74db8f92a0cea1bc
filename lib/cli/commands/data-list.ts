/** `rownet data list`: the data sets that are known by name. */
import { knownSets } from '../../data/registry.js';
import { probeData } from '../known-data.js';
import type { OptionsOf } from '../options.js';
import { print, printJson } from '../output.js';
import { printable } from '../printable.js';

export async function dataList(options: OptionsOf<'data list'>): Promise<void> {
  const sets = knownSets.map(({ name, title }) => ({ name, title, ...probeData(name) }));
  if (options.json) {
    for (const set of sets) printJson(set);
    return;
  }
  const width = (key: 'name' | 'title') => Math.max(...sets.map((set) => set[key].length));
  for (const { name, title, folder } of sets) {
    const place = folder ?? `not found; to get it: rownet data get ${name}`;
    print(`${name.padEnd(width('name'))}  ${title.padEnd(width('title'))}  ${printable(place)}`);
  }
}
