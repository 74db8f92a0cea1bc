/** Builds safetensors files for tests, byte by byte. */

/** A file from its header and data, with the length in front; nothing is padded or checked. */
export function file(header: string | Uint8Array, data: Uint8Array = new Uint8Array(0)): Uint8Array {
  const bytes = Buffer.from(header);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(bytes.length));
  return Buffer.concat([length, bytes, data]);
}

export function floats(...values: number[]): Uint8Array {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [i, value] of values.entries()) bytes.writeFloatLE(value, 4 * i);
  return bytes;
}

/** The description of one tensor in a header. */
export const entry = (shape: string, offsets: string, dtype = '"F32"') =>
  `{"dtype":${dtype},"shape":${shape},"data_offsets":${offsets}}`;
