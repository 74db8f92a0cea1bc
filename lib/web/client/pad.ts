/** The drawing area: strokes by mouse, pen, finger or keys; or a picture that the server has read. */

import { paint } from './pictures.js';

/** A drawing as the server takes it. */
export interface Drawing {
  readonly width: number;
  readonly height: number;
  readonly grey: Uint8Array;
}

/** A picture as the server gives it: a plane of grey, or three of reds, greens and blues. */
export interface ShownPicture {
  readonly width: number;
  readonly height: number;
  readonly planes: Uint8Array;
}

/** What the area shows, to come back to. */
interface Snapshot {
  readonly pixels: ImageData;
  readonly file: Blob | undefined;
}

/** The server gets no more: enough for 20x20 pixels of digit. */
const sentSide = 140;
const keyStep = 6;
const mostSnapshots = 50;

export class Pad {
  readonly #canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D;
  readonly #onChange: () => void;
  readonly #before: Snapshot[] = [];
  #paper = '#000';
  #ink = '#fff';
  /** In pixels of the canvas, of its 280. */
  penWidth = 20;
  #last: [number, number] | undefined;
  /** Pen of the keyboard. */
  #pen: [number, number];
  #penDown = false;
  #takesStrokes = true;
  /** The file of the picture that is shown; the next stroke replaces it. */
  #file: Blob | undefined;

  constructor(canvas: HTMLCanvasElement, onChange: () => void) {
    this.#canvas = canvas;
    this.#context = canvas.getContext('2d', { willReadFrequently: true }) as CanvasRenderingContext2D;
    this.#onChange = onChange;
    this.#pen = [canvas.width / 2, canvas.height / 2];
    this.#wipe();
    canvas.addEventListener('pointerdown', (event) => {
      // The other buttons of a mouse do not draw.
      if (event.button !== 0 || !event.isPrimary || !this.#takesStrokes) return;
      canvas.setPointerCapture(event.pointerId);
      this.#begin(this.#place(event));
      event.preventDefault();
      canvas.focus();
    });
    canvas.addEventListener('pointermove', (event) => {
      if (this.#last === undefined || !event.isPrimary) return;
      // A fast pen moves several times between two frames.
      const moves = event.getCoalescedEvents?.() ?? [];
      for (const move of moves.length > 0 ? moves : [event]) this.#lineTo(this.#place(move));
      this.#onChange();
    });
    for (const name of ['pointerup', 'pointercancel'] as const) {
      canvas.addEventListener(name, () => {
        this.#last = undefined;
      });
    }
    canvas.addEventListener('keydown', (event) => this.#key(event));
    canvas.addEventListener('blur', () => {
      this.#penDown = false;
      this.#last = undefined;
    });
  }

  /** The file of the picture that is shown; undefined for a drawing. */
  get file(): Blob | undefined {
    return this.#file;
  }

  get canUndo(): boolean {
    return this.#before.length > 0;
  }

  /** Dark ink on light paper, or the other way round. What has been drawn goes. */
  usePaper(light: boolean): void {
    [this.#paper, this.#ink] = light ? ['#fff', '#000'] : ['#000', '#fff'];
    this.#canvas.style.background = this.#paper;
    this.#before.length = 0;
    this.#wipe();
  }

  /** Nothing is drawn from here on: the area shows pictures alone. */
  showPicturesAlone(): void {
    this.#takesStrokes = false;
    this.#canvas.classList.add('still');
    this.#canvas.removeAttribute('tabindex');
    this.#canvas.removeAttribute('aria-roledescription');
    this.#canvas.setAttribute('role', 'img');
    this.#canvas.setAttribute('aria-label', 'The picture that was opened');
  }

  clear(): void {
    this.#keep();
    this.#wipe();
    this.#onChange();
  }

  /** Takes back the last stroke, clearing or picture. */
  undo(): void {
    const snapshot = this.#before.pop();
    if (snapshot === undefined) return;
    this.#last = undefined;
    this.#penDown = false;
    this.#context.putImageData(snapshot.pixels, 0, 0);
    this.#file = snapshot.file;
    this.#onChange();
  }

  /** Shows a picture as large as it fits, as the server has read it from a file. */
  show({ width, height, planes }: ShownPicture, file: Blob): void {
    // Once more, after an undo.
    if (this.#file !== file) this.#keep();
    this.#wipe();
    this.#file = file;
    const picture = new OffscreenCanvas(width, height);
    const context = picture.getContext('2d') as OffscreenCanvasRenderingContext2D;
    const pixels = context.createImageData(width, height);
    paint(pixels.data, planes, width * height);
    context.putImageData(pixels, 0, 0);
    const area = this.#canvas;
    const scale = Math.min(area.width / width, area.height / height);
    const [w, h] = [width * scale, height * scale];
    this.#context.drawImage(picture, (area.width - w) / 2, (area.height - h) / 2, w, h);
  }

  /** What has been drawn, small enough to be sent. */
  drawing(): Drawing {
    const { width, height } = this.#canvas;
    const scale = Math.min(1, sentSide / Math.max(width, height));
    const [w, h] = [width, height].map((side) => Math.max(1, Math.round(side * scale)));
    const small = new OffscreenCanvas(w, h);
    const context = small.getContext('2d') as OffscreenCanvasRenderingContext2D;
    context.imageSmoothingQuality = 'high';
    context.drawImage(this.#canvas, 0, 0, w, h);
    const { data } = context.getImageData(0, 0, w, h);
    // All colours are grey.
    return { width: w, height: h, grey: Uint8Array.from({ length: w * h }, (_, i) => data[4 * i]) };
  }

  #keep(): void {
    const { width, height } = this.#canvas;
    this.#before.push({ pixels: this.#context.getImageData(0, 0, width, height), file: this.#file });
    if (this.#before.length > mostSnapshots) this.#before.shift();
  }

  #wipe(): void {
    this.#file = undefined;
    this.#last = undefined;
    this.#context.fillStyle = this.#paper;
    this.#context.fillRect(0, 0, this.#canvas.width, this.#canvas.height);
  }

  #place(event: PointerEvent): [number, number] {
    const box = this.#canvas.getBoundingClientRect();
    return [
      ((event.clientX - box.left) / box.width) * this.#canvas.width,
      ((event.clientY - box.top) / box.height) * this.#canvas.height,
    ];
  }

  /** A stroke begins with a dot: a tap is all of it. */
  #begin(place: [number, number]): void {
    this.#keep();
    if (this.#file !== undefined) this.#wipe();
    const context = this.#context;
    context.fillStyle = this.#ink;
    context.beginPath();
    context.arc(...place, this.penWidth / 2, 0, 2 * Math.PI);
    context.fill();
    this.#last = place;
    this.#onChange();
  }

  #lineTo(place: [number, number]): void {
    const context = this.#context;
    context.strokeStyle = this.#ink;
    context.lineWidth = this.penWidth;
    context.lineCap = 'round';
    context.lineJoin = 'round';
    context.beginPath();
    context.moveTo(...(this.#last ?? place));
    context.lineTo(...place);
    context.stroke();
    this.#last = place;
  }

  #key(event: KeyboardEvent): void {
    if (!this.#takesStrokes) return;
    const step = keyStep * (event.shiftKey ? 4 : 1);
    const moves: Readonly<Record<string, [number, number]>> = {
      ArrowLeft: [-step, 0],
      ArrowRight: [step, 0],
      ArrowUp: [0, -step],
      ArrowDown: [0, step],
    };
    const move = moves[event.key];
    if (move !== undefined) {
      const limit = (value: number, most: number) => Math.min(most, Math.max(0, value));
      this.#pen = [
        limit(this.#pen[0] + move[0], this.#canvas.width),
        limit(this.#pen[1] + move[1], this.#canvas.height),
      ];
      if (this.#penDown) {
        this.#lineTo(this.#pen);
        this.#onChange();
      }
    } else if (event.key === ' ') {
      this.#penDown = !this.#penDown;
      if (this.#penDown) this.#begin([...this.#pen]);
      else this.#last = undefined;
    } else if (event.key === 'Delete' || event.key === 'Backspace') {
      this.clear();
    } else return;
    event.preventDefault();
    this.#canvas.setAttribute(
      'aria-label',
      `Drawing area, pen ${this.#penDown ? 'down' : 'up'} at ${Math.round(this.#pen[0])}, ${Math.round(this.#pen[1])} of ${this.#canvas.width}`,
    );
  }
}
