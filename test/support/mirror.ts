/** A server on this machine that gives out files, or misbehaves as it is told. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Answer = (response: ServerResponse, request: IncomingMessage) => void;

export interface Mirror {
  /** `http://127.0.0.1:port/` */
  readonly address: string;
  /** The paths that were asked for. */
  readonly requests: string[];
  close(): Promise<void>;
}

/** @param answer by the path that is asked for; a path without one gets a 404. */
export async function startMirror(answer: (path: string) => Answer | undefined): Promise<Mirror> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    requests.push(path);
    const known = answer(path);
    if (known !== undefined) known(response, request);
    else response.writeHead(404).end('not found');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    address: `http://127.0.0.1:${port}/`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export const sends =
  (bytes: Uint8Array, headers: Record<string, string | number> = {}): Answer =>
  (response) =>
    response.writeHead(200, { 'content-length': bytes.length, ...headers }).end(bytes);
