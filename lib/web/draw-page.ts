/** The page of `rownet serve`: a drawing or a picture goes in, what the net makes of it comes back. A net of colours gets pictures alone. */
import { isLight } from '../data/net-input.js';
import { ArgumentRangeError, ArgumentTypeError } from '../errors.js';
import { type Picture as Image, planesOf } from '../images/colour.js';
import { decodeColourImage, decodeImage } from '../images/decode.js';
import type { GreyImage } from '../images/limits.js';
import { shrink } from '../images/plane.js';
import type { Recognizer } from '../runs/recognizer.js';
import { drawPageFiles } from './assets.js';
import { layerPictures, toBase64 } from './layer-pictures.js';
import type { DrawFacts, Picture, Recognised, RecognisedPicture } from './messages.js';
import { fieldsOf, type PageServer, startPageServer } from './server.js';

export interface DrawOptions {
  readonly recognizer: Recognizer;
  readonly title: string;
  readonly classNames?: readonly string[] | undefined;
  /** Default 0: any free one. */
  readonly port?: number;
}

/** Longer drawings are made smaller by the page, and pictures before they are shown there. */
const longestSide = 200;
/** Of a picture's file: more than photographs have. */
const maxPictureBytes = 48 * 2 ** 20;

/** Starts to serve. */
export function startDrawPage(options: DrawOptions): Promise<PageServer> {
  const { recognizer, title, classNames } = options;
  const { preparation } = recognizer;
  const colour = preparation.picture.colour ?? false;
  warmUp(options);
  const facts: DrawFacts = {
    title,
    summary: recognizer.run.net.toString(),
    classNames: classNames ?? null,
    digits: preparation.prepare === 'digit',
    light: isLight(preparation),
    colour,
  };
  return startPageServer(
    {
      files: drawPageFiles(),
      queries: new Map([['/facts', () => facts]]),
      actions: new Map(
        colour ? [] : [['/recognise', (body) => recogniseDrawing(parseDrawing(fieldsOf(body)), options)]],
      ),
      uploads: new Map([
        ['/picture', { maxBytes: maxPictureBytes, take: (bytes) => recognisePicture(bytes, options) }],
      ]),
    },
    options.port,
  );
}

/**
 * Compiles the net and lets the engine optimise, so that nobody waits at the first stroke.
 * @throws {DivergedError} for a net that recognises nothing
 */
function warmUp(options: DrawOptions): void {
  const side = 140;
  const stroke = Uint8Array.from({ length: side * side }, (_, i) => {
    const [x, y] = [i % side, Math.floor(i / side)];
    return Math.abs(x - 70) < 6 && y > 20 && y < 120 ? 255 : 0;
  });
  for (let i = 0; i < 5; i += 1) recogniseDrawing({ width: side, height: side, grey: stroke }, options);
}

/** A drawing on which nothing has been drawn is empty, whatever the net knows. */
function recogniseDrawing(drawing: GreyImage, options: DrawOptions): Recognised {
  const recognised = recognise('recognise', drawing, options);
  const isBlank = drawing.grey.every((level) => level === drawing.grey[0]);
  return isBlank ? { ...recognised, empty: true } : recognised;
}

/** @throws {DataError} for a file that is no picture */
function recognisePicture(bytes: Uint8Array, options: DrawOptions): RecognisedPicture {
  const decode = options.recognizer.preparation.picture.colour ? decodeColourImage : decodeImage;
  const image = decode(bytes, 'picture');
  return { ...recognise('picture', image, options), picture: shrunk(image) };
}

/** As it is shown: each plane made smaller. */
function shrunk(image: Image): Picture {
  const { width, height } = image;
  const planes = planesOf(image);
  const area = width * height;
  const small = Array.from({ length: planes.length / area }, (_, plane) =>
    shrink(
      { width, height, values: Float32Array.from(planes.subarray(plane * area, (plane + 1) * area)) },
      longestSide,
    ),
  );
  const bytes = Uint8Array.from(
    small.flatMap(({ values }) => [...values]),
    Math.round,
  );
  return { width: small[0].width, height: small[0].height, bytes: toBase64(bytes) };
}

function recognise(where: string, image: Image, { recognizer }: DrawOptions): Recognised {
  const { prepared, input, inverted, empty, notes, probabilities } = recognizer.recognise(image, where);
  const layers = layerPictures(recognizer.run.net, input);
  return { seen: asPicture(prepared), inverted, empty, notes, probabilities, layers };
}

function asPicture(image: Image): Picture {
  return { width: image.width, height: image.height, bytes: toBase64(planesOf(image)) };
}

/** @throws {TypeError | RangeError} for anything but `{ width, height, grey }`, grey as base64. */
function parseDrawing({ width, height, grey }: Readonly<Record<string, unknown>>): GreyImage {
  for (const [name, value] of Object.entries({ width, height })) {
    if (Number.isInteger(value) && (value as number) >= 1 && (value as number) <= longestSide) continue;
    throw new ArgumentRangeError(
      `recognise: ${name}: expected an integer from 1 to ${longestSide} but received ${String(value)}`,
    );
  }
  if (typeof grey !== 'string') {
    throw new ArgumentTypeError(`recognise: grey: expected base64 but received ${typeof grey}`);
  }
  const bytes = new Uint8Array(Buffer.from(grey, 'base64'));
  if (bytes.length !== Number(width) * Number(height)) {
    throw new ArgumentRangeError(
      `recognise: grey: expected ${width}x${height} bytes but received ${bytes.length}`,
    );
  }
  return { width: width as number, height: height as number, grey: bytes };
}
