/** The page of `rownet serve`: each stroke and each picture is sent, and what the net makes of it is shown. */
import type { DrawFacts, Pictures, Recognised, RecognisedPicture } from '../messages.js';
import { byId, element, percent, post, showProbabilities, upload } from './dom.js';
import { Pad } from './pad.js';
import { fromBase64, picture, pictureRow } from './pictures.js';

/** A picture that is to be recognised; undefined: what is drawn. */
type Source = { readonly file: Blob; readonly name: string } | undefined;

let facts: DrawFacts | undefined;
let busy = false;
let waiting = false;
let source: Source;

/** One request at a time; what is drawn meanwhile is sent together after it. */
async function recognise(): Promise<void> {
  if (source === undefined && facts?.colour) {
    showNothing();
    return;
  }
  waiting = true;
  if (busy) return;
  busy = true;
  while (waiting) {
    waiting = false;
    const asked = source;
    const started = performance.now();
    try {
      const answer: Partial<RecognisedPicture> & Recognised =
        asked === undefined ? await sendDrawing() : await sendFile(asked.file);
      // Something else may be wanted by now.
      if (asked === source) {
        if (answer.picture !== undefined && asked !== undefined) {
          const { width, height, bytes } = answer.picture;
          pad.show({ width, height, planes: fromBase64(bytes) }, asked.file);
        }
        show(answer, performance.now() - started);
      }
    } catch (error) {
      if (asked === source) showFailure(error, asked);
    }
    byId<HTMLButtonElement>('undo').disabled = !pad.canUndo;
    // Strokes come faster than a page can be drawn.
    await new Promise((resolve) => requestAnimationFrame(resolve));
  }
  busy = false;
}

function sendDrawing(): Promise<Recognised> {
  const { width, height, grey } = pad.drawing();
  return post('/recognise', { width, height, grey: toBase64(grey) });
}

async function sendFile(file: Blob): Promise<RecognisedPicture> {
  return upload('/picture', await asPng(file));
}

/** PNG and JPEG as they are; of other formats what the browser makes of them, if it can. The server names the rest. */
async function asPng(file: Blob): Promise<Blob> {
  const [first, second] = new Uint8Array(await file.slice(0, 2).arrayBuffer());
  if ((first === 0x89 && second === 0x50) || (first === 0xff && second === 0xd8)) return file;
  try {
    const bitmap = await createImageBitmap(file);
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
    canvas.getContext('2d')?.drawImage(bitmap, 0, 0);
    return await canvas.convertToBlob({ type: 'image/png' });
  } catch {
    return file;
  }
}

function toBase64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
}

function show(answer: Recognised, milliseconds: number): void {
  const { seen, inverted, empty, notes, probabilities, layers } = answer;
  const size = `${seen.height}x${seen.width}`;
  byId('seen').replaceChildren(
    picture(
      fromBase64(seen.bytes),
      seen.width,
      seen.height,
      Math.max(1, Math.round(140 / Math.max(seen.width, seen.height))),
      'the picture as the net gets it',
    ),
    element('figcaption', {}, facts?.digits ? `${size}, centred by mass` : size),
  );
  const best = probabilities.indexOf(Math.max(...probabilities));
  byId('answer').textContent = empty ? '-' : nameOf(best);
  byId('note').textContent = empty
    ? 'nothing drawn yet'
    : [
        percent(probabilities[best], 1),
        ...(inverted ? ['dark on light'] : []),
        ...notes,
        `${milliseconds.toFixed(0)} ms`,
      ].join(', ');
  byId('note').classList.toggle('wrong', notes.includes('more than one shape'));
  byId('retry').hidden = true;
  showProbabilities(
    byId('probabilities'),
    empty ? probabilities.map(() => 0) : probabilities,
    probabilities.map((_, index) => nameOf(index)),
  );
  byId('layers').replaceChildren(
    ...(empty
      ? ['Draw something.']
      : layers.map((layer) => pictureRow(layer, scaleOf(layer), caption(layer)))),
  );
}

/** No picture has been opened, or that was taken back. */
function showNothing(): void {
  byId('answer').textContent = '-';
  byId('note').textContent = 'no picture yet';
  for (const id of ['seen', 'probabilities']) byId(id).replaceChildren();
  byId('layers').replaceChildren('Open a picture.');
}

const nameOf = (index: number): string => facts?.classNames?.[index] ?? String(index);

/** An answer to something else must not stand beside what has no answer. */
function showFailure(error: unknown, asked: Source): void {
  // What fetch throws where nobody answers, or not in time.
  const isGone = error instanceof TypeError || error instanceof DOMException;
  const message = (error as Error).message.replace(/^picture: /, '');
  byId('answer').textContent = '-';
  byId('note').textContent = isGone
    ? 'No answer. Is the program still running?'
    : asked === undefined
      ? message
      : `${asked.name}: ${message}`;
  byId('note').classList.add('wrong');
  byId('retry').hidden = !isGone;
  byId('seen').replaceChildren();
  byId('probabilities').replaceChildren();
  byId('layers').replaceChildren('No answer.');
}

function scaleOf({ width, height }: Pictures): number {
  if (height === 1) return 6;
  return width > 20 ? 2 : width > 8 ? 4 : 6;
}

function caption({ name, layer, count, height, width }: Pictures): string {
  const shape = height === 1 ? `${width} values` : `${count} maps of ${height}x${width}`;
  return `${name}: ${layer}, ${shape}`;
}

const names = new WeakMap<Blob, string>();
const pad = new Pad(byId<HTMLCanvasElement>('pad'), () => {
  const { file } = pad;
  source = file === undefined ? undefined : { file, name: names.get(file) ?? 'the picture' };
  byId<HTMLButtonElement>('undo').disabled = !pad.canUndo;
  void recognise();
});

function open(file: File | null | undefined): void {
  if (file === null || file === undefined) return;
  names.set(file, file.name);
  source = { file, name: file.name };
  byId('note').textContent = `reading ${file.name}`;
  void recognise();
}

byId('clear').addEventListener('click', () => pad.clear());
byId('undo').addEventListener('click', () => pad.undo());
byId('retry').addEventListener('click', () => void recognise());
byId<HTMLInputElement>('pen').addEventListener('input', ({ target }) => {
  pad.penWidth = Number((target as HTMLInputElement).value);
});
byId<HTMLInputElement>('file').addEventListener('change', ({ target }) => {
  const input = target as HTMLInputElement;
  open(input.files?.[0]);
  // The same file may be chosen again.
  input.value = '';
});
document.addEventListener('keydown', (event) => {
  if (event.key.toLowerCase() !== 'z' || !(event.ctrlKey || event.metaKey) || event.shiftKey) return;
  event.preventDefault();
  pad.undo();
});
document.addEventListener('paste', ({ clipboardData }) => open(clipboardData?.files[0]));
for (const name of ['dragenter', 'dragover'] as const) {
  document.addEventListener(name, (event) => {
    event.preventDefault();
    byId('pad').classList.add('target');
  });
}
for (const name of ['dragleave', 'drop'] as const) {
  document.addEventListener(name, (event) => {
    event.preventDefault();
    byId('pad').classList.remove('target');
    if (name === 'drop') open((event as DragEvent).dataTransfer?.files[0]);
  });
}

facts = (await (await fetch('/facts')).json()) as DrawFacts;
byId('title').textContent = `${facts.title}: ${facts.summary}`;
if (!facts.digits) {
  byId('heading').textContent = 'Draw a picture';
  document.title = 'rownet: draw a picture';
}
if (facts.light || facts.colour) pad.usePaper(true);
if (facts.colour) {
  // Ink on paper says nothing to a net of colours.
  pad.showPicturesAlone();
  byId('heading').textContent = 'Open a picture';
  document.title = 'rownet: open a picture';
  byId('draw-title').textContent = 'Your picture';
  byId('keys').textContent = 'Drop a picture on the page, paste it, or open its file. Ctrl-Z takes back.';
  for (const id of ['clear', 'pen-row']) byId(id).hidden = true;
  showNothing();
}
