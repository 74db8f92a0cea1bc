/** A reader of Protocol Buffers that shares no code with the writer of lib/. */

export type Field = number | Buffer;

/** The fields of a message by number: varints as numbers, fixed 64 and 32 bits and everything with a length as bytes. */
export function fields(message: Uint8Array): Map<number, Field[]> {
  const bytes = Buffer.from(message.buffer, message.byteOffset, message.length);
  const found = new Map<number, Field[]>();
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      if (at >= bytes.length) throw new Error('expected a varint but the message ends');
      const byte = bytes[at];
      at += 1;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  const take = (length: number) => {
    if (at + length > bytes.length) throw new Error(`expected ${length} bytes but the message ends`);
    at += length;
    return bytes.subarray(at - length, at);
  };
  while (at < bytes.length) {
    const key = varint();
    const [number, type] = [Math.floor(key / 8), key % 8];
    let value: Field;
    if (type === 0) value = varint();
    else if (type === 1) value = take(8);
    else if (type === 2) value = take(varint());
    else if (type === 5) value = take(4);
    else throw new Error(`expected wire type 0, 1, 2 or 5 but received ${type}`);
    found.set(number, [...(found.get(number) ?? []), value]);
  }
  return found;
}

/** The messages in a repeated field; none if it is not there. */
export function messages(parent: ReadonlyMap<number, Field[]>, number: number): Map<number, Field[]>[] {
  return (parent.get(number) ?? []).map((field) => fields(bytesOf(field)));
}

/** The texts in a repeated field. */
export function texts(parent: ReadonlyMap<number, Field[]>, number: number): string[] {
  return (parent.get(number) ?? []).map((field) => bytesOf(field).toString());
}

export function bytesOf(field: Field | undefined): Buffer {
  if (!Buffer.isBuffer(field)) throw new Error(`expected bytes but received ${field}`);
  return field;
}
