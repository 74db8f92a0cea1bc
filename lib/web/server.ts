/**
 * The HTTP server behind every page: fixed files, JSON queries, event streams, and actions by POST. It listens on
 * loopback alone and takes requests only as its own pages send them, so that no other site can reach it through a browser:
 * - Host must name this server (an attacker's name that was rebound to 127.0.0.1 does not).
 * - An action needs a content type that a form cannot have, the exact Origin, and the token that stands in the page. GET
 *   changes nothing.
 * - Paths are keys of a map; nothing is looked up in a file system.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ArgumentRangeError, DataError, StateError } from '../errors.js';
import type { EventStream } from './event-stream.js';

/** A file of the page, in memory. */
export interface PageFile {
  readonly type: string;
  readonly text: string;
}

export interface PageRoutes {
  /** By path. `%TOKEN%` in HTML is replaced by the token of this server. */
  readonly files: ReadonlyMap<string, PageFile>;
  /** GET, answered as JSON. */
  readonly queries?: ReadonlyMap<string, () => object | Promise<object>>;
  /** GET, answered by server-sent events. */
  readonly streams?: ReadonlyMap<string, EventStream>;
  /** POST of JSON, answered as JSON. A RangeError or TypeError is the sender's mistake: 400 with its message. */
  readonly actions?: ReadonlyMap<string, (body: unknown) => object>;
  /** POST of the bytes of a file, answered as JSON. A DataError is the file's fault: 422 with its message. */
  readonly uploads?: ReadonlyMap<string, Upload>;
}

export interface Upload {
  readonly maxBytes: number;
  readonly take: (bytes: Uint8Array) => object;
}

export interface PageServer {
  /** `http://127.0.0.1:4711/` */
  readonly url: string;
  readonly token: string;
  /** Ends every connection. */
  close(): Promise<void>;
}

export const maxBodyBytes = 64 * 1024;
const maxConnections = 64;

const timeouts = {
  headersTimeout: 5_000,
  requestTimeout: 10_000,
  keepAliveTimeout: 5_000,
  // How often Node looks at the first two.
  connectionsCheckingInterval: 1_000,
};

const securityHeaders = {
  'content-security-policy':
    "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
};

/** What a request is answered with instead of its result. */
class Refusal extends Error {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.headers = headers;
  }
}

/**
 * Starts to listen on 127.0.0.1. The server alone does not keep the process alive.
 * @param port 0: any free one.
 * @throws {StateError} if the port is taken or not allowed.
 */
export async function startPageServer(routes: PageRoutes, port = 0): Promise<PageServer> {
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new ArgumentRangeError(`page: expected a port from 0 to 65535 but received ${String(port)}`);
  }
  const token = randomBytes(24).toString('base64url');
  const server = createServer({ ...timeouts, maxHeaderSize: 8192 }, (request, response) => {
    void answer(request, response, routes, token);
  });
  server.maxConnections = maxConnections;
  server.on('connection', (socket) => socket.unref());
  await listen(server, port);
  server.unref();
  const { port: actual } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${actual}/`,
    token,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        new StateError(
          `page: expected port ${port} of 127.0.0.1 to be free but received ${error.code ?? error.message}. ` +
            'Hint: port 0 takes any free one',
          { cause: error },
        ),
      ),
    );
    server.listen({ host: '127.0.0.1', port, exclusive: true }, resolve);
  });
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  routes: PageRoutes,
  token: string,
): Promise<void> {
  for (const [name, value] of Object.entries(securityHeaders)) response.setHeader(name, value);
  try {
    const origin = checkHost(request);
    const path = (request.url ?? '').split('?', 1)[0];
    if (request.method === 'GET' || request.method === 'HEAD') await get(path, response, routes, token);
    else if (request.method === 'POST') await post(path, request, response, routes, { origin, token });
    else throw new Refusal(405, 'expected GET or POST', { allow: 'GET, HEAD, POST' });
  } catch (error) {
    refuse(request, response, error);
  }
}

/** The origin of this server as the request named it. */
function checkHost({ headers, socket }: IncomingMessage): string {
  const names = ['127.0.0.1', 'localhost', '[::1]'].map((name) => `${name}:${socket.localPort}`);
  const host = headers.host ?? '';
  if (!names.includes(host)) throw new Refusal(421, `expected the Host ${names.join(' or ')}`);
  return `http://${host}`;
}

async function get(
  path: string,
  response: ServerResponse,
  { files, queries, streams }: PageRoutes,
  token: string,
): Promise<void> {
  const stream = streams?.get(path);
  if (stream !== undefined) {
    if (!stream.accept(response)) throw new Refusal(503, 'too many pages are open', { 'retry-after': '5' });
    return;
  }
  const query = queries?.get(path);
  if (query !== undefined) return sendJson(response, 200, await query());
  const file = files.get(path);
  if (file === undefined) throw new Refusal(404, 'there is no such page');
  send(response, 200, file.type, file.text.replaceAll('%TOKEN%', token));
}

async function post(
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
  { actions, uploads }: PageRoutes,
  expected: { readonly origin: string; readonly token: string },
): Promise<void> {
  const [action, upload] = [actions?.get(path), uploads?.get(path)];
  if (action === undefined && upload === undefined) throw new Refusal(404, 'there is no such action');
  const { headers } = request;
  if (headers.origin !== expected.origin) throw new Refusal(403, `expected the Origin ${expected.origin}`);
  if (!sameToken(headers['x-rownet-token'], expected.token))
    throw new Refusal(403, 'expected the token of the page');
  const type = action === undefined ? 'application/octet-stream' : 'application/json';
  if (headers['content-type']?.split(';', 1)[0].trim() !== type) {
    throw new Refusal(415, `expected the content type ${type}`);
  }
  const bytes = await readBody(request, upload?.maxBytes ?? maxBodyBytes);
  if (action === undefined) {
    // One of the two is there.
    sendJson(response, 200, (upload as Upload).take(bytes));
    return;
  }
  let body: unknown;
  try {
    body = JSON.parse(bytes.toString('utf8'));
  } catch {
    throw new Refusal(400, 'expected JSON');
  }
  sendJson(response, 200, action(body));
}

/** What stands in the body of an action; nothing in what is no object. */
export function fieldsOf(body: unknown): Readonly<Record<string, unknown>> {
  return typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
}

function sameToken(given: string | string[] | undefined, token: string): boolean {
  const [a, b] = [Buffer.from(String(given)), Buffer.from(token)];
  return a.length === b.length && timingSafeEqual(a, b);
}

async function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > maxBytes) throw new Refusal(413, `expected at most ${maxBytes} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function refuse(request: IncomingMessage, response: ServerResponse, error: unknown): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  // What is left of a body is not read.
  if (!request.complete) response.setHeader('connection', 'close');
  if (error instanceof Refusal) {
    for (const [name, value] of Object.entries(error.headers)) response.setHeader(name, value);
    sendJson(response, error.status, { error: error.message });
  } else if (error instanceof RangeError || error instanceof TypeError) {
    sendJson(response, 400, { error: error.message });
  } else if (error instanceof DataError) {
    sendJson(response, 422, { error: error.message });
  } else {
    sendJson(response, 500, { error: 'an unexpected error' });
  }
}

function sendJson(response: ServerResponse, status: number, value: object): void {
  send(response, status, 'application/json', JSON.stringify(value));
}

function send(response: ServerResponse, status: number, type: string, text: string): void {
  const body = Buffer.from(text, 'utf8');
  response.writeHead(status, { 'content-type': type, 'content-length': body.length });
  response.end(body);
}
