/**
 * What lies behind a transparent picture. White, as most programs show it, unless its opaque pixels are all of one light
 * colour: on white such ink could not be seen, and what it draws is in its alpha alone. Then it is black.
 */

/** Luma, as a share of white, above which ink is too light for white paper. */
const lightInk = 0.75;
/** Of one colour, in luma: what an edge that was scaled carelessly may lie off. */
const oneColour = 0.125;
/** Pixels of at least this share of the largest alpha are called opaque: ink may be thin everywhere. */
const opaque = 0.9;
const steps = 255;

export class PaperChooser {
  /** Of the pixels of each alpha, in steps of a byte. */
  readonly #darkest = new Float64Array(steps + 1).fill(Number.POSITIVE_INFINITY);
  readonly #lightest = new Float64Array(steps + 1).fill(Number.NEGATIVE_INFINITY);

  /** Takes one pixel; both from 0 to 1. */
  see(luma: number, alpha: number): void {
    const step = Math.round(alpha * steps);
    if (luma < this.#darkest[step]) this.#darkest[step] = luma;
    if (luma > this.#lightest[step]) this.#lightest[step] = luma;
  }

  /** Grey level, 0 or 255. */
  paper(): 0 | 255 {
    const isThere = (step: number) => this.#lightest[step] >= 0;
    const most = this.#lightest.findLastIndex((level) => level >= 0);
    const transparent = this.#lightest.findIndex((level) => level >= 0) < steps;
    if (most <= 0 || !transparent) return 255;
    let [darkest, lightest] = [1, 0];
    for (let step = Math.ceil(opaque * most); step <= most; step += 1) {
      if (!isThere(step)) continue;
      darkest = Math.min(darkest, this.#darkest[step]);
      lightest = Math.max(lightest, this.#lightest[step]);
    }
    return lightest - darkest <= oneColour && darkest + lightest > 2 * lightInk ? 0 : 255;
  }
}
