/**
 * Event files of TensorBoard: TFRecords, each an Event message. The first one holds the version of the file.
 *
 * Source: tensorflow/tensorflow, core/lib/io/record_writer.h, core/util/event.proto, core/framework/summary.proto.
 */
import { PbfWriter } from 'pbf';
import { crc32c } from './crc32c.js';

/** Numbers of one moment, by tag such as `loss/train`. */
export interface ScalarEvent {
  /** Seconds since 1970. */
  readonly wallTime: number;
  /** Place on the axis: an integer from 0. */
  readonly step: number;
  readonly scalars: Readonly<Record<string, number>>;
}

const FILE_VERSION = 'brain.Event:2';
/** A checksum of data that holds checksums would be weak, so that they are stored rotated and with this added. */
const MASK_DELTA = 0xa282ead8;

/** The record that a file begins with. */
export function encodeFileVersion(wallTime: number): Uint8Array {
  const writer = new PbfWriter();
  writer.writeDoubleField(1, wallTime); // Event.wall_time
  writer.writeStringField(3, FILE_VERSION); // Event.file_version
  return encodeRecord(writer.finish());
}

/** The record of an event with float32 scalars. */
export function encodeScalars({ wallTime, step, scalars }: ScalarEvent): Uint8Array {
  const writer = new PbfWriter();
  writer.writeDoubleField(1, wallTime); // Event.wall_time
  writer.writeVarintField(2, step); // Event.step
  writer.writeMessage(5, writeSummary, scalars); // Event.summary
  return encodeRecord(writer.finish());
}

function writeSummary(scalars: ScalarEvent['scalars'], writer: PbfWriter): void {
  for (const entry of Object.entries(scalars)) writer.writeMessage(1, writeValue, entry); // Summary.value
}

function writeValue([tag, value]: [string, number], writer: PbfWriter): void {
  writer.writeStringField(1, tag); // Value.tag
  writer.writeFloatField(2, value); // Value.simple_value
}

/** Length (64 bits), its checksum, the data, their checksum; little-endian. */
function encodeRecord(data: Uint8Array): Uint8Array {
  const bytes = Buffer.alloc(8 + 4 + data.length + 4);
  bytes.writeUInt32LE(data.length, 0);
  bytes.writeUInt32LE(masked(crc32c(bytes.subarray(0, 8))), 8);
  bytes.set(data, 12);
  bytes.writeUInt32LE(masked(crc32c(data)), 12 + data.length);
  return bytes;
}

function masked(sum: number): number {
  return (((sum >>> 15) | (sum << 17)) + MASK_DELTA) >>> 0;
}
