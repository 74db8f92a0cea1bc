/** A reader of TensorBoard's event files that shares no code with the writer of lib/, and checks both checksums. */
import { bytesOf, fields, messages, texts } from './protobuf.js';

export interface EventRecord {
  readonly wallTime: number;
  readonly step: number;
  readonly fileVersion: string | undefined;
  readonly scalars: Readonly<Record<string, number>>;
}

/** CRC-32C bit by bit, as a polynomial division; slow and without a table. */
export function slowCrc32c(bytes: Uint8Array): number {
  let remainder = 0xffffffffn;
  for (const byte of bytes) {
    remainder ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit += 1) {
      remainder = remainder % 2n === 1n ? (remainder / 2n) ^ 0x82f63b78n : remainder / 2n;
    }
  }
  return Number(remainder ^ 0xffffffffn);
}

/** The sum before it was rotated right by 15 bits and had a constant added. */
function unmask(stored: number): number {
  const rotated = (BigInt(stored) - 0xa282ead8n + 2n ** 32n) % 2n ** 32n;
  return Number((rotated >> 17n) | ((rotated << 15n) % 2n ** 32n));
}

/** The data of every record; an Error names the byte of one that is damaged. */
export function readRecords(file: Uint8Array): Buffer[] {
  const bytes = Buffer.from(file);
  const records: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const check = (begin: number, end: number) => {
      if (unmask(bytes.readUInt32LE(end)) !== slowCrc32c(bytes.subarray(begin, end))) {
        throw new Error(`expected another checksum at byte ${end}`);
      }
    };
    const length = Number(bytes.readBigUInt64LE(at));
    check(at, at + 8);
    check(at + 12, at + 12 + length);
    records.push(bytes.subarray(at + 12, at + 12 + length));
    at += length + 16;
  }
  return records;
}

/** The events of a file, in order. */
export function readEvents(file: Uint8Array): EventRecord[] {
  return readRecords(file).map((data) => {
    const event = fields(data);
    const values = messages(event, 5).flatMap((summary) => messages(summary, 1));
    return {
      wallTime: bytesOf(event.get(1)?.[0]).readDoubleLE(),
      step: Number(event.get(2)?.[0] ?? 0),
      fileVersion: texts(event, 3)[0],
      scalars: Object.fromEntries(
        values.map((value) => [texts(value, 1)[0], bytesOf(value.get(2)?.[0]).readFloatLE()]),
      ),
    };
  });
}
