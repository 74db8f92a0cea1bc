/** The page of `rownet explain --html`: which output is followed, and the steps to it and back, with their numbers. */
import { byId, element } from './elements.js';
import { convolutionMaps, convolutionSteps } from './explain-conv.js';
import { readModel } from './explain-data.js';
import { linearMaps, linearSteps } from './explain-linear.js';
import type { Place, Step } from './explain-parts.js';

const model = readModel();
const isLinear = model.kind === 'linear';
const [filters, outHeight, outWidth] = model.outputShape;
/** A linear layer, and a convolution as large as its input, have one place. */
const hasPlaces = outHeight * outWidth > 1;
let place: Place = model.start;

const bounded = (value: number, count: number) => Math.min(count - 1, Math.max(0, value));

function go({ filter, y, x }: Place): void {
  place = { filter: bounded(filter, filters), y: bounded(y, outHeight), x: bounded(x, outWidth) };
  show();
}

function show(): void {
  byId<HTMLSelectElement>('filter').value = String(place.filter);
  byId<HTMLInputElement>('y').value = String(place.y);
  byId<HTMLInputElement>('x').value = String(place.x);
  const maps = (isLinear ? linearMaps : convolutionMaps)(model, place, go);
  byId('input').replaceChildren(...maps.input);
  byId('output').replaceChildren(...maps.output);
  const steps = (isLinear ? linearSteps : convolutionSteps)(model, place);
  byId('steps').replaceChildren(...steps.map(section));
}

function section({ title, content }: Step, index: number): HTMLElement {
  return element('section', {}, element('h2', {}, `${index + 1}. ${title}`), ...content);
}

/** What can be chosen, in the words of the layer. */
function label(): void {
  byId('subtitle').textContent = model.subtitle;
  byId('filter-name').textContent = isLinear ? 'Output ' : 'Filter ';
  byId('input-title').textContent = isLinear ? 'The inputs of the layer' : 'The input of the layer';
  byId('output-title').textContent = hasPlaces ? 'The output of the filter' : 'The outputs of the layer';
  byId('hint').textContent = isLinear
    ? 'Choose an output by a click on its square, by the field above, or by the arrow keys.'
    : hasPlaces
      ? 'Choose a place of the window by a click, by the fields above, or by the arrow keys.'
      : 'The filter is as large as the input, so its window has one place. Choose a filter by a click on its square, by the field above, or by the arrow keys.';
  for (const name of ['y', 'x'] as const) {
    const field = byId<HTMLInputElement>(name);
    (field.parentElement as HTMLElement).hidden = !hasPlaces;
    field.max = String((name === 'y' ? outHeight : outWidth) - 1);
    field.addEventListener('change', () => go({ ...place, [name]: Math.round(Number(field.value)) || 0 }));
  }
  const select = byId<HTMLSelectElement>('filter');
  select.append(
    ...Array.from({ length: filters }, (_, f) => element('option', { value: String(f) }, String(f))),
  );
  select.addEventListener('change', () => go({ ...place, filter: Number(select.value) }));
}

document.addEventListener('keydown', (event) => {
  // Fields and what scrolls have keys of their own.
  if ((event.target as Element).closest('input, select, .scroll') !== null) return;
  const moves: Readonly<Record<string, [number, number]>> = {
    ArrowUp: [-1, 0],
    ArrowDown: [1, 0],
    ArrowLeft: [0, -1],
    ArrowRight: [0, 1],
  };
  const move = moves[event.key];
  if (move === undefined) return;
  event.preventDefault();
  const [dy, dx] = move;
  if (hasPlaces) go({ ...place, y: place.y + dy, x: place.x + dx });
  else go({ ...place, filter: place.filter + dy + dx });
});
label();
show();
