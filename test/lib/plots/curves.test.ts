/** Charts as SVG: where lines and labels stand. */
import { describe, expect, it } from 'vitest';
import { type Chart, chartSvg, chartStyle } from '../../../lib/plots/chart.js';
import { type CurvePoint, curvesSvg } from '../../../lib/plots/curves.js';
import { diverging } from '../../../lib/plots/diverging.js';

describe('curves', () => {
  const point = (epoch: number, loss: number, accuracy: number): CurvePoint => ({
    epoch,
    loss,
    trainAccuracy: accuracy,
    testLoss: 2 * loss,
    testAccuracy: accuracy - 0.01,
  });
  const attributes = (svg: string, pattern: RegExp) => [...svg.matchAll(pattern)].map(([, value]) => value);

  it('draws each series through its points, on linear axes that start and end on a tick', () => {
    const svg = curvesSvg('a run', [point(1, 0.4, 0.9), point(2, 0.2, 0.95), point(3, 0.1, 0.99)]);
    const lines = attributes(svg, /<polyline class="(\w+) line"/g);
    expect(lines).toEqual(['train', 'test', 'train', 'test']);
    // Loss axis 0 to 0.8 over y 290 to 62; epochs 1 to 3 over x 58 to 378.
    expect(attributes(svg, /<polyline class="train line" points="([^"]*)"/g)[0]).toBe(
      '58,176 218,233 378,261.5',
    );
    expect(svg).toContain('>0.8</text>');
    expect(svg).toContain('>99.00 %</text>');
  });

  it('draws a loss that falls far on a logarithmic axis', () => {
    const svg = curvesSvg('a run', [point(1, 1, 0.1), point(2, 0.0005, 0.99)]);
    // 0.0001 to 10, a decade 45.6 high.
    expect(attributes(svg, /<polyline class="train line" points="([^"]*)"/g)[0]).toBe('58,107.6 378,258.1');
    for (const label of ['1e-4', '0.001', '0.01', '0.1', '1', '10'])
      expect(svg).toContain(`>${label}</text>`);
  });

  it.each([
    ['one epoch', [point(1, 0.4, 0.9)]],
    [
      'no evaluation',
      [
        { epoch: 1, loss: 1, trainAccuracy: 0.5 },
        { epoch: 2, loss: 1, trainAccuracy: 0.5 },
      ],
    ],
    ['a loss of 0', [point(1, 0, 1), point(2, 0, 1)]],
    ['no epoch', []],
    [
      'values that are not finite',
      [point(1, Number.NaN, Number.NaN), point(2, Number.POSITIVE_INFINITY, 0.5)],
    ],
    ['a thousand epochs', Array.from({ length: 1000 }, (_, i) => point(i + 1, 1 / (i + 1), 0.5))],
  ])('gives a sound picture for %s', (_, points) => {
    const svg = curvesSvg('a run', points);
    expect(svg).not.toMatch(/NaN|Infinity|undefined/);
    for (const value of attributes(svg, / (?:x|y|cx|cy|x1|x2|y1|y2)="([^"]*)"/g)) {
      expect(Number(value)).toBeGreaterThanOrEqual(0);
      expect(Number(value)).toBeLessThanOrEqual(900);
    }
    expect(attributes(svg, /(<text)/g).length).toBeLessThan(50);
  });

  it('shows the title as text', () => {
    const svg = curvesSvg('<b>"R&D"', [point(1, 1, 1)]);
    expect(svg).toContain('&#60;b&#62;&#34;R&#38;D&#34;');
    expect(svg).not.toContain('<b>');
  });

  it('show what XML may not hold as a replacement', () => {
    const svg = curvesSvg('a\u001b\0\ud800\uffffb \t\u{1f600}', [point(1, 1, 1)]);
    expect(svg).toContain('>a\ufffd\ufffd\ufffd\ufffdb \t\u{1f600}</text>');
  });
});

describe('charts', () => {
  const chart = (runs: number): Chart => ({
    title: 'runs',
    description: `${runs} runs`,
    panels: [
      {
        name: 'loss',
        axis: 'loss',
        curves: Array.from({ length: runs }, (_, i) => ({
          name: `run ${i}`,
          css: `run${i}`,
          points: [
            [0.02, 1],
            [1, 0.5 + 0.001 * i],
          ] as const,
        })),
      },
    ],
  });
  const labels = (svg: string) =>
    [...svg.matchAll(/<text class="run\d name" x="[\d.]+" y="([\d.]+)">run/g)].map(([, y]) => Number(y));

  it('move the names of lines that end together apart, in order, within the panel', () => {
    for (const runs of [2, 5, 8]) {
      const places = labels(chartSvg(chart(runs)));
      expect(places).toHaveLength(runs);
      const gaps = places.slice(1).map((y, i) => Math.abs(y - places[i]));
      expect(Math.min(...gaps)).toBeGreaterThan(20);
      for (const y of places) {
        expect(y).toBeGreaterThanOrEqual(60);
        expect(y).toBeLessThanOrEqual(282);
      }
    }
  });

  it('start their axis on a whole epoch', () => {
    expect(chartSvg(chart(1))).toContain('>0</text>');
    expect(chartSvg(chart(1))).not.toContain('>0.02</text>');
  });

  it('bring their style along, or leave it to the page', () => {
    expect(chartSvg(chart(1))).toContain(chartStyle);
    expect(chartSvg(chart(1), false)).not.toContain('<style>');
  });

  it('take more points than a call has room for', () => {
    const points = Array.from({ length: 300_000 }, (_, i) => [i, 1 + (i % 7)] as const);
    const panels = [
      { name: 'loss', axis: 'loss', curves: [{ name: 'long', css: 'train', points }] },
    ] as const;
    expect(chartSvg({ title: 't', description: 'd', panels })).toContain('long');
  });
});

it('signed bytes are blue, near white, orange', () => {
  expect(diverging(128)).toEqual([245, 245, 245]);
  const [r, , b] = diverging(1);
  expect(b).toBeGreaterThan(r);
  const [red, , blue] = diverging(255);
  expect(red).toBeGreaterThan(blue);
});
