/** What the page server lets in, and what it does not. */
import { type IncomingHttpHeaders, request } from 'node:http';
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DataError } from '../../../lib/errors.js';
import { EventStream } from '../../../lib/web/event-stream.js';
import { maxBodyBytes, type PageServer, startPageServer } from '../../../lib/web/server.js';
import { RANGE, STATE } from '../../support/misuse.js';

let server: PageServer;
let stream: EventStream;
let calls: unknown[];

beforeEach(async () => {
  calls = [];
  stream = new EventStream(() => [{ name: 'hello', data: { text: 'two\nlines' } }]);
  server = await startPageServer({
    files: new Map([['/', { type: 'text/html; charset=utf-8', text: '<p>%TOKEN%</p>' }]]),
    queries: new Map([['/query', async () => ({ answer: 42 })]]),
    streams: new Map([['/events', stream]]),
    actions: new Map([
      [
        '/act',
        (body) => {
          calls.push(body);
          if (body === 'range') throw new RangeError('act: expected another value');
          if (body === 'crash') throw new Error('secret');
          return { done: true };
        },
      ],
    ]),
    uploads: new Map([
      [
        '/take',
        {
          maxBytes: 100_000,
          take: (bytes) => {
            calls.push(bytes.length);
            if (bytes.length === 1) throw new DataError('picture: expected another file');
            return { taken: bytes.length };
          },
        },
      ],
    ]),
  });
});
afterEach(() => server.close());

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** A request with exactly these headers, as a browser or an attacker sends them. */
function send(
  path: string,
  { method = 'GET', headers = {}, body }: { method?: string; headers?: object; body?: string } = {},
): Promise<Answer> {
  const { hostname, port } = new URL(server.url);
  return new Promise((resolve, reject) => {
    const sent = request(
      { hostname, port, path, method, headers: headers as Record<string, string> },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part: string) => {
          text += part;
        });
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
        );
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}

const origin = () => server.url.slice(0, -1);
const good = () => ({
  'content-type': 'application/json',
  origin: origin(),
  'x-rownet-token': server.token,
});
const post = (body: string, headers: object = good(), path = '/act') =>
  send(path, { method: 'POST', headers, body });

describe('GET', () => {
  it('serves the files of the map, with the token in them', async () => {
    const { status, text, headers } = await send('/?any=query');
    expect({ status, text }).toEqual({ status: 200, text: `<p>${server.token}</p>` });
    expect(headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
    });
    const policy = String(headers['content-security-policy']);
    expect(policy.split('; ')[0]).toBe("default-src 'self'");
    for (const part of ["frame-ancestors 'none'", "object-src 'none'", "base-uri 'none'"])
      expect(policy).toContain(part);
    expect(headers['access-control-allow-origin']).toBeUndefined();
    expect(await send('/', { method: 'HEAD' })).toMatchObject({ status: 200, text: '' });
  });

  it('answers queries as JSON', async () => {
    const { status, text, headers } = await send('/query');
    expect({ status, text }).toEqual({ status: 200, text: '{"answer":42}' });
    expect(headers['content-type']).toBe('application/json');
  });

  it.each([
    '/nothing',
    '/..',
    '/../package.json',
    '/%2e%2e/package.json',
    '//',
    '/query/',
    '/constructor',
    '/act',
  ])('knows no %s', async (path) => {
    expect(await send(path)).toMatchObject({ status: 404, text: '{"error":"there is no such page"}' });
    expect(calls).toEqual([]);
  });

  it.each(['PUT', 'DELETE', 'OPTIONS', 'PATCH'])('refuses %s', async (method) => {
    const { status, headers } = await send('/', { method });
    expect(status).toBe(405);
    expect(headers.allow).toBe('GET, HEAD, POST');
  });
});

describe('the Host', () => {
  it.each(['127.0.0.1', 'localhost', '[::1]'])('%s with the port is this server', async (name) => {
    const host = `${name}:${new URL(server.url).port}`;
    expect((await send('/', { headers: { host } })).status).toBe(200);
  });

  it.each(['attacker.example', '127.0.0.1', 'localhost:1', '127.0.0.1.attacker.example:80'])(
    '"%s" is not',
    async (host) => {
      for (const path of ['/', '/query', '/events']) {
        expect((await send(path, { headers: { host } })).status).toBe(421);
      }
      expect((await post('1', { ...good(), host })).status).toBe(421);
      expect(calls).toEqual([]);
      expect(stream.clients).toBe(0);
    },
  );
});

describe('POST', () => {
  it('acts, under each of its names', async () => {
    expect(await post('{"a":1}')).toMatchObject({ status: 200, text: '{"done":true}' });
    const host = `localhost:${new URL(server.url).port}`;
    const headers = {
      ...good(),
      host,
      origin: `http://${host}`,
      'content-type': 'application/json; charset=utf-8',
    };
    expect((await post('2', headers)).status).toBe(200);
    expect(calls).toEqual([{ a: 1 }, 2]);
  });

  it.each([
    ['no Origin', { origin: undefined }, 403],
    ['the Origin of another site', { origin: 'http://attacker.example' }, 403],
    ['the Origin null', { origin: 'null' }, 403],
    ['another name of this server as Origin', { origin: 'http://localhost:1' }, 403],
    ['no token', { 'x-rownet-token': undefined }, 403],
    ['another token', { 'x-rownet-token': 'A'.repeat(32) }, 403],
    ['a form', { 'content-type': 'application/x-www-form-urlencoded' }, 415],
    ['text', { 'content-type': 'text/plain' }, 415],
    ['no content type', { 'content-type': undefined }, 415],
  ])('refuses %s', async (_, change, status) => {
    const headers = Object.fromEntries(
      Object.entries({ ...good(), ...change }).filter(([, value]) => value !== undefined),
    );
    expect((await post('1', headers)).status).toBe(status);
    expect(calls).toEqual([]);
  });

  it('refuses what is no JSON, and unknown actions', async () => {
    expect(await post('{')).toMatchObject({ status: 400, text: '{"error":"expected JSON"}' });
    expect((await post('1', good(), '/query')).status).toBe(404);
    expect(calls).toEqual([]);
  });

  it('tells mistakes of the sender, and nothing of its own', async () => {
    expect(await post('"range"')).toMatchObject({
      status: 400,
      text: '{"error":"act: expected another value"}',
    });
    expect(await post('"crash"')).toMatchObject({ status: 500, text: '{"error":"an unexpected error"}' });
  });

  it('takes a body of 64 KiB, and not a byte more', async () => {
    const body = (bytes: number) => JSON.stringify('x'.repeat(bytes - 2));
    expect((await post(body(maxBodyBytes))).status).toBe(200);
    // The server may cut the connection before all of it is sent.
    const status = await post(body(maxBodyBytes + 1)).then(
      (answer) => answer.status,
      () => 413,
    );
    expect(status).toBe(413);
    expect(calls).toHaveLength(1);
  });
});

describe('event streams', () => {
  /** The first `count` characters of a stream. */
  async function read(count: number): Promise<{ text: string; close(): void }> {
    const controller = new AbortController();
    const response = await fetch(`${server.url}events`, { signal: controller.signal });
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    let text = '';
    while (text.length < count) {
      const { value, done } = await reader.read();
      if (done) break;
      text += new TextDecoder().decode(value);
    }
    return { text, close: () => controller.abort() };
  }

  it('greet a page, then send what comes', async () => {
    const greeting = 'retry: 1000\n\nevent: hello\ndata: {"text":"two\\nlines"}\n\n';
    const later = 'event: more\ndata: {"n":1}\n\n';
    const change = stream.change();
    const reading = read(greeting.length + later.length);
    await change;
    expect(stream.clients).toBe(1);
    stream.send({ name: 'more', data: { n: 1 } });
    const { text, close } = await reading;
    expect(text).toBe(greeting + later);
    const gone = stream.change();
    close();
    await gone;
    expect(stream.clients).toBe(0);
  });

  it('are 16 at most', async () => {
    const open = await Promise.all(Array.from({ length: 16 }, () => read(10)));
    const { status, headers } = await send('/events');
    expect(status).toBe(503);
    expect(headers['retry-after']).toBe('5');
    expect(stream.clients).toBe(16);
    for (const { close } of open) close();
  });

  it('are cut off when they are not read', async () => {
    const { port, hostname } = new URL(server.url);
    const socket = connect(Number(port), hostname);
    socket.pause();
    const opened = stream.change();
    socket.write(`GET /events HTTP/1.1\r\nHost: ${hostname}:${port}\r\n\r\n`);
    await opened;
    const gone = stream.change();
    // The kernel takes some; the rest waits in the process until it is too much.
    const data = { text: 'x'.repeat(2 ** 20) };
    const timer = setInterval(() => stream.send({ name: 'big', data }), 1);
    await gone;
    clearInterval(timer);
    expect(stream.clients).toBe(0);
    socket.destroy();
  });
});

describe('the server', () => {
  it('listens on loopback alone', async () => {
    const { port } = new URL(server.url);
    expect(server.url.startsWith('http://127.0.0.1:')).toBe(true);
    const others = Object.values(networkInterfaces())
      .flat()
      .filter((one) => one !== undefined && !one.internal && one.family === 'IPv4');
    for (const one of others) {
      const refused = await new Promise((resolve) => {
        const socket = connect(Number(port), one?.address);
        socket.once('connect', () => resolve(false)).once('error', () => resolve(true));
      });
      expect(refused, one?.address).toBe(true);
    }
  });

  it('says which port is taken', async () => {
    const port = Number(new URL(server.url).port);
    await expect(startPageServer({ files: new Map() }, port)).rejects.toMatchObject({
      code: STATE,
      message: `page: expected port ${port} of 127.0.0.1 to be free but received EADDRINUSE. Hint: port 0 takes any free one`,
    });
    await expect(startPageServer({ files: new Map() }, 70_000)).rejects.toMatchObject({ code: RANGE });
  });

  it('gives up on a request that never ends', async () => {
    const { port, hostname } = new URL(server.url);
    const socket = connect(Number(port), hostname);
    socket.write(`GET / HTTP/1.1\r\nHost: ${hostname}:${port}\r\nX-Slow: `);
    let text = '';
    socket.setEncoding('utf8').on('data', (part) => {
      text += part;
    });
    await new Promise((resolve) => socket.once('close', resolve));
    expect(text).toContain('408 Request Timeout');
  }, 20_000);
});

describe('POST of a file', () => {
  const file = () => ({ ...good(), 'content-type': 'application/octet-stream' });

  it('takes bytes, more than an action does', async () => {
    const answer = await post('x'.repeat(maxBodyBytes + 1), file(), '/take');
    expect([answer.status, answer.text]).toEqual([200, `{"taken":${maxBodyBytes + 1}}`]);
  });

  it('tells what is wrong with the file', async () => {
    const answer = await post('x', file(), '/take');
    expect([answer.status, answer.text]).toEqual([422, '{"error":"picture: expected another file"}']);
  });

  it('is refused without the token, from elsewhere, as a form sends it, and where it is too large', async () => {
    expect((await post('ab', { ...file(), 'x-rownet-token': 'no' }, '/take')).status).toBe(403);
    expect((await post('ab', { ...file(), origin: 'http://evil.example' }, '/take')).status).toBe(403);
    for (const type of ['multipart/form-data', 'text/plain', 'application/json']) {
      expect((await post('ab', { ...file(), 'content-type': type }, '/take')).status).toBe(415);
    }
    expect((await post('x'.repeat(100_001), file(), '/take')).status).toBe(413);
    expect(calls).toEqual([]);
  });
});
