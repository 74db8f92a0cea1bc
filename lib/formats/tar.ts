/**
 * The files of a tar archive that stands in memory. A reader of our own of the few fields that count: an archive is only
 * read here, and its names never become paths.
 * Source: POSIX.1-1988, the ustar interchange format.
 */
import { type Refuse, refusing } from '../errors.js';

const BLOCK = 512;

export interface TarFile {
  /** As the archive has it: `cifar-10-batches-bin/test_batch.bin`. */
  readonly name: string;
  /** A view into the archive. */
  readonly bytes: Uint8Array;
}

/**
 * Regular files alone; folders, links and the notes of other forms are passed over.
 * @param where for messages: `data: path`
 * @throws {DataError} for an archive that is cut or damaged, naming the byte
 */
export function untar(where: string, archive: Uint8Array): TarFile[] {
  const fail = refusing(where, 'the archive is damaged; get it again');
  const files: TarFile[] = [];
  let offset = 0;
  while (true) {
    if (offset + BLOCK > archive.length) fail(`the archive ends at byte ${archive.length}, within a header`);
    const header = archive.subarray(offset, offset + BLOCK);
    if (header.every((byte) => byte === 0)) return files;
    checkHeader(fail, header, offset);
    const size = octal(fail, header, 124, 12, offset);
    const start = offset + BLOCK;
    if (start + size > archive.length) {
      fail(`the file at byte ${offset} has ${size} bytes, which is more than the archive holds`);
    }
    const type = header[156];
    if (type === 0 || type === 0x30) {
      const name = [text(header, 345, 155), text(header, 0, 100)].filter((part) => part !== '').join('/');
      files.push({ name, bytes: archive.subarray(start, start + size) });
    }
    offset = start + Math.ceil(size / BLOCK) * BLOCK;
  }
}

/** The sum of all bytes, its own field taken as spaces. */
function checkHeader(fail: Refuse, header: Uint8Array, offset: number): void {
  const sum = header.reduce((all, byte, at) => all + (at >= 148 && at < 156 ? 0x20 : byte), 0);
  const stored = octal(fail, header, 148, 8, offset);
  if (stored === sum) return;
  fail(`the checksum of the header at byte ${offset} is ${stored}, but that of its bytes is ${sum}`);
}

function octal(fail: Refuse, header: Uint8Array, at: number, length: number, offset: number): number {
  const digits = text(header, at, length).trim();
  if (/^[0-7]{1,11}$/.test(digits)) return Number.parseInt(digits, 8);
  return fail(`expected a number in octal at byte ${offset + at} but received ${JSON.stringify(digits)}`);
}

/** Up to the first zero byte. */
function text(header: Uint8Array, at: number, length: number): string {
  const field = header.subarray(at, at + length);
  const end = field.indexOf(0);
  return Buffer.from(end === -1 ? field : field.subarray(0, end)).toString('latin1');
}
