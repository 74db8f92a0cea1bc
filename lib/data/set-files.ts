/** The files of a known set as its mirrors have them, and what tells that one is whole. */
import { createHash } from 'node:crypto';
import { DataError } from '../errors.js';
import { readRegularFile } from '../files.js';
import { cifarArchiveName } from './cifar-files.js';
import { checkPackedIdx, type IdxKind, readIdx } from './idx.js';
import { candidates, type Part, partFiles, parts } from './idx-files.js';
import { type IdxKnownSet, idxSets, type KnownSet } from './known-sets.js';

export interface SetFile {
  /** What it is called in a folder that holds the set. */
  readonly name: string;
  /** At the mirrors, and where a download puts it. */
  readonly packed: string;
  /** Names under which it may be in a folder, in the order in which they are taken. */
  readonly candidates: readonly string[];
  /** More bytes are no download of it. */
  readonly maxBytes: number;
  /** @throws DataError for bytes, as a mirror has them, that are not those of the file */
  checkBytes(where: string, bytes: Uint8Array): void;
  /**
   * @throws DataError for a file, packed or not, that is another one, or where that cannot be known: of a set without SHA-256
   * only the packed file as it is at the mirrors
   */
  checkFile(path: string): void;
}

/** More than twice the largest IDX file of the sets (26 MB), and more than the archive of CIFAR-10 (170 MB). */
const MAX_BYTES = { idx: 64 * 2 ** 20, cifar: 256 * 2 ** 20 };

export function setFiles(set: KnownSet): readonly SetFile[] {
  return set.kind === 'idx' ? parts.map((part) => idxFile(set, part)) : [archiveFile(set.md5)];
}

function idxFile(set: IdxKnownSet, part: Part): SetFile {
  const name = partFiles[part];
  const kind: IdxKind = part === 'trainImages' || part === 'testImages' ? 'images' : 'labels';
  return {
    name,
    packed: `${name}.gz`,
    candidates: candidates(part),
    maxBytes: MAX_BYTES.idx,
    checkBytes(where, bytes) {
      const { sha256 } = checkPackedIdx(where, kind, bytes);
      checkSum(set, part, where, sha256, () => md5(bytes));
    },
    checkFile(path) {
      const { sha256 } = readIdx(path, kind, () => () => {});
      checkSum(set, part, path, sha256, () => fileMd5(path, MAX_BYTES.idx));
    },
  };
}

function archiveFile(expected: string): SetFile {
  const check = (where: string, received: string) => {
    if (received === expected) return;
    throw new DataError(`${where}: expected MD5 of the file ${expected} but received ${received}`);
  };
  return {
    name: cifarArchiveName,
    packed: cifarArchiveName,
    candidates: [cifarArchiveName],
    maxBytes: MAX_BYTES.cifar,
    checkBytes: (where, bytes) => check(where, md5(bytes)),
    checkFile: (path) => check(path, fileMd5(path, MAX_BYTES.cifar)),
  };
}

/** @param packed MD5 of the gzipped file; asked for only where the SHA-256 of the contents is not known. */
function checkSum(set: IdxKnownSet, part: Part, where: string, sha256: string, packed: () => string): void {
  const [name, expected, received] =
    set.sha256 === undefined
      ? ['MD5 of the file', set.packedMd5?.[part], packed()]
      : ['SHA-256 of the contents', set.sha256[part], sha256];
  if (expected === received) return;
  const other = idxSets.find((known) => known.sha256?.[part] === sha256);
  const hint = other === undefined ? '' : `. Hint: this is a file of ${other.title}`;
  throw new DataError(`${where}: expected ${name} ${expected} but received ${received}${hint}`);
}

function fileMd5(path: string, most: number): string {
  return md5(readRegularFile('data', path, most, 'download it again'));
}

function md5(bytes: Uint8Array): string {
  return createHash('md5').update(bytes).digest('hex');
}
