/** The colour types of PNG: how the samples of a pixel become a luma, a red, a green, a blue and an alpha. */
import type { Refuse } from '../errors.js';
import { isColour, luma } from './limits.js';

/** As the header has them. */
export const colourType = { GREY: 0, COLOUR: 2, PALETTE: 3, GREY_ALPHA: 4, COLOUR_ALPHA: 6 } as const;

export interface Chunk {
  readonly type: string;
  /** Of the length field, in the file. */
  readonly offset: number;
  readonly data: Uint8Array;
}

/** A value of one pixel, the first of whose samples is at `index`. */
type Read = (samples: Uint16Array, index: number) => number;

export interface PixelReader {
  /** The largest sample. */
  readonly max: number;
  readonly luma1000: Read;
  /** Red, green or blue, by the number of its plane, up to `max`. */
  readonly sample: (samples: Uint16Array, index: number, plane: number) => number;
  /** Up to `max`; undefined where every pixel is opaque. */
  readonly alpha: Read | undefined;
  /** Whether one of the pixels whose luma was read is in colour; what is wholly transparent is in none. */
  readonly sawColour: () => boolean;
}

/** @throws DataError for a palette or a transparency that does not fit, and while reading, for a pixel without a colour */
export function pixelReader(
  fail: Refuse,
  { depth, type }: { readonly depth: number; readonly type: number },
  palette: Chunk | undefined,
  transparency: Chunk | undefined,
): PixelReader {
  if (type === colourType.PALETTE) return paletteReader(fail, palette, transparency);
  const max = 2 ** depth - 1;
  const isGrey = type === colourType.GREY || type === colourType.GREY_ALPHA;
  const opaque = type === colourType.COLOUR;
  let colour = false;
  const sawColour = () => colour;
  const luma1000: Read = isGrey
    ? (s, i) => 1000 * s[i]
    : (s, i) => {
        const [red, green, blue] = [s[i], s[i + 1], s[i + 2]];
        colour ||= isColour(red, green, blue, max) && (opaque || s[i + 3] > 0);
        return luma(red, green, blue);
      };
  const sample: PixelReader['sample'] = isGrey ? (s, i) => s[i] : (s, i, plane) => s[i + plane];
  const reader = { max, luma1000, sample, sawColour };
  if (type === colourType.GREY_ALPHA) return { ...reader, alpha: (s, i) => s[i + 1] };
  if (type === colourType.COLOUR_ALPHA) return { ...reader, alpha: (s, i) => s[i + 3] };
  // One colour may be marked as transparent.
  const clear = clearColour(fail, type, transparency);
  if (clear === undefined) return { ...reader, alpha: undefined };
  const alpha: Read = (s, i) => (clear.every((sample, channel) => s[i + channel] === sample) ? 0 : max);
  return { ...reader, alpha };
}

function clearColour(fail: Refuse, type: number, chunk: Chunk | undefined): number[] | undefined {
  if (chunk === undefined) return undefined;
  const samples = type === colourType.GREY ? 1 : 3;
  if (chunk.data.length !== 2 * samples) {
    fail(`expected ${2 * samples} bytes of tRNS at byte ${chunk.offset} but received ${chunk.data.length}`);
  }
  return Array.from({ length: samples }, (_, i) => 256 * chunk.data[2 * i] + chunk.data[2 * i + 1]);
}

function paletteReader(
  fail: Refuse,
  palette: Chunk | undefined,
  transparency: Chunk | undefined,
): PixelReader {
  if (palette === undefined) fail('expected a palette (PLTE) but there is none');
  const { data, offset } = palette;
  const colours = data.length / 3;
  if (!Number.isInteger(colours) || colours < 1 || colours > 256) {
    fail(`expected 1 to 256 colours at byte ${offset} but received ${data.length} bytes`);
  }
  const alphas = transparency?.data;
  if (alphas !== undefined && alphas.length > colours) {
    fail(
      `expected tRNS for at most ${colours} colours at byte ${transparency?.offset} but received ` +
        `${alphas.length}`,
    );
  }
  const lumas = Array.from({ length: colours }, (_, i) =>
    luma(data[3 * i], data[3 * i + 1], data[3 * i + 2]),
  );
  const inColour = Array.from(
    { length: colours },
    (_, i) => isColour(data[3 * i], data[3 * i + 1], data[3 * i + 2], 255) && (alphas?.[i] ?? 255) > 0,
  );
  let colour = false;
  const luma1000: Read = (samples, i) => {
    if (samples[i] < colours) {
      colour ||= inColour[samples[i]];
      return lumas[samples[i]];
    }
    fail(
      `expected pixels from 0 to ${colours - 1}, as many as the palette has colours, but received ${samples[i]}`,
    );
  };
  const alpha: Read | undefined =
    alphas === undefined ? undefined : (samples, i) => alphas[samples[i]] ?? 255;
  // The luma, which refuses what the palette lacks, is read first.
  const sample: PixelReader['sample'] = (samples, i, plane) => data[3 * samples[i] + plane];
  return { max: 255, luma1000, sample, sawColour: () => colour, alpha };
}
