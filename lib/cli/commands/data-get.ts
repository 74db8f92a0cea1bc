/** `rownet data get`: downloads the files of a data set. */
import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { downloadFile } from '../../data/download.js';
import { type KnownSet, knownSets } from '../../data/known-sets.js';
import { downloadFolder } from '../../data/registry.js';
import { type SetFile, setFiles } from '../../data/set-files.js';
import { DataError } from '../../errors.js';
import { makeFolder, writeFileAtomic } from '../../formats/atomic-file.js';
import { UsageError } from '../exit.js';
import type { OptionsOf } from '../options/commands.js';
import { print, printJson } from '../terminal/output.js';
import { printable } from '../terminal/printable.js';
import { createDownloadReporter } from '../terminal/progress.js';
import { listenForStop, stopExitCode } from '../terminal/signals.js';

/** A file in the folder; `from` is null for one that was there already. */
interface FileReport {
  readonly file: string;
  readonly bytes: number;
  readonly from: string | null;
}

/** Runs the command. A stop by a signal sets `process.exitCode`; every other failure is thrown. */
export async function dataGet(name: string, options: OptionsOf<'data get'>): Promise<void> {
  const set = setOf(name);
  const mirrors = mirrorsOf(set, process.env.ROWNET_DATA_MIRROR);
  const folder = options.out === undefined ? downloadFolder(set.name) : resolve(options.out);
  const present = new Map(setFiles(set).map((file) => [file, presentFile(set, file, folder)] as const));
  if (options.offline) checkComplete(set, folder, present);
  const stop = listenForStop();
  const reporter = createDownloadReporter(options.quiet ?? false);
  try {
    const files: FileReport[] = [];
    for (const [part, file] of present) {
      if (file !== undefined) {
        files.push({ file, bytes: statSync(join(folder, file)).size, from: null });
        reporter.log(`${file}: is there already`);
        continue;
      }
      const { packed } = part;
      const download = await downloadFile(set, part, {
        mirrors,
        signal: stop.signal,
        onProgress: (progress) => reporter.update({ ...progress, file: packed }),
      });
      write(folder, packed, download.bytes);
      files.push({ file: packed, bytes: download.bytes.length, from: download.from });
      reporter.log(`${packed}: from ${printable(download.from)}`);
    }
    if (options.json) printJson({ name: set.name, folder, files });
    else print(`${set.title} is in ${printable(folder)}`);
    if (options.out !== undefined) reporter.log(`To use it: --data ${printable(options.out)}`);
  } catch (error) {
    const cause = stop.cause();
    if (cause === undefined) throw error;
    reporter.log(`Stopped by ${cause}; files that were complete are kept`);
    const code = stopExitCode(cause);
    if (code !== undefined) process.exitCode = code;
  } finally {
    reporter.clear();
    stop.dispose();
  }
}

function setOf(name: string): KnownSet {
  const set = knownSets.find((known) => known.name === name);
  if (set !== undefined) return set;
  const names = knownSets.map((known) => known.name).join(', ');
  throw new UsageError(`data get: expected one of ${names} but received "${name}"`);
}

/** `ROWNET_DATA_MIRROR` takes the place of all of a set's own mirrors; it holds a folder for each set. */
function mirrorsOf(set: KnownSet, base: string | undefined): readonly string[] {
  if (base === undefined || base === '') return set.mirrors;
  if (/^https?:\/\//.test(base) && URL.canParse(base)) return [`${base.replace(/\/*$/, '/')}${set.name}/`];
  throw new UsageError(
    `data get: ROWNET_DATA_MIRROR: expected an address that starts with http:// or https:// but received "${base}"`,
  );
}

/** The name that would be read as the file, if it is the right one. */
function presentFile(set: KnownSet, file: SetFile, folder: string): string | undefined {
  const name = file.candidates.find((candidate) => existsSync(join(folder, candidate)));
  if (name === undefined) return undefined;
  try {
    file.checkFile(join(folder, name));
    return name;
  } catch (cause) {
    if (!(cause instanceof DataError)) throw cause;
    // A download replaces a gzipped file, or comes before it.
    if (name.endsWith('.gz')) return undefined;
    throw new DataError(
      `data get: ${join(folder, name)}: expected the file of ${set.title} but received another or a damaged one. ` +
        'Hint: it would be read in place of a download: move it away, or choose another folder (--out)',
      { cause },
    );
  }
}

function checkComplete(
  set: KnownSet,
  folder: string,
  present: ReadonlyMap<SetFile, string | undefined>,
): void {
  const missing = [...present].filter(([, found]) => found === undefined).map(([{ name }]) => name);
  if (missing.length === 0) return;
  throw new DataError(
    `data get: --offline: expected ${set.title} in ${folder} but these are missing or damaged: ` +
      `${missing.join(', ')}. Hint: leave --offline out to download them`,
  );
}

function write(folder: string, name: string, bytes: Uint8Array): void {
  makeFolder('data get', folder);
  writeFileAtomic(join(folder, name), bytes);
}
