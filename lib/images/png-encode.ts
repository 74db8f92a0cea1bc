/** Pixels to PNG, without filters: for small pictures on pages. */
// Node 18, which is told what it needs, has no crc32 to link.
import zlib from 'node:zlib';

const signature = Uint8Array.of(137, 80, 78, 71, 13, 10, 26, 10);

/** 8 bits a value; one value a pixel is grey, three are red, green and blue. */
export function encodePng(pixels: Uint8Array, width: number, height: number): Uint8Array {
  const rowLength = pixels.length / height;
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 8;
  header[9] = rowLength === width ? 0 : 2;
  const rows = new Uint8Array(height * (1 + rowLength)); // each behind the number of its filter, none
  for (let y = 0; y < height; y += 1) {
    rows.set(pixels.subarray(y * rowLength, (y + 1) * rowLength), y * (1 + rowLength) + 1);
  }
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', zlib.deflateSync(rows)),
    chunk('IEND', new Uint8Array()),
  ]);
}

/** Length, type, data, and the checksum of type and data. */
function chunk(type: string, data: Uint8Array): Uint8Array {
  const bytes = Buffer.alloc(12 + data.length);
  bytes.writeUInt32BE(data.length, 0);
  bytes.write(type, 4, 'latin1');
  bytes.set(data, 8);
  bytes.writeUInt32BE(zlib.crc32(bytes.subarray(4, -4)), 8 + data.length);
  return bytes;
}
