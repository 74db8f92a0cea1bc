/** What the pages share: elements by id, requests to the server, probabilities as bars. */

import { element } from './elements.js';

export { byId, element, figure } from './elements.js';

/** Milliseconds after which nobody answers any more. */
const patience = 60_000;

/** Asks the server for an action. @throws {Error} with the server's message; {TypeError} where there is no server. */
export function post<Result>(path: string, body: object): Promise<Result> {
  return send(path, 'application/json', JSON.stringify(body));
}

/** Sends a file. Throws as `post` does. */
export function upload<Result>(path: string, file: Blob): Promise<Result> {
  return send(path, 'application/octet-stream', file);
}

async function send<Result>(path: string, type: string, body: string | Blob): Promise<Result> {
  const token = document.querySelector<HTMLMetaElement>('meta[name="rownet-token"]')?.content ?? '';
  const response = await fetch(path, {
    method: 'POST',
    headers: { 'content-type': type, 'x-rownet-token': token },
    body,
    signal: AbortSignal.timeout(patience),
  });
  const answer = (await response.json()) as Result & { readonly error?: string };
  if (!response.ok) throw new Error(answer.error ?? `the server answered ${response.status}`);
  return answer;
}

export function percent(share: number, digits = 2): string {
  return `${(100 * share).toFixed(digits)} %`;
}

/** A line for each class: its name, a bar, its probability; the largest stands out. */
export function showProbabilities(
  container: HTMLElement,
  probabilities: readonly number[],
  names: readonly string[],
): void {
  const best = probabilities.indexOf(Math.max(...probabilities));
  container.replaceChildren(
    ...probabilities.flatMap((probability, index) => {
      const css = index === best ? 'best' : '';
      const name = names[index] ?? String(index);
      const meter = element('meter', { max: 1, value: probability });
      meter.setAttribute('aria-label', name);
      return [
        element('span', { className: css }, name),
        meter,
        element('span', { className: css }, percent(probability, 1)),
      ];
    }),
  );
}
