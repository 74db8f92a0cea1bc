import { decode } from 'fast-png';
import { describe, expect, it } from 'vitest';
import { decodeImage } from '../../../lib/images/decode.js';
import { encodePng } from '../../../lib/images/png-encode.js';

describe('encodePng', () => {
  it.each([
    [1, 1, 1],
    [5, 3, 1],
    [1, 3, 3],
    [28, 28, 3],
  ])('%sx%s pixels of %s values are read back by another program', (width, height, channels) => {
    const pixels = Uint8Array.from({ length: width * height * channels }, (_, i) => (i * 37 + 11) % 256);
    const read = decode(encodePng(pixels, width, height), { checkCrc: true });
    expect(read).toMatchObject({ width, height, channels, depth: 8 });
    expect([...read.data]).toEqual([...pixels]);
  });

  it('is read back by decodeImage', () => {
    const pixels = Uint8Array.of(0, 1, 127, 128, 254, 255);
    expect(decodeImage(encodePng(pixels, 3, 2))).toEqual({ width: 3, height: 2, grey: pixels });
  });
});
