/** Which run a path means, and what to say of one that means none. */
import { readdirSync, statSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import { DataError } from '../errors.js';
import { readFully, shellWord, statsOf, systemErrorText, withRegularFile } from '../files.js';
import { previousPath } from '../formats/generations.js';
import { foreignFormat } from '../images/foreign.js';
import { editDistance } from '../options.js';
import { checkpointName, runsFolder } from './folder.js';

/**
 * The checkpoint that a path means: itself, or the one in the run folder. A kill may have left only the generation
 * before; `loadGeneration` then finds that.
 * @throws {DataError} that says what else is there, and which run may be meant.
 */
export function checkpointFile(path: string): string {
  if (statsOf(path)?.isDirectory()) {
    const file = join(path, checkpointName);
    if (mayBeRead(file)) return file;
    throw new DataError(`checkpoint: ${path}: ${describeFolder(path)}`);
  }
  const other = describeFile(path);
  if (other !== undefined) throw new DataError(`checkpoint: ${path}: ${other}`);
  if (mayBeRead(path)) return path;
  const near = nearestRun(path);
  throw new DataError(
    `checkpoint: expected a run folder or a checkpoint at ${path} but nothing is there. Hint: ` +
      `${near === undefined ? '' : `did you mean ${near}? `}${listHint(path)}`,
  );
}

/** Whether a folder holds a checkpoint, or the generation before. */
export function isRunFolder(path: string): boolean {
  return statsOf(path)?.isDirectory() === true && mayBeRead(join(path, checkpointName));
}

/** What a word of the command line is, by what stands there, else by its name. */
export type PathKind = 'run' | 'image' | 'unclear';

/** `run` for whatever `checkpointFile` has an answer to. */
export function pathKind(path: string): PathKind {
  const stats = statsOf(path);
  if (stats?.isDirectory()) return 'run';
  const byName = kindByName(path);
  // What is not there is a run, unless it is called like an image.
  if (stats === undefined) return byName === 'unclear' ? 'run' : byName;
  if (!stats.isFile()) return 'unclear';
  const start = startOf(path);
  if (isCheckpoint(start)) return 'run';
  return imageName(start) !== undefined ? 'image' : byName;
}

function kindByName(path: string): PathKind {
  const extension = extname(path).toLowerCase();
  if (checkpointExtensions.includes(extension)) return 'run';
  return imageExtensions.test(extension) ? 'image' : 'unclear';
}

const checkpointExtensions = ['.safetensors', '.npz'];
const imageExtensions = /^\.(png|jpe?g|jfif|webp|avif|hei[cf]|gif|bmp|tiff?|svg|pdf)$/;

/** Bytes that tell what a file is. */
const mostStart = 1024;

/** The first bytes; none of what cannot be read, whose reader then says why. */
function startOf(path: string): Uint8Array {
  try {
    return withRegularFile('checkpoint', path, (file) => {
      const start = new Uint8Array(Math.min(mostStart, file.size));
      return start.subarray(0, readFully(file, start, 0));
    });
  } catch (error) {
    if (error instanceof DataError) return new Uint8Array();
    throw error;
  }
}

/** Safetensors: the length of the header in eight bytes, then the header; npz: a zip file. */
function isCheckpoint(start: Uint8Array): boolean {
  const isSafetensors = start[8] === 0x7b && start.subarray(4, 8).every((byte) => byte === 0);
  return isSafetensors || startsWith(start, 0x50, 0x4b);
}

function startsWith(start: Uint8Array, ...bytes: readonly number[]): boolean {
  return bytes.every((byte, i) => start[i] === byte);
}

function imageName(start: Uint8Array): string | undefined {
  if (startsWith(start, 0x89, 0x50, 0x4e, 0x47)) return 'a PNG picture';
  if (startsWith(start, 0xff, 0xd8, 0xff)) return 'a JPEG picture';
  return foreignFormat(start)?.name;
}

/** What is certainly no checkpoint; undefined for what may be one, a damaged one, or nothing. */
function describeFile(path: string): string | undefined {
  const stats = statsOf(path);
  if (stats === undefined || !stats.isFile() || kindByName(path) === 'run') return undefined;
  const folder = dirname(path);
  if (isRunFolder(folder)) {
    return `expected a checkpoint but received another file of the run in ${folder}. Hint: give the folder`;
  }
  const start = startOf(path);
  if (isCheckpoint(start)) return undefined;
  const name = imageName(start) ?? otherName(start);
  if (name === undefined) return undefined;
  return `expected a run folder or a checkpoint but received ${name}. Hint: ${listHint(path)}`;
}

function otherName(start: Uint8Array): string | undefined {
  if (startsWith(start, 0x1f, 0x8b)) return 'a gzip file';
  if (startsWith(start, 0, 0, 8) && (start[3] === 1 || start[3] === 3)) return 'an IDX file of a data set';
  return undefined;
}

function describeFolder(path: string): string {
  const names = readNames(path);
  const expected = `expected ${checkpointName} in it`;
  const runs = runsIn(path);
  if (runs.length > 0) {
    return (
      `${expected} but received a folder of runs. Hint: name one of them, such as ${runs[0]}; ` +
      `"rownet runs ${shellWord(path)}" lists them`
    );
  }
  if (names.length === 0) return `${expected} but received an empty folder. Hint: ${listHint(path)}`;
  if (names.includes('config.json') && names.includes('metrics.jsonl')) {
    return `${expected} but received a run that has lost it. Hint: train it again`;
  }
  if (names.some((name) => /-(images|labels)[.-]idx[13]-ubyte(\.gz)?$|^train$/i.test(name))) {
    return `${expected} but received a folder of data. Hint: name the run first, and this with --data`;
  }
  return `${expected} but there is none. Hint: ${listHint(path)}`;
}

/** Paths of the run folders in a folder. */
function runsIn(path: string): string[] {
  return readNames(path)
    .map((name) => join(path, name))
    .filter(isRunFolder);
}

function readNames(path: string): string[] {
  try {
    return readdirSync(path).sort();
  } catch (error) {
    if (systemErrorText(error) === undefined) throw error;
    return [];
  }
}

/** `"rownet runs" lists the runs`, of the folder that the path stands in if it holds any. */
function listHint(path: string): string {
  const folder = dirname(path);
  const isOther = folder !== '.' && folder !== runsFolder && runsIn(folder).length > 0;
  return `"rownet runs${isOther ? ` ${shellWord(folder)}` : ''}" lists the runs`;
}

/** Longer names have no neighbours worth looking for. */
const mostLetters = 255;

/** A run or a file of parameters beside the path, or in the folder of runs, whose name is like the path's. */
function nearestRun(path: string): string | undefined {
  const wanted = basename(path);
  if (wanted.length > mostLetters) return undefined;
  const limit = Math.min(3, Math.floor(wanted.length / 3));
  const candidates = [...new Set([dirname(path), runsFolder])]
    .flatMap((folder) => readNames(folder).map((name) => ({ name, path: join(folder, name) })))
    .filter((one) => isRunFolder(one.path) || checkpointExtensions.includes(extname(one.name)))
    .map((one) => ({ ...one, distance: editDistance(wanted, one.name) }))
    .sort((a, b) => a.distance - b.distance);
  if (candidates[0]?.distance <= limit) return candidates[0].path;
  // The start of a name is enough where only one has it.
  const begun = candidates.filter(({ name }) => wanted !== '' && name.startsWith(wanted));
  return begun.length === 1 ? begun[0].path : undefined;
}

function mayBeRead(file: string): boolean {
  return !isMissing(file) || !isMissing(previousPath(file));
}

/** Whether there is certainly nothing; why a file cannot be seen, its reader says. */
function isMissing(file: string): boolean {
  try {
    statSync(file);
    return false;
  } catch (error) {
    const text = systemErrorText(error);
    if (text === undefined) throw error;
    return text.startsWith('ENOENT') || text.startsWith('ENOTDIR');
  }
}
