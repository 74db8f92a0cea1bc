/** Files of known data sets from their mirrors, checked before anyone sees them. Nothing is written here. */
import { createHash } from 'node:crypto';
import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import { DataError, errorCode, errorMessage } from '../errors.js';
import { readRegularFile } from '../files.js';
import { checkPackedIdx, type IdxKind, readIdx } from './idx.js';
import { type Part, partFiles } from './idx-files.js';
import { type KnownSet, knownSets } from './registry.js';

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
  /** The file as it is at the mirrors: gzipped. */
  readonly bytes: Uint8Array;
  /** The address that had it. */
  readonly from: string;
}

const TIMEOUT_MS = 30_000;
const MAX_REDIRECTS = 5;
const REDIRECTS = [301, 302, 303, 307, 308];
/** More than twice the largest file of the sets (26 MB). */
const MAX_BYTES = 64 * 2 ** 20;

/** What a mirror did wrong. */
class MirrorError extends Error {}

/** The name of a part at the mirrors, and where it is kept. */
export function packedName(part: Part): string {
  return `${partFiles[part]}.gz`;
}

/**
 * Gets one file from the first mirror that has it whole and right.
 * @throws DataError if none has, with what each of them said
 */
export async function downloadPart(
  set: KnownSet,
  part: Part,
  options: DownloadOptions = {},
): Promise<Download> {
  const failures: string[] = [];
  for (const mirror of options.mirrors ?? set.mirrors) {
    const from = `${mirror}${packedName(part)}`;
    try {
      const bytes = await fetchBytes(from, options);
      checkPacked(set, part, from, bytes);
      return { bytes, from };
    } catch (error) {
      options.signal?.throwIfAborted();
      failures.push(`  ${failureText(from, error)}`);
    }
  }
  throw new DataError(
    [
      `data: ${set.name}: expected ${packedName(part)} from a mirror but received none:`,
      ...failures,
      `Hint: try again later, or ${set.hint}`,
    ].join('\n'),
  );
}

function checkPacked(set: KnownSet, part: Part, where: string, bytes: Uint8Array): void {
  const { sha256 } = checkPackedIdx(where, kindOf(part), bytes);
  checkSum(set, part, where, sha256, () => createHash('md5').update(bytes).digest('hex'));
}

/**
 * Checks that a file, gzipped or not, is this part of the set.
 * @throws DataError if it is not, or if that cannot be known: of a set without SHA-256 only the gzipped file as it is at
 * the mirrors
 */
export function checkFile(set: KnownSet, part: Part, path: string): void {
  const { sha256 } = readIdx(path, kindOf(part), () => () => {});
  checkSum(set, part, path, sha256, () => fileMd5(path));
}

function kindOf(part: Part): IdxKind {
  return part === 'trainImages' || part === 'testImages' ? 'images' : 'labels';
}

/** @param md5 of the gzipped file; asked for only where the SHA-256 of the contents is not known. */
function checkSum(set: KnownSet, part: Part, where: string, sha256: string, md5: () => string): void {
  const [name, expected, received] =
    set.sha256 === undefined
      ? ['MD5 of the file', set.packedMd5?.[part], md5()]
      : ['SHA-256 of the contents', set.sha256[part], sha256];
  if (expected === received) return;
  const other = knownSets.find((known) => known.sha256?.[part] === sha256);
  const hint = other === undefined ? '' : `. Hint: this is a file of ${other.title}`;
  throw new DataError(`${where}: expected ${name} ${expected} but received ${received}${hint}`);
}

function fileMd5(path: string): string {
  const bytes = readRegularFile('data', path, MAX_BYTES, 'download it again');
  return createHash('md5').update(bytes).digest('hex');
}

/** A whole body in memory: no file is left behind, whatever happens. */
async function fetchBytes(address: string, options: DownloadOptions): Promise<Uint8Array> {
  const response = await follow(address, options);
  const total = promisedBytes(response);
  if (total !== undefined && total > MAX_BYTES) throw tooLong(response, total);
  const parts: Uint8Array[] = [];
  let received = 0;
  for await (const part of response as AsyncIterable<Uint8Array>) {
    parts.push(part);
    received += part.length;
    if (received > MAX_BYTES) throw tooLong(response, received);
    options.onProgress?.({ received, total });
  }
  return Buffer.concat(parts);
}

function promisedBytes({ headers }: IncomingMessage): number | undefined {
  const length = headers['content-length'];
  return length === undefined ? undefined : Number(length);
}

function tooLong(response: IncomingMessage, bytes: number): MirrorError {
  response.destroy();
  return new MirrorError(`expected at most ${MAX_BYTES} bytes but received ${bytes}`);
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
