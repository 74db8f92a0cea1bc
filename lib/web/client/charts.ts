/** Charts on a page, a picture for each panel, and the values of the lines under the pointer. */
import { chartSvg, type Panel, panelWidth, readout } from '../../plots/chart.js';
import { element } from './dom.js';

export class Charts {
  readonly #container: HTMLElement;
  readonly #tip = element('div', { className: 'tip', hidden: true });
  #panels: readonly Panel[] = [];
  #pictures: SVGSVGElement[] = [];
  /** The panel under the pointer, and where on it, in the units of the picture. */
  #pointed: { readonly panel: number; readonly at: number } | undefined;

  constructor(container: HTMLElement) {
    this.#container = container;
    container.addEventListener('pointermove', (event) => this.#point(event));
    container.addEventListener('pointerdown', (event) => this.#point(event));
    container.addEventListener('pointerleave', () => {
      this.#pointed = undefined;
      this.#tell();
    });
  }

  /** @param state ends the description of each picture: `after 3 epochs`. */
  show(panels: readonly Panel[], state: string): void {
    this.#panels = panels;
    this.#pictures = panels.map((panel) => {
      const svg = chartSvg(
        { description: `${panel.name} ${state}`, panels: [panel] },
        { style: false, hover: false },
      );
      // Parsed as XML, not as HTML: what is text in it stays text.
      const parsed = new DOMParser().parseFromString(svg, 'image/svg+xml').documentElement;
      return document.importNode(parsed, true) as unknown as SVGSVGElement;
    });
    this.#container.replaceChildren(...this.#pictures, this.#tip);
    this.#tell();
  }

  #point({ target, clientX }: PointerEvent): void {
    const panel = this.#pictures.findIndex((svg) => svg.contains(target as Node));
    const box = this.#pictures[panel]?.getBoundingClientRect();
    this.#pointed = box && { panel, at: ((clientX - box.left) / box.width) * panelWidth };
    this.#tell();
  }

  /** A line at the points nearest to the pointer, and their values beside it. */
  #tell(): void {
    for (const svg of this.#pictures) svg.querySelector('.cursor')?.remove();
    const { panel, at } = this.#pointed ?? { panel: -1, at: 0 };
    const found = panel < 0 ? undefined : readout(this.#panels[panel], at);
    this.#tip.hidden = found === undefined;
    if (found === undefined) return;
    const { x, top, bottom, epoch, lines } = found;
    const svg = this.#pictures[panel];
    const cursor = document.createElementNS('http://www.w3.org/2000/svg', 'line');
    const attributes = { class: 'cursor', x1: x, x2: x, y1: top, y2: bottom };
    for (const [name, value] of Object.entries(attributes)) cursor.setAttribute(name, String(value));
    svg.append(cursor);
    this.#tip.replaceChildren(
      element('div', { className: 'soft' }, `epoch ${epoch}`),
      ...lines.map(({ name, value }) => element('div', {}, `${value}  ${name}`)),
    );
    const [outer, inner] = [this.#container.getBoundingClientRect(), svg.getBoundingClientRect()];
    const place = inner.left - outer.left + (x / panelWidth) * inner.width;
    // On the side of the line that has more room.
    const right = place > outer.width / 2;
    this.#tip.style.left = right ? '' : `${place + 10}px`;
    this.#tip.style.right = right ? `${outer.width - place + 10}px` : '';
    this.#tip.style.top = `${inner.top - outer.top + 8}px`;
  }
}
