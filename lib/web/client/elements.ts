/** Elements of a page: found by id, and made. */

/** @throws {Error} if the page has no such element: a mistake of ours. */
export function byId<T extends HTMLElement = HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no element ${id}`);
  return found as T;
}

/** Content above its caption. */
export function figure(caption: string, ...content: readonly (Node | string)[]): HTMLElement {
  return element('figure', {}, ...content, element('figcaption', {}, caption));
}

export function element<K extends keyof HTMLElementTagNameMap>(
  name: K,
  properties: Partial<HTMLElementTagNameMap[K]> = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}
