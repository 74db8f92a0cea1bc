/**
 * Zip archives as NumPy writes them: members stored or deflated, one after another, then the central directory and its
 * end. Read here, byte for byte, because unpackers look for what they can use and skip the rest, and believe sizes.
 *
 * Source: PKWARE, APPNOTE.TXT 6.3, sections 4.3 and 4.4.
 */
import zlib, { inflateRawSync } from 'node:zlib';
import { DataError, errorCode, errorMessage } from '../errors.js';
import { quoted } from './safetensors-header.js';

/** An unpacked member. */
export interface ZipMember {
  readonly name: string;
  readonly bytes: Uint8Array;
}

const LOCAL_SIGNATURE = 0x04034b50;
const CENTRAL_SIGNATURE = 0x02014b50;
const END_SIGNATURE = 0x06054b50;
const LOCAL_BYTES = 30;
const CENTRAL_BYTES = 46;
const END_BYTES = 22;
const ZIP64_COUNT = 0xffff;
const ZIP64_SIZE = 0xffffffff;
const ZIP64_EXTRA = 1;

const STORED = 0;
const DEFLATED = 8;
const FLAG_ENCRYPTED = 0x0001;
const FLAG_SIZES_FOLLOW = 0x0008;
const FLAG_UTF8 = 0x0800;
/** How hard the packer tried; no matter here. */
const FLAGS_EFFORT = 0x0006;
/** 1980-01-01, the first day that the format knows: equal contents give equal bytes. */
const DATE = (1 << 5) | 1;

/** Weights hardly pack. What unfolds to more than this, and is not small anyway, is taken for a bomb. */
const MAX_RATIO = 10;
const ALWAYS_ALLOWED = 64 * 2 ** 20;

const AGAIN = 'the file is damaged; get it again';

/** Whether a file that starts with these bytes is a zip archive; an empty one has nothing but its end. */
export function isZip(start: Uint8Array): boolean {
  if (start.length < 4) return false;
  const signature = new DataView(start.buffer, start.byteOffset, 4).getUint32(0, true);
  return signature === LOCAL_SIGNATURE || signature === END_SIGNATURE;
}

/** Whether a name stays in the folder that it is unpacked to, on every system. */
export function isRelativeName(name: string): boolean {
  const outside = name.split('/').some((part) => ['', '.', '..'].includes(part));
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return !outside && !/[\\\x00-\x1f\x7f]|^[A-Za-z]:/.test(name);
}

/** What the central directory says of a member. */
interface Entry {
  readonly name: string;
  /** Where it is described, for messages. */
  readonly at: number;
  readonly flags: number;
  readonly method: number;
  readonly crc: number;
  readonly packed: number;
  readonly size: number;
  readonly begin: number;
}

/**
 * Unpacks an archive; all sizes are checked before anything is unpacked.
 * @param where for messages: `npz: path`
 * @throws DataError, naming the byte, unless members follow each other without gap or overlap, each stored or deflated,
 * not encrypted, with the same name and sizes in both places and the CRC-32 of its contents, under a relative name that
 * is there once; and for archives of zip64, with a comment, or that unfold out of all proportion (10:1 and 64 MiB)
 */
export function unzip(where: string, bytes: Uint8Array): ZipMember[] {
  return new ZipReader(where, bytes).members();
}

class ZipReader {
  readonly #where: string;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;

  constructor(where: string, bytes: Uint8Array) {
    this.#where = where;
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  members(): ZipMember[] {
    const directory = this.#end();
    const entries = this.#directory(directory);
    this.#checkTotal(entries);
    let covered = 0;
    const slices = [...entries]
      .sort((a, b) => a.begin - b.begin)
      .map((entry) => {
        const begin = this.#local(entry, covered, directory.begin);
        covered = begin + entry.packed;
        return { entry, begin };
      });
    if (covered !== directory.begin) {
      this.#fail(`expected the members to end at byte ${directory.begin} but they end`, covered);
    }
    return slices.map(({ entry, begin }) => ({ name: entry.name, bytes: this.#unpack(entry, begin) }));
  }

  #fail(text: string, at: number, hint = AGAIN): never {
    throw new DataError(`${this.#where}: ${text} at byte ${at}. Hint: ${hint}`);
  }

  #u16(at: number): number {
    return this.#view.getUint16(at, true);
  }

  #u32(at: number): number {
    return this.#view.getUint32(at, true);
  }

  /** The end of the central directory: the last bytes of the file, since a comment has no place here. */
  #end(): { readonly begin: number; readonly end: number; readonly count: number } {
    const at = this.#bytes.length - END_BYTES;
    if (at < 0 || this.#u32(at) !== END_SIGNATURE) {
      this.#fail(
        'expected the end of a zip directory',
        Math.max(0, at),
        'the file is cut, or has something appended; get it again',
      );
    }
    const count = this.#u16(at + 10);
    const size = this.#u32(at + 12);
    const begin = this.#u32(at + 16);
    if (count === ZIP64_COUNT || size === ZIP64_SIZE || begin === ZIP64_SIZE) {
      this.#fail('expected a zip archive below 4 GiB but received zip64', at, 'split it');
    }
    if (this.#u16(at + 4) !== 0 || this.#u16(at + 6) !== 0 || this.#u16(at + 8) !== count) {
      this.#fail('expected an archive in one part', at);
    }
    if (this.#u16(at + 20) !== 0) this.#fail('expected no comment', at + 20);
    if (begin + size !== at) {
      this.#fail(
        `expected the directory to end at byte ${at} but it ends at ${begin + size}, as told`,
        at + 12,
      );
    }
    return { begin, end: at, count };
  }

  #directory({ begin, end, count }: { begin: number; end: number; count: number }): Entry[] {
    const entries: Entry[] = [];
    const names = new Set<string>();
    let at = begin;
    for (let index = 0; index < count; index += 1) {
      if (at + CENTRAL_BYTES > end || this.#u32(at) !== CENTRAL_SIGNATURE) {
        this.#fail(`expected member ${index + 1} of ${count} in the directory`, at);
      }
      const nameEnd = at + CENTRAL_BYTES + this.#u16(at + 28);
      const next = nameEnd + this.#u16(at + 30) + this.#u16(at + 32);
      if (next > end) this.#fail(`expected a directory up to byte ${end} but it goes on to ${next}`, at);
      const entry = {
        at,
        flags: this.#u16(at + 8),
        method: this.#u16(at + 10),
        crc: this.#u32(at + 16),
        packed: this.#u32(at + 20),
        size: this.#u32(at + 24),
        begin: this.#u32(at + 42),
        name: this.#name(at + CENTRAL_BYTES, nameEnd, this.#u16(at + 8)),
      };
      if (names.has(entry.name)) this.#fail(`the name ${quoted(entry.name)} is there twice, again`, at);
      names.add(entry.name);
      this.#checkEntry(entry);
      entries.push(entry);
      at = next;
    }
    if (at !== end) this.#fail(`expected ${count} members in the directory but there are more`, at);
    return entries;
  }

  #name(begin: number, end: number, flags: number): string {
    const bytes = this.#bytes.subarray(begin, end);
    // Without the flag names are in a code page of the eighties.
    if ((flags & FLAG_UTF8) === 0 && bytes.some((byte) => byte > 0x7f)) {
      this.#fail('expected a name in ASCII or marked as UTF-8', begin);
    }
    let name = '';
    try {
      name = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      this.#fail('expected a name in UTF-8', begin);
    }
    // Nothing is written under these names; but whoever made such a name meant harm to somebody.
    if (!isRelativeName(name)) {
      this.#fail(`expected a relative name without ".." but received ${quoted(name)}`, begin);
    }
    return name;
  }

  #checkEntry({ name, at, flags, method, packed, size, begin }: Entry): void {
    const fail = (text: string, hint: string) => this.#fail(`${quoted(name)}: ${text}`, at, hint);
    if ((flags & FLAG_ENCRYPTED) !== 0) fail('expected a member that is not encrypted', 'decrypt it');
    if ((flags & FLAG_SIZES_FOLLOW) !== 0) {
      fail(
        'expected sizes before the contents but they follow',
        'write the archive to a file, not to a pipe',
      );
    }
    if ((flags & ~(FLAG_UTF8 | FLAGS_EFFORT)) !== 0)
      fail(`expected no other flags but received ${flags}`, AGAIN);
    if (method !== STORED && method !== DEFLATED) {
      fail(`expected a stored or deflated member but received method ${method}`, 'pack it with numpy.savez');
    }
    if (packed === ZIP64_SIZE || size === ZIP64_SIZE || begin === ZIP64_SIZE) {
      fail('expected a member below 4 GiB but received zip64', 'split it');
    }
    if (method === STORED && packed !== size) {
      fail(`expected a stored member of ${size} bytes but received ${packed}`, AGAIN);
    }
  }

  #checkTotal(entries: readonly Entry[]): void {
    const total = entries.reduce((sum, { size }) => sum + size, 0);
    if (total <= ALWAYS_ALLOWED + MAX_RATIO * this.#bytes.length) return;
    throw new DataError(
      `${this.#where}: the directory promises ${total} bytes, file has ${this.#bytes.length}, which is more than ` +
        'packing saves on weights. Hint: if you trust the file, save it again with numpy.savez, which does not pack',
    );
  }

  /** Compares the header before the contents with the directory. Returns where the contents begin. */
  #local({ name, begin, flags, method, crc, packed, size }: Entry, covered: number, end: number): number {
    const fail = (text: string) => this.#fail(`${quoted(name)}: ${text}`, begin);
    if (begin !== covered) fail(`expected the member at byte ${covered} but the directory has it`);
    if (begin + LOCAL_BYTES > end || this.#u32(begin) !== LOCAL_SIGNATURE) fail('expected a member');
    const nameEnd = begin + LOCAL_BYTES + this.#u16(begin + 26);
    const dataBegin = nameEnd + this.#u16(begin + 28);
    if (dataBegin + packed > end) fail(`expected contents up to byte ${end} but they go on`);
    const localName = this.#name(begin + LOCAL_BYTES, nameEnd, this.#u16(begin + 6));
    if (localName !== name)
      fail(`expected this name, as in the directory, but received ${quoted(localName)}`);
    if (this.#u16(begin + 6) !== flags || this.#u16(begin + 8) !== method || this.#u32(begin + 14) !== crc) {
      fail('expected flags, method and CRC-32 as in the directory but received others');
    }
    const sizes = this.#localSizes(begin, nameEnd, dataBegin);
    if (sizes.packed !== packed || sizes.size !== size) {
      fail(
        `expected ${size} bytes packed to ${packed}, as in the directory, ` +
          `but received ${sizes.size} packed to ${sizes.packed}`,
      );
    }
    return dataBegin;
  }

  /** NumPy writes them as zip64 here, in a field behind the name, however small they are. */
  #localSizes(begin: number, extraBegin: number, extraEnd: number): { packed: number; size: number } {
    const [packed, size] = [this.#u32(begin + 18), this.#u32(begin + 22)];
    if (packed !== ZIP64_SIZE || size !== ZIP64_SIZE) return { packed, size };
    for (let at = extraBegin; at + 4 <= extraEnd; at += 4 + this.#u16(at + 2)) {
      if (this.#u16(at) !== ZIP64_EXTRA || this.#u16(at + 2) !== 16 || at + 20 > extraEnd) continue;
      const u64 = (offset: number) => Number(this.#view.getBigUint64(offset, true));
      return { size: u64(at + 4), packed: u64(at + 12) };
    }
    return { packed, size };
  }

  #unpack({ name, method, crc, packed, size }: Entry, begin: number): Uint8Array {
    const fail = (text: string) => this.#fail(`${quoted(name)}: ${text}`, begin);
    const source = this.#bytes.subarray(begin, begin + packed);
    const bytes = method === STORED ? source : inflate(source, size, fail);
    if (bytes.length !== size) fail(`expected ${size} unpacked bytes but received ${bytes.length}`);
    const actual = zlib.crc32(bytes);
    if (actual !== crc) fail(`expected contents of CRC-32 ${crc} but received ${actual}`);
    return bytes;
  }
}

function inflate(source: Uint8Array, size: number, fail: (text: string) => never): Uint8Array {
  try {
    // One chunk that fits everything: zlib otherwise gathers small chunks and joins them, which takes twice the memory.
    const options = { info: true, maxOutputLength: Math.max(1, size), chunkSize: size + 64 };
    // With `info` the result is an object, which @types/node does not know.
    const result = inflateRawSync(source, options) as unknown as {
      readonly buffer: Uint8Array;
      readonly engine: { readonly bytesWritten: number };
    };
    const used = result.engine.bytesWritten;
    if (used !== source.length) fail(`expected ${source.length} packed bytes but they end after ${used}`);
    return result.buffer;
  } catch (error) {
    const code = errorCode(error) ?? '';
    if (code === 'ERR_BUFFER_TOO_LARGE') return fail(`expected ${size} unpacked bytes but there are more`);
    if (code.startsWith('Z_')) return fail(`expected deflated contents, but ${errorMessage(error)}`);
    throw error;
  }
}

/**
 * An archive of stored members, in the order given, all dated 1980-01-01.
 * @param members relative names, each once; together below 4 GiB
 */
export function zipStored(members: readonly ZipMember[]): Uint8Array {
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let offset = 0;
  for (const { name, bytes } of members) {
    const encoded = Buffer.from(name);
    // From the version needed to the length of the extra field, the same in both places.
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(encoded.length === name.length ? 0 : FLAG_UTF8, 2);
    common.writeUInt16LE(DATE, 8);
    common.writeUInt32LE(zlib.crc32(bytes), 10);
    common.writeUInt32LE(bytes.length, 14);
    common.writeUInt32LE(bytes.length, 18);
    common.writeUInt16LE(encoded.length, 22);
    parts.push(u32(LOCAL_SIGNATURE), common, encoded, bytes);
    // Made by version 20; then comment, disk, attributes: all zero.
    directory.push(u32(CENTRAL_SIGNATURE), Buffer.of(20, 0), common, Buffer.alloc(10), u32(offset), encoded);
    offset += LOCAL_BYTES + encoded.length + bytes.length;
  }
  const end = Buffer.alloc(END_BYTES);
  end.writeUInt32LE(END_SIGNATURE, 0);
  end.writeUInt16LE(members.length, 8);
  end.writeUInt16LE(members.length, 10);
  end.writeUInt32LE(
    directory.reduce((sum, { length }) => sum + length, 0),
    12,
  );
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, ...directory, end]);
}

function u32(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
