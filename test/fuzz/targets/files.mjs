// The parsers of data sets and images. Half of the inputs get their checksums put right after the mutation: else
// nearly all would end there.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32, deflateSync, gunzipSync, gzipSync } from 'node:zlib';
import { readCsv, scanCsv } from '../../../dist/data/csv.js';
import { loadDataset } from '../../../dist/data/datasets.js';
import { gunzip, isGzip } from '../../../dist/data/gzip.js';
import { readIdx } from '../../../dist/data/idx.js';
import { DataError } from '../../../dist/errors.js';
import { zipStored } from '../../../dist/formats/zip.js';
import { untar } from '../../../dist/formats/tar.js';
import { decodeColourImage, decodeImage } from '../../../dist/images/decode.js';
import { promise } from '../oracle.mjs';

const fixtures = join(import.meta.dirname, '..', '..', 'fixtures');

/** @param {...number} values */
function bigEndian(...values) {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [i, value] of values.entries()) bytes.writeUInt32BE(value, 4 * i);
  return bytes;
}

const images = Buffer.concat([bigEndian(0x803, 3, 4, 5), Buffer.alloc(60, 7)]);
const labels = Buffer.concat([bigEndian(0x801, 6), Buffer.from([0, 1, 2, 3, 4, 5])]);

/** The checksum and the size at the end of a gzip file are those of its data. @param {Buffer} bytes */
function repairGzip(bytes) {
  try {
    const data = gunzipSync(bytes.subarray(0, -8), { finishFlush: 2, maxOutputLength: 1 << 20 });
    bytes.writeUInt32LE(crc32(data), bytes.length - 8);
    bytes.writeUInt32LE(data.length, bytes.length - 4);
  } catch {
    // Too damaged for that.
  }
  return bytes;
}

/** The checksum of every chunk that fits is that of its data. @param {Buffer} bytes */
function repairPng(bytes) {
  for (let at = 8; at + 12 <= bytes.length; ) {
    const end = at + 8 + bytes.readUInt32BE(at);
    if (end + 4 > bytes.length) break;
    bytes.writeUInt32BE(crc32(bytes.subarray(at + 4, end)), end);
    at = end + 4;
  }
  return bytes;
}

/** @param {string} type @param {Buffer} data */
function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  return Buffer.concat([bigEndian(data.length), body, bigEndian(crc32(body))]);
}

/** @param {number} width @param {number} height @param {number} depth @param {number} type @param {number} interlace */
function png(width, height, depth, type, interlace, /** @type {Buffer[]} */ before = []) {
  const header = Buffer.concat([bigEndian(width, height), Buffer.from([depth, type, 0, 0, interlace])]);
  const channels = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 }[type] ?? 1;
  const passes =
    interlace === 0
      ? [[0, 0, 1, 1]]
      : [
          [0, 0, 8, 8],
          [4, 0, 8, 8],
          [0, 4, 4, 8],
          [2, 0, 4, 4],
          [0, 2, 2, 4],
          [1, 0, 2, 2],
          [0, 1, 1, 2],
        ];
  const rows = passes.flatMap(([x, y, stepX, stepY]) => {
    const [w, h] = [Math.ceil((width - x) / stepX), Math.ceil((height - y) / stepY)];
    if (w <= 0 || h <= 0) return [];
    const length = Math.ceil((w * channels * depth) / 8);
    return Array.from({ length: h }, (_, i) =>
      Buffer.from([i % 5, ...Buffer.alloc(length, type === 3 ? 0 : 37 * i)]),
    );
  });
  return Buffer.concat([
    Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]),
    chunk('IHDR', header),
    ...before,
    chunk('IDAT', deflateSync(Buffer.concat(rows))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

const palette = [
  chunk('PLTE', Buffer.from([0, 0, 0, 255, 255, 255, 9, 99, 199])),
  chunk('tRNS', Buffer.from([0, 128])),
];

/** @param {Uint8Array} grey @param {number} width @param {number} height */
function greyPng(width, height, grey) {
  const rows = Array.from({ length: height }, (_, y) =>
    Buffer.from([0, ...grey.subarray(y * width, (y + 1) * width)]),
  );
  return Buffer.concat([
    Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]),
    chunk('IHDR', Buffer.concat([bigEndian(width, height), Buffer.from([8, 0, 0, 0, 0])])),
    chunk('IDAT', deflateSync(Buffer.concat(rows))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** @param {Buffer} bytes */
function decoded(bytes) {
  const { width, height, grey } = decodeImage(bytes, 'fuzz');
  promise(
    width > 0 && height > 0 && grey.length === width * height,
    `${width}x${height}, ${grey.length} pixels`,
  );
  const colour = decodeColourImage(bytes, 'fuzz');
  promise(
    colour.width === width && colour.height === height && colour.rgb.length === 3 * grey.length,
    `${colour.width}x${colour.height}, ${colour.rgb.length} bytes of colours`,
  );
  if (grey.length > 10_000) return true;
  const again = decodeImage(greyPng(width, height, grey), 'fuzz');
  promise(Buffer.compare(again.grey, grey) === 0, 'the pixels change when they are saved as PNG');
  return true;
}

/** The checksum of every header that fits is that of its bytes. @param {Buffer} bytes */
function repairTar(bytes) {
  for (let at = 0; at + 512 <= bytes.length; ) {
    const header = bytes.subarray(at, at + 512);
    const size = Number.parseInt(header.toString('latin1', 124, 136), 8) || 0;
    header.write('        ', 148);
    const sum = header.reduce((all, byte) => all + byte, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    at += 512 + 512 * Math.ceil(size / 512);
  }
  return bytes;
}

/** @param {Record<string, Buffer>} files */
function tarOf(files) {
  const parts = Object.entries(files).map(([name, bytes]) => {
    const header = Buffer.alloc(512);
    header.write(name);
    header.write(`${bytes.length.toString(8).padStart(11, '0')}\0`, 124);
    header.write('0', 156);
    return repairTar(Buffer.concat([header, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)]));
  });
  return Buffer.concat([...parts, Buffer.alloc(1024)]);
}

/** An npy file of bytes. @param {string} shape @param {number} count @param {string} descr */
function npyBytes(shape, count, descr = '|u1') {
  const header = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape}), }\n`;
  const start = Buffer.from([0x93, ...Buffer.from('NUMPY'), 1, 0, header.length, 0]);
  return Buffer.concat([
    start,
    Buffer.from(header),
    Buffer.from(Array.from({ length: count }, (_, i) => i % 3)),
  ]);
}

/** @param {string[]} names @param {string} labels */
function npzOf(names, labels) {
  const arrays = [
    npyBytes('2, 3, 3', 18),
    npyBytes(labels, 2),
    npyBytes('2, 3, 3, 1', 18),
    npyBytes(labels, 2),
  ];
  return Buffer.from(zipStored(names.map((name, i) => ({ name: `${name}.npy`, bytes: arrays[i] }))));
}

/** The CRC-32 of each member is that of its contents, in both places. @param {Buffer} bytes */
function repairZip(bytes) {
  if (bytes.length < 22) return bytes;
  let central = bytes.readUInt32LE(bytes.length - 6);
  while (central + 46 <= bytes.length - 22 && bytes.readUInt32LE(central) === 0x02014b50) {
    const size = bytes.readUInt32LE(central + 20);
    const local = bytes.readUInt32LE(central + 42);
    if (local + 30 > bytes.length) break;
    const begin = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28);
    const crc = crc32(bytes.subarray(begin, begin + size));
    bytes.writeUInt32LE(crc, local + 14);
    bytes.writeUInt32LE(crc, central + 16);
    central += 46 + bytes.readUInt16LE(central + 28);
  }
  return bytes;
}

/** @type {Record<string, import('../targets.mjs').Target>} */
export const fileTargets = {
  csv: {
    codes: ['ERR_ROWNET_DATA'],
    seeds: () => [
      Buffer.from(`label,a,b,c,d\n${'1,0,2,255,3\n'.repeat(8)}`),
      Buffer.from('1,2\r\n'.repeat(9)),
      Buffer.from('\ufeff"a","b","c","d","label"\n 1, 2, 3, 4, 0\n'),
      Buffer.from('0,0,0,0\n1,1,1,1'),
    ],
    words: [
      '\n',
      '\r\n',
      ',',
      ',,',
      ' ',
      '"',
      'label',
      '255',
      '256',
      '-1',
      '1.5',
      '1e2',
      '\ufeff',
      ';',
      '\0',
    ],
    run(bytes, folder) {
      const path = join(folder, 'input.csv');
      writeFileSync(path, bytes);
      const table = scanCsv(path);
      let rows = 0;
      readCsv(table, (pixels) => {
        promise(pixels.length === table.side ** 2, `${pixels.length} pixels of ${table.side} squared`);
        rows += 1;
      });
      promise(rows === table.rows, `${table.rows} rows were counted but ${rows} handed on`);
      // By another way: the numbers of the whole text.
      const numbers = bytes
        .toString('latin1')
        .split(/[\r\n]+/)
        .filter((line) => /^[\d ,]+$/.test(line));
      promise(numbers.length >= rows - 1, `${numbers.length} lines of numbers but ${rows} rows`);
      return true;
    },
  },

  tar: {
    codes: ['ERR_ROWNET_DATA'],
    seeds: () => [tarOf({ 'a/one.bin': Buffer.alloc(700, 5), two: Buffer.alloc(0) }), tarOf({})],
    words: ['00000000777\0', '77777777777\0', '5', '0', 'ustar', '../', '/'],
    repair: repairTar,
    run(bytes) {
      const files = untar('fuzz', bytes);
      const sum = files.reduce((all, file) => all + file.bytes.length, 0);
      promise(sum <= bytes.length, `${sum} bytes of files in an archive of ${bytes.length}`);
      return true;
    },
  },

  'npz-data': {
    codes: ['ERR_ROWNET_DATA'],
    seeds: () => [
      npzOf(['x_train', 'y_train', 'x_test', 'y_test'], '2,'),
      npzOf(['train_images', 'train_labels', 'test_images', 'test_labels'], '2, 1'),
    ],
    words: ["'|u1'", "'<i8'", "'>i4'", "'|O'", '(2,)', '(0, 2, 2)', 'True', 'x_train', 'y_test', '.npy'],
    repair: repairZip,
    run(bytes, folder) {
      const path = join(folder, 'input.npz');
      writeFileSync(path, bytes);
      const { train, test } = loadDataset(path, { resize: 'none' });
      for (const { images, labels, count, shape, classes } of [train, test]) {
        promise(
          labels.length === count && images.length === count * shape[1] * shape[2],
          `${count} of ${shape}`,
        );
        promise(
          labels.every((label) => label < classes),
          `a label that is none of ${classes} classes`,
        );
      }
      return true;
    },
  },

  idx: {
    codes: ['ERR_ROWNET_DATA'],
    seeds: () => [images, labels, gzipSync(images), gzipSync(labels)],
    repair: (bytes) => (bytes[0] === 0x1f ? repairGzip(bytes) : bytes),
    run(bytes, folder) {
      const path = join(folder, 'input');
      writeFileSync(path, bytes);
      // Both kinds, so that swapped files are tried too; the first error counts when both refuse.
      const read = (/** @type {'images' | 'labels'} */ kind) => {
        let received = 0;
        const { dims } = readIdx(path, kind, () => (part) => {
          received += part.length;
        });
        const size = dims.reduce((product, dim) => product * dim, 1);
        promise(received === size, `${dims} promises ${size} bytes but ${received} were handed on`);
        if (bytes[0] === 0)
          promise(bytes.length === 4 + 4 * dims.length + size, 'a file of another length was taken');
        return true;
      };
      try {
        return read('images');
      } catch (error) {
        if (!(error instanceof DataError)) throw error;
        return read('labels');
      }
    },
  },

  gzip: {
    codes: ['ERR_ROWNET_DATA'],
    seeds: () =>
      [0, 6, 100, 5000].map((length) => {
        const data = Buffer.alloc(4 + length, 'rownet ');
        data.writeUInt32LE(data.length);
        return gzipSync(data, { level: length % 10 });
      }),
    repair: repairGzip,
    run(bytes) {
      if (!isGzip(bytes)) return false;
      const unpacked = gunzip('fuzz', bytes, (start) => {
        if (start.length < 4) throw new DataError('fuzz: cut');
        return Math.min(Buffer.from(start).readUInt32LE(), 1 << 22);
      });
      promise(Buffer.compare(gunzipSync(bytes), unpacked) === 0, 'other bytes than those of zlib');
      return true;
    },
  },

  png: {
    codes: ['ERR_ROWNET_DATA'],
    seeds: () => [
      png(5, 4, 8, 0, 0),
      png(9, 9, 1, 0, 1),
      png(3, 3, 16, 2, 0),
      png(4, 4, 2, 3, 0, palette),
      png(5, 5, 8, 3, 1, palette),
      png(4, 3, 8, 4, 0),
      png(11, 7, 8, 6, 1),
      png(3, 2, 8, 2, 0, [chunk('tRNS', Buffer.alloc(6))]),
    ],
    words: ['IHDR', 'PLTE', 'IDAT', 'IEND', 'tRNS', 'gAMA', 'ABCD'],
    repair: repairPng,
    // What the cap on pixels lets a header ask for: 64 Mi of four samples of 16 bits, and their grey levels.
    megabytes: 900,
    run: decoded,
  },

  jpeg: {
    codes: ['ERR_ROWNET_DATA'],
    seeds: () => {
      const folder = join(fixtures, 'images');
      const names = readdirSync(folder).filter((name) => name.endsWith('.jpg'));
      return names.map((name) => readFileSync(join(folder, name)));
    },
    words: ['\xff\xd8', '\xff\xd9', '\xff\xda', '\xff\xc0', '\xff\xc4', '\xff\xdb', '\xff\xdd', '\xff\xd0'],
    megabytes: 2500,
    run: decoded,
  },
};
