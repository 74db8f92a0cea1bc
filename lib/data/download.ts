/** Files of known data sets from their mirrors, checked before anyone sees them. Nothing is written here. */
import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import { DataError, errorCode, errorMessage } from '../errors.js';
import type { KnownSet } from './known-sets.js';
import type { SetFile } from './set-files.js';

export interface DownloadProgress {
  /** Bytes so far. */
  readonly received: number;
  /** Of the whole file, where the mirror says so. */
  readonly total: number | undefined;
}

export interface DownloadOptions {
  /** In place of the set's own: addresses of folders, each with a slash at the end. */
  readonly mirrors?: readonly string[];
  /** Ends the download; what it was aborted with is thrown. */
  readonly signal?: AbortSignal;
  /** Longest silence of a mirror, from the start of the connection to the last byte. Default: 30 s. */
  readonly timeoutMs?: number;
  readonly onProgress?: (progress: DownloadProgress) => void;
}

export interface Download {
  /** The file as it is at the mirrors: packed. */
  readonly bytes: Uint8Array;
  /** The address that had it. */
  readonly from: string;
}

const TIMEOUT_MS = 30_000;
const MAX_REDIRECTS = 5;
const REDIRECTS = [301, 302, 303, 307, 308];

/** What a mirror did wrong. */
class MirrorError extends Error {}

/**
 * Gets one file from the first mirror that has it whole and right.
 * @throws DataError if none has, with what each of them said
 */
export async function downloadFile(
  set: Pick<KnownSet, 'name' | 'hint' | 'mirrors'>,
  file: SetFile,
  options: DownloadOptions = {},
): Promise<Download> {
  const failures: string[] = [];
  for (const mirror of options.mirrors ?? set.mirrors) {
    const from = `${mirror}${file.packed}`;
    try {
      const bytes = await fetchBytes(from, file.maxBytes, options);
      file.checkBytes(from, bytes);
      return { bytes, from };
    } catch (error) {
      options.signal?.throwIfAborted();
      failures.push(`  ${failureText(from, error)}`);
    }
  }
  throw new DataError(
    [
      `data: ${set.name}: expected ${file.packed} from a mirror but received none:`,
      ...failures,
      `Hint: try again later, or ${set.hint}`,
    ].join('\n'),
  );
}

/** A whole body in memory: no file is left behind, whatever happens. */
async function fetchBytes(address: string, most: number, options: DownloadOptions): Promise<Uint8Array> {
  const response = await follow(address, options);
  const total = promisedBytes(response);
  if (total !== undefined && total > most) throw tooLong(response, most, total);
  const parts: Uint8Array[] = [];
  let received = 0;
  for await (const part of response as AsyncIterable<Uint8Array>) {
    parts.push(part);
    received += part.length;
    if (received > most) throw tooLong(response, most, received);
    options.onProgress?.({ received, total });
  }
  return Buffer.concat(parts);
}

function promisedBytes({ headers }: IncomingMessage): number | undefined {
  const length = headers['content-length'];
  return length === undefined ? undefined : Number(length);
}

function tooLong(response: IncomingMessage, most: number, bytes: number): MirrorError {
  response.destroy();
  return new MirrorError(`expected at most ${most} bytes but received ${bytes}`);
}

/** The response with the body, after at most five redirects, none of them from https to http. */
async function follow(address: string, options: DownloadOptions): Promise<IncomingMessage> {
  let url = new URL(address);
  for (let redirects = 0; ; redirects += 1) {
    const response = await get(url, options);
    const { statusCode = 0, headers } = response;
    if (statusCode === 200) return response;
    response.destroy();
    if (!REDIRECTS.includes(statusCode) || headers.location === undefined) {
      throw new MirrorError(`HTTP ${statusCode}`);
    }
    if (redirects === MAX_REDIRECTS) throw new MirrorError(`more than ${MAX_REDIRECTS} redirects`);
    url = redirectTarget(url, headers.location);
  }
}

/** @throws Error where a redirect leads out of https, or nowhere */
export function redirectTarget(from: URL, location: string): URL {
  const next = new URL(location, from);
  if (from.protocol !== 'https:' || next.protocol === 'https:') return next;
  throw new MirrorError(`a redirect from https to ${next.href}`);
}

/** One request, up to the headers of the response; a silence ends it, in the body too. */
function get(url: URL, { signal, timeoutMs = TIMEOUT_MS }: DownloadOptions): Promise<IncomingMessage> {
  const client = { 'http:': http, 'https:': https }[url.protocol];
  if (client === undefined) throw new MirrorError(`expected http or https but received ${url.protocol}`);
  return new Promise((resolve, reject) => {
    let response: IncomingMessage | undefined;
    const request = client.get(url, {
      // Nothing else is asked of the server afterwards.
      agent: false,
      headers: { 'accept-encoding': 'identity', 'user-agent': 'rownet' },
      timeout: timeoutMs,
      ...(signal === undefined ? {} : { signal }),
    });
    request.on('response', (message) => {
      response = message;
      resolve(message);
    });
    request.on('timeout', () => {
      (response ?? request).destroy(new MirrorError(`nothing for ${timeoutMs / 1000} s`));
    });
    request.on('error', reject);
  });
}

function failureText(address: string, error: unknown): string {
  // Its message starts with the address.
  if (error instanceof DataError) return error.message;
  if (error instanceof MirrorError) return `${address}: ${error.message}`;
  // What Node and the system report has a code; a failure to connect to several addresses has nothing else.
  const code = errorCode(error);
  if (code !== undefined) return `${address}: ${errorMessage(error) || code}`;
  throw error;
}
