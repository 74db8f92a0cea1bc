/** Names of files that are neither PNG nor JPEG, by what they start with, for errors that say what to do. */

interface Format {
  readonly name: string;
  readonly hint: string;
  readonly matches: (start: Buffer) => boolean;
}

/** Bytes at the start of a file that are looked at: enough for the comments in front of an SVG's first element. */
const looked = 1024;

const bytes =
  (...expected: readonly number[]) =>
  (start: Buffer) =>
    expected.every((byte, i) => start[i] === byte);
const letters =
  (word: string, at = 0) =>
  (start: Buffer) =>
    start.toString('latin1', at, at + word.length) === word;
const pattern = (expression: RegExp) => (start: Buffer) => expression.test(start.toString('utf8'));

/** An ISO media file names its brands after `ftyp`: the major one, a version, then those that it is compatible with. */
const brand = (expression: RegExp) => (start: Buffer) => {
  if (!letters('ftyp', 4)(start)) return false;
  const names = start.toString('latin1', 8, start.readUInt32BE(0)).match(/.{4}/gs) ?? [];
  return names.some((name, i) => i !== 1 && expression.test(name));
};

const magick = (extension: string) =>
  `save it as a PNG, for instance by ImageMagick: magick picture.${extension} picture.png`;

/** In the order in which they are tried. */
const formats: readonly Format[] = [
  { name: 'an AVIF picture', hint: magick('avif'), matches: brand(/^avi[fs]$/) },
  {
    name: 'a HEIC picture',
    hint: `export it as a JPEG, as phones do where they share it, or ${magick('heic')}`,
    matches: brand(/^(hei[cxms]|hev[cxms]|mif1|msf1)$/),
  },
  { name: 'a video', hint: 'save one frame of it as a PNG', matches: letters('ftyp', 4) },
  {
    name: 'a WebP picture',
    hint: magick('webp'),
    matches: (start) => letters('RIFF')(start) && letters('WEBP', 8)(start),
  },
  { name: 'a GIF', hint: magick('gif[0]'), matches: pattern(/^GIF8[79]a/) },
  {
    name: 'a BMP picture',
    hint: magick('bmp'),
    // Four bytes that are reserved: text may start with BM too.
    matches: (start) => letters('BM\0\0\0\0')(Buffer.concat([start.subarray(0, 2), start.subarray(6, 10)])),
  },
  { name: 'a TIFF picture', hint: magick('tif'), matches: pattern(/^(II[*+]\0|MM\0[*+])/) },
  {
    name: 'a JPEG XL picture',
    hint: magick('jxl'),
    matches: (start) => bytes(0xff, 0x0a)(start) || letters('JXL ', 4)(start),
  },
  {
    name: 'a JPEG 2000 picture',
    hint: magick('jp2'),
    matches: (start) => bytes(0xff, 0x4f, 0xff, 0x51)(start) || letters('jP  ', 4)(start),
  },
  { name: 'an icon (ICO)', hint: magick('ico[0]'), matches: bytes(0, 0, 1, 0) },
  { name: 'a Photoshop file', hint: 'export it as a PNG', matches: letters('8BPS') },
  { name: 'a PNM picture', hint: magick('pnm'), matches: pattern(/^P[1-7]\s/) },
  {
    name: 'a PDF',
    hint: 'save its page as a PNG: pdftoppm -r 150 -png file.pdf page',
    matches: letters('%PDF-'),
  },
  {
    name: 'a web page',
    hint: 'the download gave a page in place of the picture; get the picture itself',
    matches: pattern(/^\uFEFF?\s*<(!doctype html|html)/i),
  },
  { name: 'an SVG drawing', hint: magick('svg'), matches: pattern(/^\uFEFF?\s*(?=<).*<svg[\s>]/is) },
  {
    name: 'a pointer of Git LFS',
    hint: 'get the file itself: git lfs pull',
    matches: letters('version https://git-lfs'),
  },
];

/** What a file is, and what to do about it; undefined for what nobody would take for a picture. */
export function foreignFormat(
  file: Uint8Array,
): { readonly name: string; readonly hint: string } | undefined {
  const start = Buffer.from(file.subarray(0, looked));
  return formats.find(({ matches }) => matches(start));
}
