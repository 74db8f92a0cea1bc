/** Ticks of axes: round numbers, no two of them with the same label. */

export interface Tick {
  readonly value: number;
  readonly label: string;
}

/** The smallest of 1, 2, 5 times a power of ten that is at least `step`. */
export function niceStep(step: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(step, 1e-300)));
  return power * ([1, 2, 5].find((factor) => factor * power >= step * (1 - 1e-9)) ?? 10);
}

/** At most `most + 1` multiples of a round step from `low` to `high`; two at least, if `low` is the smaller. */
export function linearTicks(low: number, high: number, most: number): Tick[] {
  const step = niceStep((high - low) / most);
  const from = Math.ceil(low / step - 1e-9);
  const count = Math.floor(high / step + 1e-9) - from + 1;
  return Array.from({ length: count }, (_, i) => {
    const value = (from + i) * step;
    return { value, label: tickLabel(value, step) };
  });
}

/** A multiple of `step` with no digit more than tells it from the next one. */
export function tickLabel(value: number, step: number): string {
  // What rounding has left of a zero.
  if (Math.abs(value) < step / 2) return '0';
  const digits = -Math.floor(Math.log10(step) + 1e-9);
  const exponent = Math.floor(Math.log10(Math.abs(value)) + 1e-9);
  if (exponent >= 6 || exponent < -4) return value.toExponential(Math.max(0, exponent + digits));
  return value.toFixed(Math.max(0, digits));
}

/** 1, 2 and 5 times powers of ten from `low` to `high`, or powers alone where those would be more than `most + 1`. */
export function logTicks(low: number, high: number, most: number): Tick[] {
  const [from, to] = [Math.log10(low), Math.log10(high)];
  const span = to - from;
  const [first, last] = [Math.floor(from), Math.ceil(to)];
  if (3 * span <= most) {
    const values = Array.from({ length: last - first + 1 }, (_, i) =>
      [1, 2, 5].map((factor) => [factor, first + i]),
    );
    return values
      .flat()
      .map(([factor, exponent]) => ({ value: factor * 10 ** exponent, label: powerLabel(factor, exponent) }))
      .filter(({ value }) => value >= low * (1 - 1e-9) && value <= high * (1 + 1e-9));
  }
  const stride = Math.ceil(span / most);
  const start = Math.ceil(from / stride - 1e-9);
  return Array.from({ length: Math.floor(to / stride + 1e-9) - start + 1 }, (_, i) => {
    const exponent = (start + i) * stride;
    return { value: 10 ** exponent, label: powerLabel(1, exponent) };
  });
}

function powerLabel(factor: number, exponent: number): string {
  if (exponent >= 6 || exponent < -4) return `${factor}e${exponent < 0 ? '' : '+'}${exponent}`;
  return exponent >= 0 ? String(factor * 10 ** exponent) : (factor * 10 ** exponent).toFixed(-exponent);
}
