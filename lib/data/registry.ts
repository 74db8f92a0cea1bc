/** Where data sets are looked for: those that are known by name, and folders. Nothing is downloaded here. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { DataError } from '../errors.js';
import { type ClassFolders, findClassFolders } from './class-folders.js';
import { type CifarLocation, cifarArchive, findCifar } from './cifar-files.js';
import { namesIn } from './folders.js';
import { findIdxFiles, type IdxFiles, partFiles } from './idx-files.js';
import { type IdxKnownSet, type KnownSet, knownSets } from './known-sets.js';
import { findTables, type TableLocation, tableFile } from './table-files.js';

/** The name of a known set, or the path made absolute, so that the data is found from anywhere. */
export function absoluteName(nameOrFolder: string, cwd = process.cwd()): string {
  return knownSets.some(({ name }) => name === nameOrFolder) ? nameOrFolder : resolve(cwd, nameOrFolder);
}

type Environment = Readonly<Record<string, string | undefined>>;

export interface LocateOptions {
  /** Environment variables. Default: those of the process. */
  readonly env?: Environment;
  /** Where relative paths and npm packages are looked for. Default: the working directory. */
  readonly cwd?: string;
  /** The network is not to be used: errors then do not propose a download. */
  readonly offline?: boolean;
  /** Leave out class folders without images, in place of an error. */
  readonly skipEmptyClasses?: boolean;
}

/** The four files of a set that is asked for by name, or of a folder. */
export interface IdxLocation extends IdxFiles {
  readonly kind: 'idx';
  /** The set that was asked for by name; undefined for a folder. */
  readonly set: IdxKnownSet | undefined;
}

/** A folder with class folders. */
export interface ClassLocation {
  readonly kind: 'classes';
  readonly folder: string;
  readonly classes: ClassFolders;
}

export type Location = IdxLocation | CifarLocation | ClassLocation | TableLocation;

/**
 * The folder where downloaded data sets are kept: `$XDG_CACHE_HOME/rownet`, else `~/Library/Caches/rownet` on macOS,
 * `~/.cache/rownet` elsewhere. It need not exist.
 */
export function cacheFolder(env: Environment = process.env): string {
  const xdg = env.XDG_CACHE_HOME;
  // A relative path is to be ignored, says the XDG Base Directory Specification.
  if (xdg !== undefined && isAbsolute(xdg)) return join(xdg, 'rownet');
  const home = env.HOME || homedir();
  return process.platform === 'darwin'
    ? join(home, 'Library', 'Caches', 'rownet')
    : join(home, '.cache', 'rownet');
}

/** Where system packages put data, by the XDG Base Directory Specification: relative paths in it are ignored. */
export function dataFolders({ XDG_DATA_DIRS }: Environment): string[] {
  return (XDG_DATA_DIRS || '/usr/local/share:/usr/share').split(':').filter(isAbsolute);
}

/**
 * Where `rownet data get` puts a set, and `locate` finds it: `$ROWNET_DATA_DIR/<name>`, else that in the cache folder.
 */
export function downloadFolder(
  name: string,
  { env = process.env, cwd = process.cwd() }: LocateOptions = {},
): string {
  const dataFolder = env.ROWNET_DATA_DIR;
  return join(dataFolder ? resolve(cwd, dataFolder) : cacheFolder(env), name);
}

/** The data folder of an installed npm package, seen from `cwd` or else from rownet itself. */
function npmFolder(packageName: string, folder: string, cwd: string): string | undefined {
  for (const from of [join(cwd, 'package.json'), import.meta.url]) {
    try {
      return join(dirname(createRequire(from).resolve(`${packageName}/package.json`)), folder);
    } catch {
      // Not installed there, which is no error: the next place is tried.
    }
  }
  return undefined;
}

/** The folders to look into for a known set, in order, each with the words that describe it in an error. */
function places(set: KnownSet, env: Environment, cwd: string): { text: string; folder?: string }[] {
  const result: { text: string; folder?: string }[] = [];
  const add = (folder: string, text = folder) => result.push({ text, folder });
  // All sets of IDX files have the same names: without checksums, only a folder's name tells them apart.
  const anyFolder = set.kind === 'cifar' || set.sha256 !== undefined;
  const dataFolder = env.ROWNET_DATA_DIR;
  if (dataFolder === undefined || dataFolder === '') {
    result.push({ text: '$ROWNET_DATA_DIR (not set)' });
  } else {
    const absolute = resolve(cwd, dataFolder);
    add(join(absolute, set.name), `$ROWNET_DATA_DIR/${set.name} (${join(absolute, set.name)})`);
    if (anyFolder) add(absolute, `$ROWNET_DATA_DIR (${absolute})`);
  }
  const cache = cacheFolder(env);
  add(join(cache, set.name));
  if (anyFolder) add(cache);
  if (set.npmPackage !== undefined) {
    const { name, folder } = set.npmPackage;
    const installed = npmFolder(name, folder, cwd);
    if (installed === undefined) result.push({ text: `npm package ${name} (not installed)` });
    else add(installed);
  }
  for (const folder of set.systemFolders) {
    for (const data of dataFolders(env)) add(join(data, folder));
  }
  return result;
}

/**
 * Finds the files of a data set. A known name is looked for in `$ROWNET_DATA_DIR`, the cache folder (in both
 * also in a subfolder of that name), an installed npm package, system folders; anything else is a folder, of IDX files or
 * of class folders.
 * @throws DataError if it is nowhere (with every place looked at, and what to do), or if a folder has only some of the
 * files or cannot be read
 */
export function locate(nameOrFolder: string, options: LocateOptions = {}): Location {
  const { env = process.env, cwd = process.cwd() } = options;
  const set = knownSets.find((known) => known.name === nameOrFolder);
  if (set === undefined) return locateFolder(nameOrFolder, cwd, options);
  const tried = places(set, env, cwd);
  for (const { folder } of tried) {
    if (folder === undefined) continue;
    const found = findSet(set, folder);
    if (found !== undefined) return found;
  }
  const texts = tried.map(({ text }) => text).join(', ');
  const download = options.offline ? '' : `run \`rownet data get ${set.name}\`, or `;
  throw new DataError(
    `data: ${set.name}: ${set.title} is in none of: ${texts}. Hint: ${download}${set.hint}`,
  );
}

function findSet(set: KnownSet, folder: string): Location | undefined {
  const where = `data: ${set.name}`;
  if (set.kind === 'cifar') return findCifar(where, folder, set);
  const found = findIdxFiles(where, folder, '');
  return found === undefined ? undefined : { kind: 'idx', set, ...found };
}

function locateFolder(path: string, cwd: string, options: LocateOptions): Location {
  const folder = resolve(cwd, path);
  const known = knownSets.map(({ name }) => `"${name}"`).join(', ');
  const names = path === '' ? undefined : namesIn('data', folder);
  if (names === undefined) {
    const prefixed = path === '' ? undefined : findIdxFiles('data', dirname(folder), basename(folder));
    if (prefixed !== undefined) return { kind: 'idx', set: undefined, ...prefixed };
    const exists = path !== '' && existsSync(folder);
    const archive = exists ? cifarArchive(folder) : undefined;
    if (archive !== undefined) return archive;
    const table =
      path === '' ? undefined : exists ? tableFile(folder) : findTables(dirname(folder), basename(folder));
    if (table !== undefined) return table;
    throw new DataError(
      `data: ${path}: expected a folder but received ${exists ? 'a file' : 'a path where there is none'}. ` +
        `Hint: pass ${known}, a folder with the four IDX files, of class folders or with train.csv, or a .csv or ` +
        '.npz file',
    );
  }
  const found = findIdxFiles('data', folder);
  if (found !== undefined) return { kind: 'idx', set: undefined, ...found };
  const cifar = findCifar('data', folder, undefined);
  if (cifar !== undefined) return cifar;
  const classes = findClassFolders(folder, options.skipEmptyClasses ?? false);
  if (classes !== undefined) return { kind: 'classes', folder, classes };
  const table = findTables(folder);
  if (table !== undefined) return table;
  throw new DataError(
    `data: ${path}: the folder has none of ${Object.values(partFiles).join(', ')}, no folders of images, and no ` +
      'train.csv. Hint: the four files may also be gzipped (.gz); images are PNG or JPEG, in a folder a class',
  );
}
