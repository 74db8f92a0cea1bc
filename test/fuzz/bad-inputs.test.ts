/** Files that no reader may take, each with what it says. The formats' own tests go further; this is the whole list. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { newRunConfig } from '../../lib/cli/commands/train/config.js';
import { parseRunConfig } from '../../lib/runs/config.js';
import { readIdx } from '../../lib/data/idx.js';
import { decodeNpz } from '../../lib/formats/npz.js';
import { decodeSafetensors } from '../../lib/formats/safetensors.js';
import { decodeImage } from '../../lib/images/decode.js';
import { bigEndian, imagesFile, labelsFile, temporaryFolder } from '../lib/data/idx-files.js';
import { literal, npy, pack } from '../lib/formats/npz-files.js';
import { entry, file, floats } from '../lib/formats/safetensors-files.js';
import { chunk, greyPng, header, pngFile, signature } from '../lib/images/image-files.js';
import { refusal } from '../support/misuse.js';

type Bad = readonly [what: string, bytes: Uint8Array, message: RegExp];

const folder = temporaryFolder();
let checked = 0;

function itRefuses(cases: readonly Bad[], read: (bytes: Uint8Array) => unknown): void {
  it.each(cases)('%s', (_, bytes, message) => {
    checked += 1;
    const before = process.memoryUsage.rss();
    expect(refusal(() => read(bytes))).toMatch(message);
    // The size of the file and a constant; what else runs in this process is part of the constant.
    expect(process.memoryUsage.rss() - before).toBeLessThan(bytes.length + 256 * 2 ** 20);
  });
}

const readAs = (kind: 'images' | 'labels') => (bytes: Uint8Array) => {
  const path = join(folder, 'input');
  writeFileSync(path, bytes);
  return readIdx(path, kind, () => () => {});
};

const patched = (bytes: Uint8Array, at: number, ...values: number[]) => {
  const copy = Buffer.from(bytes);
  copy.set(values, at);
  return copy;
};

const idx = imagesFile(3, 4, 5);
const dims = (...sizes: number[]) => bigEndian(0x803, ...sizes);
describe('IDX', () => {
  itRefuses(
    [
      ...[0, 1, 2, 3].map(
        (length): Bad => [`${length} bytes`, idx.subarray(0, length), /a header of 16 bytes, file has/],
      ),
      ['a header cut in a dimension', idx.subarray(0, 10), /a header of 16 bytes, file has 10/],
      ['a byte short', idx.subarray(0, -1), /header promises 76 bytes, file has 75/],
      ['a byte long', Buffer.concat([idx, Buffer.alloc(1)]), /header promises 76 bytes, file has 77/],
      ['first bytes that are not zero', patched(idx, 0, 1), /00 00 08 03 at byte 0 .* no IDX file/],
      ['an unknown type', patched(idx, 2, 7), /type 8 .* at byte 2 but received 7 \(unknown\)/],
      ['no dimension', patched(idx, 3, 0), /3 dimensions but received 0 at byte 3/],
      ['255 dimensions', patched(idx, 3, 255), /3 dimensions but received 255 at byte 3/],
      ['little-endian numbers', patched(idx, 0, 3, 8, 0, 0), /little-endian/],
      ['a dimension of 0', dims(3, 0, 5), /dimension 1 is 0 \(byte 8\)/],
      ['a dimension of 2^32 - 1', dims(1, 1, 0xffffffff), /header promises 4294967311 bytes/],
      ['dimensions that wrap to 0', dims(65536, 65536, 1), /header promises 4294967312 bytes/],
      ['three dimensions of 2^32 - 1', dims(...Array(3).fill(0xffffffff)), /header promises \d{29} bytes/],
      ['labels for images', labelsFile([1, 2]), /images and labels are swapped/],
    ],
    readAs('images'),
  );
  itRefuses([['images for labels', idx, /images and labels are swapped/]], readAs('labels'));
});

const packed = gzipSync(idx);
describe('gzip', () => {
  itRefuses(
    [
      [
        'a bomb',
        gzipSync(Buffer.concat([dims(1500, 1000, 1000), Buffer.alloc(2 ** 25)])),
        /more than gzip saves/,
      ],
      ['more than the header promises', gzipSync(Buffer.concat([idx, idx])), /the gzip data hold more/],
      ['a cut header', packed.subarray(0, 8), /gzip header is cut at byte 8/],
      ['cut data', packed.subarray(0, 20), /header of 16 bytes, file has|do not unpack/],
      ['a cut checksum', packed.subarray(0, -5), /expected a gzip checksum at byte/],
      [
        'a flipped checksum',
        patched(packed, packed.length - 8, packed[packed.length - 8] ^ 1),
        /the gzip checksum at byte/,
      ],
      [
        'trailing bytes',
        Buffer.concat([packed, Buffer.from('x')]),
        /there are bytes after the gzip data at byte/,
      ],
      ['several members', Buffer.concat([packed, packed]), /a second gzip member starts at byte/],
    ],
    readAs('images'),
  );
});

const grey = greyPng(2, 2, [1, 2, 3, 4]);
const size = (width: number, height: number, depth = 8, type = 0) =>
  Buffer.concat([
    signature,
    header({ width, height, depth, type }),
    chunk('IDAT', deflateSync(Buffer.alloc(6))),
    chunk('IEND'),
  ]);
const jpegFrame = (height: number, width: number) =>
  Buffer.concat([
    Buffer.of(0xff, 0xd8, 0xff, 0xc0, 0, 11, 8),
    Buffer.of(height >> 8, height & 255, width >> 8, width & 255),
    Buffer.of(1, 1, 0x11, 0, 0xff, 0xd9),
  ]);
describe('PNG and JPEG', () => {
  itRefuses(
    [
      ['no image', Buffer.from('GIF89a'), /expected a PNG or JPEG but received a GIF/],
      ['nothing', Buffer.alloc(0), /received an empty file/],
      ['a cut signature', grey.subarray(0, 7), /expected a PNG or JPEG/],
      ['a signature alone', grey.subarray(0, 8), /goes past the end of the file/],
      [
        'a cut chunk',
        grey.subarray(0, 40),
        /the chunk at byte 33 goes past the end of the file \(40 bytes\)/,
      ],
      ['a wrong checksum', patched(grey, 29, 1, 2, 3, 4), /the checksum at byte 29 is/],
      ['a width of 0', size(0, 1), /expected 1 to 67108864 pixels but received 0x1/],
      ['a height of 0', size(1, 0), /pixels but received 1x0/],
      ['a huge size', size(0xffffffff, 0xffffffff), /pixels but received 4294967295x4294967295/],
      ['a size that wraps', size(65536, 65536), /pixels but received 65536x65536/],
      ['a large image of few bytes', size(8000, 8000), /header promises 64008000 bytes/],
      ['a depth of 3', size(2, 2, 3), /no PNG of depth 3 and colour type 0/],
      ['colours of one bit', size(2, 2, 1, 2), /no PNG of depth 1 and colour type 2/],
      ['a colour type of 5', size(2, 2, 8, 5), /no PNG of depth 8 and colour type 5/],
      ['no palette', size(1, 1, 8, 3), /expected a palette/],
      [
        'a palette index out of range',
        pngFile({
          width: 1,
          height: 1,
          type: 3,
          rows: Uint8Array.of(0, 1),
          before: [chunk('PLTE', Buffer.alloc(3))],
        }),
        /expected pixels from 0 to 0, .* but received 1/,
      ],
      [
        'a cut JPEG',
        jpegFrame(1, 1).subarray(0, 9),
        /segment at byte 2 has a length of 11, which does not fit/,
      ],
      ['a JPEG without height', jpegFrame(0, 1), /pixels but received 1x0/],
      ['a huge JPEG', jpegFrame(65535, 65535), /pixels but received 65535x65535/],
    ],
    (bytes) => decodeImage(bytes, 'images: x'),
  );
});

const one = (shape: string, offsets: string, dtype?: string) =>
  file(`{"a":${entry(shape, offsets, dtype)}}`, floats(1, 2));
describe('safetensors', () => {
  itRefuses(
    [
      ['7 bytes', Buffer.alloc(7), /expected 8 bytes of header length/],
      ['a header of 2^63 bytes', Buffer.alloc(8, 0x80), /header of at most 100000000 bytes/],
      ['a header longer than the file', patched(one('[2]', '[0,8]'), 0, 255), /header promises 263 bytes/],
      ['a shape that wraps to 4', one('[4194305,4194305,211106198978564]', '[0,8]'), /at most 2\^31 values/],
      ['a dimension above 2^53', one('[9007199254740993]', '[0,8]'), /an integer below 2\^53/],
      [
        'one name twice',
        file(`{"a":${entry('[1]', '[0,4]')},"a":${entry('[1]', '[4,8]')}}`, floats(1, 2)),
        /there twice/,
      ],
      ['negative offsets', one('[2]', '[-8,0]'), /expected an integer from 0/],
      ['offsets with a fraction', one('[2]', '[0,8.5]'), /expected ] but received \./],
      ['offsets as texts', one('[2]', '["0","8"]'), /expected an integer from 0/],
      ['offsets in the wrong order', one('[2]', '[8,0]'), /a hole/],
      ['offsets that disagree with the shape', one('[3]', '[0,8]'), /expected 12 bytes for the shape/],
      [
        'overlapping tensors',
        file(`{"a":${entry('[2]', '[0,8]')},"b":${entry('[1]', '[4,8]')}}`, floats(1, 2)),
        /an overlap/,
      ],
      ['data without a tensor', file('{}', floats(1)), /expected 0 bytes of data/],
      [
        'the name __proto__ twice',
        file(`{"__proto__":${entry('[1]', '[0,4]')},"__proto__":${entry('[1]', '[4,8]')}}`, floats(1, 2)),
        /"__proto__" is there twice/,
      ],
      ['very deep JSON', file(`{"a":${'['.repeat(100_000)}`), /expected \{ but received \[/],
      ['a byte order mark', file('\ufeff{}'), /received byte 0xef at byte 8/],
      ['metadata that is no text', file('{"__metadata__":{"a":1}}'), /expected " but received 1/],
      ['an unknown type', one('[2]', '[0,8]', '"F31"'), /an unknown type "F31"/],
      ['another type', one('[1]', '[0,8]', '"I64"'), /received I64/],
      ['NaN', file(`{"a":${entry('[1]', '[0,4]')}}`, floats(Number.NaN)), /received NaN at index 0/],
      [
        'Infinity',
        file(`{"a":${entry('[1]', '[0,4]')}}`, floats(-Infinity)),
        /received -Infinity at index 0/,
      ],
    ],
    (bytes) => decodeSafetensors(bytes, 'x'),
  );
});

const npz = (text: string, data = floats(1, 2)) => pack({ 'a.npy': npy(text, data) });
describe('npz and npy', () => {
  itRefuses(
    [
      ['a cut archive', npz(literal()).subarray(0, -1), /expected the end of a zip directory/],
      ['a name outside', pack({ '../a.npy': npy(literal(), floats(1, 2)) }), /relative name without "\.\."/],
      ['an absolute name', pack({ '/a.npy': npy(literal(), floats(1, 2)) }), /expected a relative name/],
      ['a bomb', pack({ 'a.npy': new Uint8Array(80 * 2 ** 20) }, { level: 9 }), /more than packing saves/],
      ['no npy file', pack({ 'a.txt': Buffer.from('hello') }), /expected arrays such as/],
      ['a header that is a program', npz("__import__('os')"), /expected \{ but received/],
      ['a header with a call in it', npz("{'descr': str('<f4')}"), /expected a text in quotes/],
      ['objects', npz(literal('(2,)', "'|O'")), /received objects/],
      [
        'another order of axes',
        npz(literal('(2,)', "'<f4'", 'None')),
        /expected True or False but received "N"/,
      ],
      [
        'another type',
        npz(literal('(2,)', "'<i4'")),
        /expected float32, float64 or float16 but received "<i4"/,
      ],
      ['a shape of other size', npz(literal('(3,)')), /expected 12 bytes for the shape \(3\)/],
      ['a shape that wraps', npz(literal('(4194305, 4194305, 211106198978564)')), /at most 2\^31 values/],
      ['a negative shape', npz(literal('(-2,)')), /expected an integer from 0/],
    ],
    (bytes) => decodeNpz(bytes, 'x'),
  );
});

const config = (change: (config: ReturnType<typeof plain>) => void) => {
  const value = plain();
  change(value);
  return Buffer.from(JSON.stringify(value));
};
// biome-ignore lint/suspicious/noExplicitAny: its values are made wrong
const plain = (): any => JSON.parse(JSON.stringify(newRunConfig({ recipe: 'article' })));
describe('the configuration of a run', () => {
  itRefuses(
    [
      ['nothing', Buffer.from('null'), /config is missing or of another type/],
      ['a list', Buffer.from('[]'), /config\.rownet is missing/],
      ['no recipe', config((value) => delete value.recipe), /config\.recipe is missing/],
      ['another net', config((value) => (value.net = 'vgg')), /config\.net is "vgg"/],
      [
        'an unknown recipe',
        config((value) => (value.recipe.name = 'x'.repeat(1e6))),
        /name is "x{80}\.\.\."/,
      ],
      ['a path of 5 kB', config((value) => (value.data.name = '/'.repeat(5000))), /config\.data\.name is/],
      [
        'more names of classes than labels',
        config((value) => (value.data.classNames = Array(257).fill('a'))),
        /config\.data\.classNames is missing or of another type/,
      ],
      ['half a seed', config((value) => (value.seed = 0.5)), /config\.seed is 0\.5/],
      ['an unknown engine', config((value) => (value.engine = 'steam')), /config\.engine is "steam"/],
      ['a limit that is a text', config((value) => (value.data.limit = '5')), /config\.data\.limit is "5"/],
      [
        'a checksum that is a number',
        config((value) => (value.data.sha256 = { a: 1 })),
        /sha256 of "a" is no text/,
      ],
      [
        'a negative learning rate',
        config((value) => (value.recipe.optimizer.lr = -1)),
        /recipe: lr: expected/,
      ],
      ['half a batch', config((value) => (value.recipe.batchSize = 0.5)), /recipe: batchSize: expected/],
      ['an unknown schedule', config((value) => (value.recipe.schedule = 'x')), /recipe: schedule: expected/],
      [
        'a value that no recipe has',
        config((value) => Object.assign(value.recipe, { decay: 1 })),
        /recipe: expected the options name, .* but received "decay"/,
      ],
    ],
    (bytes) => parseRunConfig(JSON.parse(Buffer.from(bytes).toString()), 'x'),
  );
});

it('all were tried', () => {
  expect(checked).toBe(94);
});
