/** The page of `rownet serve`: a drawing goes in, what the net makes of it comes back. */
import { digitTensor } from '../data/digit-input.js';
import type { Normalization } from '../data/normalize.js';
import type { ResizeMethod } from '../data/resize.js';
import { softmax } from '../engines/mistakes.js';
import { ArgumentRangeError, ArgumentTypeError } from '../errors.js';
import { digitSize, prepareDigit } from '../images/digit.js';
import type { Net } from '../nets/net.js';
import { drawPageFiles } from './assets.js';
import { layerPictures, toBase64 } from './layer-pictures.js';
import type { DrawFacts, Recognised } from './messages.js';
import { type PageServer, startPageServer } from './server.js';

export interface DrawOptions {
  /** Of one grey channel. */
  readonly net: Net;
  readonly resize: ResizeMethod;
  readonly normalization: Normalization;
  readonly title: string;
  readonly classNames?: readonly string[] | undefined;
  /** Default 0: any free one. */
  readonly port?: number;
}

/** Longer drawings are made smaller by the page. */
const longestSide = 200;

/** Starts to serve. */
export function startDrawPage(options: DrawOptions): Promise<PageServer> {
  const { net, title, classNames } = options;
  warmUp(options);
  const facts: DrawFacts = { title, summary: net.toString(), classNames: classNames ?? null };
  return startPageServer(
    {
      files: drawPageFiles(),
      queries: new Map([['/facts', () => facts]]),
      actions: new Map([['/recognise', (body) => recognise(parseDrawing(body), options)]]),
    },
    options.port,
  );
}

interface Drawing {
  readonly width: number;
  readonly height: number;
  readonly grey: Uint8Array;
}

/** Compiles the net and lets the engine optimise, so that nobody waits at the first stroke. */
function warmUp(options: DrawOptions): void {
  const side = 140;
  const stroke = Uint8Array.from({ length: side * side }, (_, i) => {
    const [x, y] = [i % side, Math.floor(i / side)];
    return Math.abs(x - 70) < 6 && y > 20 && y < 120 ? 255 : 0;
  });
  for (let i = 0; i < 5; i += 1) recognise({ width: side, height: side, grey: stroke }, options);
}

function recognise(drawing: Drawing, { net, resize, normalization }: DrawOptions): Recognised {
  const { pixels, inverted, empty } = prepareDigit(drawing);
  const x = digitTensor(pixels, { resize, normalization, size: net.inputShape[1] });
  return {
    digit: { height: digitSize, width: digitSize, bytes: toBase64(pixels) },
    inverted,
    empty,
    probabilities: softmax(net.predict(x).data),
    layers: layerPictures(net, x),
  };
}

/** @throws {TypeError | RangeError} for anything but `{ width, height, grey }`, grey as base64. */
function parseDrawing(body: unknown): Drawing {
  const { width, height, grey } = (typeof body === 'object' && body !== null ? body : {}) as Record<
    string,
    unknown
  >;
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
  return { width: width as number, height: height as number, grey: bytes };
}
