/** The drawing area: strokes by mouse, pen, finger or keys, white on black; or a picture from a file. */

/** Bytes as the server takes them. */
export interface Drawing {
  readonly width: number;
  readonly height: number;
  readonly grey: Uint8Array;
}

/** In pixels of the canvas, of its 280. */
const penWidth = 20;
/** The server gets no more: enough for 20x20 pixels of digit. */
const sentSide = 140;
const keyStep = 6;

export class Pad {
  readonly #canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D;
  readonly #onChange: () => void;
  #last: [number, number] | undefined;
  /** Pen of the keyboard. */
  #pen: [number, number];
  #penDown = false;
  /** A picture is shown that the next stroke replaces. */
  #picture: ImageBitmap | undefined;

  constructor(canvas: HTMLCanvasElement, onChange: () => void) {
    this.#canvas = canvas;
    this.#context = canvas.getContext('2d', { willReadFrequently: true }) as CanvasRenderingContext2D;
    this.#onChange = onChange;
    this.#pen = [canvas.width / 2, canvas.height / 2];
    this.#blacken();
    canvas.addEventListener('pointerdown', (event) => {
      canvas.setPointerCapture(event.pointerId);
      this.#begin(this.#place(event));
      event.preventDefault();
      canvas.focus();
    });
    canvas.addEventListener('pointermove', (event) => {
      if (this.#last === undefined) return;
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

  clear(): void {
    this.#blacken();
    this.#onChange();
  }

  #blacken(): void {
    this.#picture = undefined;
    this.#last = undefined;
    this.#context.fillStyle = '#000';
    this.#context.fillRect(0, 0, this.#canvas.width, this.#canvas.height);
  }

  /** Shows a picture as large as it fits. */
  show(picture: ImageBitmap): void {
    this.#blacken();
    this.#picture = picture;
    const { width, height } = this.#canvas;
    const scale = Math.min(width / picture.width, height / picture.height);
    const [w, h] = [picture.width * scale, picture.height * scale];
    // Transparent means paper.
    this.#context.fillStyle = '#fff';
    this.#context.fillRect((width - w) / 2, (height - h) / 2, w, h);
    this.#context.drawImage(picture, (width - w) / 2, (height - h) / 2, w, h);
    this.#onChange();
  }

  /** What there is, small enough to be sent: of a picture all of it, else the whole area. */
  drawing(): Drawing {
    const source = this.#picture ?? this.#canvas;
    const scale = Math.min(1, sentSide / Math.max(source.width, source.height));
    const [width, height] = [source.width, source.height].map((side) =>
      Math.max(1, Math.round(side * scale)),
    );
    const small = new OffscreenCanvas(width, height);
    const context = small.getContext('2d') as OffscreenCanvasRenderingContext2D;
    context.imageSmoothingQuality = 'high';
    context.fillStyle = '#fff';
    context.fillRect(0, 0, width, height);
    context.drawImage(source, 0, 0, width, height);
    const { data } = context.getImageData(0, 0, width, height);
    const grey = Uint8Array.from({ length: width * height }, (_, i) =>
      Math.round(0.299 * data[4 * i] + 0.587 * data[4 * i + 1] + 0.114 * data[4 * i + 2]),
    );
    return { width, height, grey };
  }

  #place(event: PointerEvent): [number, number] {
    const box = this.#canvas.getBoundingClientRect();
    return [
      ((event.clientX - box.left) / box.width) * this.#canvas.width,
      ((event.clientY - box.top) / box.height) * this.#canvas.height,
    ];
  }

  #begin(place: [number, number]): void {
    if (this.#picture !== undefined) this.#blacken();
    this.#last = place;
    this.#lineTo(place);
    this.#onChange();
  }

  #lineTo(place: [number, number]): void {
    const context = this.#context;
    context.strokeStyle = '#fff';
    context.lineWidth = penWidth;
    context.lineCap = 'round';
    context.lineJoin = 'round';
    context.beginPath();
    context.moveTo(...(this.#last ?? place));
    context.lineTo(...place);
    context.stroke();
    this.#last = place;
  }

  #key(event: KeyboardEvent): void {
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
