/** Server-sent events to any number of open pages (the EventSource of the HTML standard). */
import type { ServerResponse } from 'node:http';

const maxClients = 16;
/** Proxies and browsers drop a connection that is silent for long. */
const heartbeatMs = 15_000;
/** A page that reads nothing for so long is cut off; it connects again and gets everything anew. */
const maxBacklogBytes = 4 * 2 ** 20;
/** What a browser waits before it connects again. */
const retryMs = 1_000;

export class EventStream {
  readonly #clients = new Set<ServerResponse>();
  /** The first events of a page that connects, or connects again: all that it needs to know. */
  readonly #greet: () => readonly PageEvent[];
  #heartbeat: NodeJS.Timeout | undefined;
  #onChange: (() => void)[] = [];

  constructor(greet: () => readonly PageEvent[]) {
    this.#greet = greet;
  }

  /** Open pages. */
  get clients(): number {
    return this.#clients.size;
  }

  /** Takes over a request; false if there are too many already. */
  accept(response: ServerResponse): boolean {
    if (this.#clients.size >= maxClients) return false;
    response.writeHead(200, { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' });
    response.write(`retry: ${retryMs}\n\n`);
    for (const event of this.#greet()) response.write(format(event));
    this.#clients.add(response);
    response.on('close', () => this.#remove(response));
    this.#heartbeat ??= setInterval(() => this.#write(':\n\n', true), heartbeatMs).unref();
    this.#changed();
    return true;
  }

  /** @param droppable a page that has not read the last events yet is spared this one; a later one replaces it. */
  send(event: PageEvent, { droppable = false }: { readonly droppable?: boolean } = {}): void {
    if (this.#clients.size > 0) this.#write(format(event), droppable);
  }

  /** Resolves when the number of open pages changes. */
  change(): Promise<void> {
    return new Promise((resolve) => this.#onChange.push(resolve));
  }

  /** Ends every stream after what has been sent. */
  end(): void {
    for (const client of this.#clients) client.end();
  }

  #write(text: string, droppable: boolean): void {
    for (const client of this.#clients) {
      if (client.writableLength > maxBacklogBytes) client.destroy();
      else if (!droppable || !client.writableNeedDrain) client.write(text);
    }
  }

  #remove(response: ServerResponse): void {
    this.#clients.delete(response);
    if (this.#clients.size === 0) {
      clearInterval(this.#heartbeat);
      this.#heartbeat = undefined;
    }
    this.#changed();
  }

  #changed(): void {
    const waiting = this.#onChange;
    this.#onChange = [];
    for (const resolve of waiting) resolve();
  }
}

export interface PageEvent {
  readonly name: string;
  readonly data: object;
}

function format({ name, data }: PageEvent): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}
