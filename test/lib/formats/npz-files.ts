/** Builds npy and npz files for tests, byte by byte, by a packer that shares no code with lib/. */
import { zipSync } from 'fflate';
import { expect } from 'vitest';
import { decodeNpz } from '../../../lib/formats/npz.js';
import { refusal } from '../../support/misuse.js';

/** The literal that describes an array. */
export const literal = (shape = '(2,)', descr = "'<f4'", order = 'False') =>
  `{'descr': ${descr}, 'fortran_order': ${order}, 'shape': ${shape}, }`;

/** An npy file; a newline ends the header, nothing is padded or checked. */
export function npy(header: string, data: Uint8Array = new Uint8Array(0), version = [1, 0]): Uint8Array {
  const text = Buffer.from(`${header}\n`, 'latin1');
  const length = Buffer.alloc(version[0] === 1 ? 2 : 4);
  length.writeUIntLE(text.length, 0, length.length);
  return Buffer.concat([Buffer.from('\x93NUMPY', 'latin1'), Buffer.from(version), length, text, data]);
}

export type PackOptions = Parameters<typeof zipSync>[1];

/** An archive of these members, stored unless options say otherwise. */
export function pack(members: Readonly<Record<string, Uint8Array>>, options: PackOptions = {}): Uint8Array {
  return zipSync({ ...members }, { level: 0, mtime: new Date(2020, 0, 1), ...options });
}

/** Offsets of the parts of an archive with one member: local header, central directory, its end. */
export function parts(bytes: Uint8Array): { central: number; end: number } {
  const end = bytes.length - 22;
  return { central: Buffer.from(bytes).readUInt32LE(end + 16), end };
}

/** A copy with another 16-bit or 32-bit number at each offset given. */
export function patched(
  bytes: Uint8Array,
  ...changes: [at: number, value: number, width: 2 | 4][]
): Uint8Array {
  const copy = Buffer.from(bytes);
  for (const [at, value, width] of changes) copy.writeUIntLE(value, at, width);
  return copy;
}

/** Why decodeNpz refuses an archive: the message without `npz: where: ` and the hint. */
export function refuse(bytes: Uint8Array): string {
  const message = refusal(() => decodeNpz(bytes, 'x.npz'), 'npz: x.npz: ');
  expect(message).toMatch(/\. Hint: \w/);
  return message.replace(/\. Hint: .*$/s, '');
}
