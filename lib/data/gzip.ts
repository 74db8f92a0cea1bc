/**
 * gzip files of one member (RFC 1952). Read here, and not by `gunzipSync`, because that stays silent about bytes after
 * a zero byte, joins members, and names no offset.
 */
import zlib, { constants, inflateRawSync } from 'node:zlib';
import { DataError, errorCode, errorMessage } from '../errors.js';

const TRAILER_BYTES = 8;
const DEFLATE = 8;
const FLAG_HEADER_CRC = 2;
const FLAG_EXTRA = 4;
const FLAG_NAME = 8;
const FLAG_COMMENT = 16;
const RESERVED_FLAGS = 0xe0;

/** Deflate packs 1032:1 at most, so this much input cannot unfold into more than 4 MiB. */
const PREFIX_BYTES = 4096;
const PREFIX_LIMIT = 8 * 2 ** 20;

/** Images pack to about a fifth. What packs better than this, and is not small anyway, is taken for a bomb. */
const MAX_RATIO = 100;
const ALWAYS_ALLOWED = 64 * 2 ** 20;

const AGAIN = 'Hint: the file is damaged; download it again';

/** Whether a file that starts with these bytes is a gzip file. */
export function isGzip(start: Uint8Array): boolean {
  return start.length >= 2 && start[0] === 0x1f && start[1] === 0x8b;
}

/** Where the deflate data start. */
function headerLength(where: string, file: Uint8Array): number {
  const cut = () => new DataError(`${where}: the gzip header is cut at byte ${file.length}. ${AGAIN}`);
  if (file.length < 10) throw cut();
  if (file[2] !== DEFLATE) {
    throw new DataError(`${where}: expected gzip method 8 but received ${file[2]} at byte 2. ${AGAIN}`);
  }
  const flags = file[3];
  if ((flags & RESERVED_FLAGS) !== 0) {
    throw new DataError(
      `${where}: expected no reserved gzip flags but received ${flags} at byte 3. ${AGAIN}`,
    );
  }
  let position = 10;
  if ((flags & FLAG_EXTRA) !== 0) {
    if (position + 2 > file.length) throw cut();
    position += 2 + file[position] + 256 * file[position + 1];
  }
  for (const flag of [FLAG_NAME, FLAG_COMMENT]) {
    if ((flags & flag) === 0) continue;
    const end = file.indexOf(0, position);
    if (end < 0) throw cut();
    position = end + 1;
  }
  if ((flags & FLAG_HEADER_CRC) !== 0) {
    if (position + 2 > file.length) throw cut();
    const stored = file[position] + 256 * file[position + 1];
    const actual = zlib.crc32(file.subarray(0, position)) % 2 ** 16;
    if (stored !== actual) {
      throw new DataError(
        `${where}: the checksum of the gzip header at byte ${position} is ${stored}, but that of the header is ` +
          `${actual}. ${AGAIN}`,
      );
    }
    position += 2;
  }
  if (position >= file.length) throw cut();
  return position;
}

function inflateError(where: string, error: unknown): unknown {
  if (!errorCode(error)?.startsWith('Z_')) return error;
  return new DataError(`${where}: the gzip data do not unpack: ${errorMessage(error)}. ${AGAIN}`, {
    cause: error,
  });
}

/**
 * Unpacks a gzip file into one buffer of the size that the contents themselves promise.
 * @param where for messages: `idx: path`
 * @param promisedBytes gets the first unpacked bytes (a few at least, if there are any) and returns the size that all
 * of them should have; its errors pass through
 * @throws DataError if the file is cut or damaged, if it holds more or fewer bytes than promised, a second member, or
 * bytes after the end, or if the promise is out of all proportion to the file (more than 100:1 and 64 MiB)
 */
export function gunzip(
  where: string,
  file: Uint8Array,
  promisedBytes: (start: Uint8Array) => number,
): Uint8Array {
  const begin = headerLength(where, file);
  const body = file.subarray(begin);
  let promised: number;
  try {
    const start = inflateRawSync(body.subarray(0, PREFIX_BYTES), {
      finishFlush: constants.Z_SYNC_FLUSH,
      maxOutputLength: PREFIX_LIMIT,
    });
    promised = promisedBytes(start);
  } catch (error) {
    throw inflateError(where, error);
  }
  if (promised > ALWAYS_ALLOWED + MAX_RATIO * file.length) {
    throw new DataError(
      `${where}: header promises ${promised} bytes, file has ${file.length}, which is more than gzip saves on ` +
        'images. Hint: if you trust the file, unpack it with gunzip and pass the result',
    );
  }
  const { bytes, consumed } = inflate(where, body, promised);
  const end = begin + consumed;
  if (bytes.length !== promised) {
    throw new DataError(
      `${where}: header promises ${promised} bytes, the gzip data hold ${bytes.length} and end at byte ${end}. ${AGAIN}`,
    );
  }
  checkTrailer(where, file, end, bytes);
  return bytes;
}

function inflate(where: string, body: Uint8Array, promised: number): { bytes: Uint8Array; consumed: number } {
  try {
    // One chunk that fits everything: zlib otherwise gathers small chunks and joins them, which takes twice the memory.
    const options = { info: true, maxOutputLength: Math.max(1, promised), chunkSize: promised + 64 };
    const result = inflateRawSync(body, options);
    // With `info` the result is an object, which @types/node does not know.
    const { buffer, engine } = result as unknown as { buffer: Uint8Array; engine: { bytesWritten: number } };
    return { bytes: buffer, consumed: engine.bytesWritten };
  } catch (error) {
    if (errorCode(error) === 'ERR_BUFFER_TOO_LARGE') {
      throw new DataError(`${where}: header promises ${promised} bytes, the gzip data hold more. ${AGAIN}`, {
        cause: error,
      });
    }
    throw inflateError(where, error);
  }
}

function checkTrailer(where: string, file: Uint8Array, end: number, bytes: Uint8Array): void {
  if (end + TRAILER_BYTES > file.length) {
    throw new DataError(
      `${where}: expected a gzip checksum at byte ${end} but the file ends there. ${AGAIN}`,
    );
  }
  const trailer = new DataView(file.buffer, file.byteOffset + end, TRAILER_BYTES);
  const checks: readonly [string, number, number, number][] = [
    ['checksum', end, trailer.getUint32(0, true), zlib.crc32(bytes)],
    ['size', end + 4, trailer.getUint32(4, true), bytes.length % 2 ** 32],
  ];
  for (const [what, offset, stored, actual] of checks) {
    if (stored === actual) continue;
    throw new DataError(
      `${where}: the gzip ${what} at byte ${offset} is ${stored}, but that of the data is ${actual}. ${AGAIN}`,
    );
  }
  const after = end + TRAILER_BYTES;
  if (after === file.length) return;
  const what = isGzip(file.subarray(after))
    ? 'a second gzip member starts'
    : 'there are bytes after the gzip data';
  throw new DataError(
    `${where}: ${what} at byte ${after} of ${file.length}. Hint: unpack it with gunzip and look at the result`,
  );
}
