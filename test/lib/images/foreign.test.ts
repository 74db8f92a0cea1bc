/** Files of other formats, told by how they start. */
import { describe, expect, it } from 'vitest';
import { refuse } from './image-files.js';

/** The start of an ISO media file: its length, `ftyp`, the major brand, a version, other brands. */
function media(major: string, ...others: readonly string[]): Buffer {
  const names = Buffer.from(`ftyp${major}\0\0\0\0${others.join('')}`, 'latin1');
  const length = Buffer.alloc(4);
  length.writeUInt32BE(names.length + 4);
  return Buffer.concat([length, names, Buffer.from('more avif heic')]);
}

describe('a file of another format', () => {
  it.each<readonly [string, Buffer, RegExp]>([
    ['HEIC', media('heic', 'mif1', 'heic'), /received a HEIC picture\. Hint: export it as a JPEG/],
    ['HEIC by its other brands', media('abcd', 'mif1'), /received a HEIC picture/],
    ['AVIF', media('avif', 'mif1', 'miaf'), /received an AVIF picture\. Hint: save it as a PNG/],
    ['AVIF by its other brands', media('mif1', 'avif'), /received an AVIF picture/],
    ['a video', media('isom', 'mp41'), /received a video\. Hint: save one frame/],
    [
      'WebP',
      Buffer.from('RIFF\x10\0\0\0WEBPVP8 '),
      /received a WebP picture.*magick picture\.webp picture\.png/,
    ],
    ['GIF', Buffer.from('GIF89a'), /received a GIF.*magick picture\.gif\[0\] picture\.png/],
    ['BMP', Buffer.from('BM\x10\x01\0\0\0\0\0\0'), /received a BMP picture/],
    ['TIFF of one byte order', Buffer.from('II*\0\x08'), /received a TIFF picture/],
    ['TIFF of the other', Buffer.from('MM\0*\0'), /received a TIFF picture/],
    ['JPEG XL', Buffer.from([0xff, 0x0a, 0]), /received a JPEG XL picture/],
    ['JPEG 2000', Buffer.from('\0\0\0\x0cjP  \r\n'), /received a JPEG 2000 picture/],
    ['ICO', Buffer.from([0, 0, 1, 0, 1]), /received an icon/],
    ['PSD', Buffer.from('8BPS\0\x01'), /received a Photoshop file/],
    ['PGM', Buffer.from('P5\n2 2\n255\n'), /received a PNM picture/],
    ['PDF', Buffer.from('%PDF-1.7\n'), /received a PDF\. Hint: .*pdftoppm/],
    ['SVG', Buffer.from('<svg xmlns="x">'), /received an SVG drawing/],
    [
      'SVG behind a prologue',
      Buffer.from('\uFEFF<?xml version="1.0"?>\n<!-- a -->\n<svg>'),
      /received an SVG drawing/,
    ],
    ['HTML', Buffer.from('\n<!DOCTYPE html><svg>'), /received a web page\. Hint: the download/],
    ['Git LFS', Buffer.from('version https://git-lfs.github.com/spec/v1'), /received a pointer of Git LFS/],
  ])('is named: %s', (_, bytes, message) => {
    expect(refuse(bytes)).toMatch(message);
  });

  it.each([
    ['text that starts like a bitmap', 'BMW and others'],
    ['text that starts like an icon', '\0\0\x01'],
    ['media without a length', '\0\0\0\0ftyx'],
    ['XML of another kind', '<?xml version="1.0"?><note/>'],
  ])('is not named without need: %s', (_, text) => {
    expect(refuse(Buffer.from(text))).toMatch(
      /received a file that starts with [0-9a-f]+\. Hint: save it as a PNG$/,
    );
  });

  it('is looked at in time that does not grow with tricks', () => {
    expect(refuse(Buffer.from('<'.repeat(2 ** 20)))).toContain('starts with 3c3c3c3c');
    expect(refuse(Buffer.from('<!---->'.repeat(2 ** 16)))).toContain('starts with 3c212d2d');
  });
});
