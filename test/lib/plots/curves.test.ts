/** Charts as SVG: where lines and names stand. */
import { describe, expect, it } from 'vitest';
import { type Chart, chartSvg, chartStyle, type Panel, readout, runClass } from '../../../lib/plots/chart.js';
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

  it('draws each series through its points, on axes that start and end on a tick', () => {
    const svg = curvesSvg('a run', [point(1, 0.4, 0.9), point(2, 0.2, 0.95), point(3, 0.1, 0.99)]);
    const lines = attributes(svg, /<polyline class="(\w+) line"/g);
    expect(lines).toEqual(['train', 'test', 'train', 'test']);
    // Loss axis 0 to 0.8 over y 236 to 36; epochs 1 to 3 over x 66 to 384.
    expect(attributes(svg, /<polyline class="train line" points="([^"]*)"/g)[0]).toBe(
      '66,136 225,186 384,211',
    );
    expect(svg).toContain('>0.8</text>');
    expect(svg).toContain('>99.00 %</text>');
  });

  it('draws a loss that falls far on a logarithmic axis', () => {
    const svg = curvesSvg('a run', [point(1, 1, 0.1), point(2, 0.0005, 0.99)]);
    // 0.0005 to 2.
    const [y1, y2] = [2, 1].map((loss) => 36 + (200 * Math.log(2 / loss)) / Math.log(2 / 0.0005));
    expect(attributes(svg, /<polyline class="test line" points="([^"]*)"/g)[0].split(' ')[0]).toBe(
      `66,${y1}`,
    );
    const train = attributes(svg, /<polyline class="train line" points="([^"]*)"/g)[0];
    expect(train).toBe(`66,${y2.toFixed(1)} 384,236`);
    for (const label of ['0.001', '0.01', '0.1', '1']) expect(svg).toContain(`>${label}</text>`);
  });

  it('say what the lines are', () => {
    expect(curvesSvg('a run', [point(1, 1, 0.1)])).toContain(
      '>train: the mean of an epoch, while the net changes. test: after the epoch.</text>',
    );
  });

  it('tell the value of a point under the pointer', () => {
    const svg = curvesSvg('a run', [point(1, 0.4, 0.9), point(2, 0.2, 0.95)]);
    const titles = attributes(svg, /<circle class="hit"[^>]*><title>([^<]*)</g);
    expect(titles).toContain('train, epoch 2: 0.200');
    expect(titles).toContain('test, epoch 1: 89.00 %');
    expect(titles).toHaveLength(8);
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
  const panel = (names: readonly string[]): Panel => ({
    name: 'loss',
    axis: 'loss',
    curves: names.map((name, i) => ({
      name,
      css: runClass(i),
      points: [
        [0.02, 1],
        [1, 0.5 + 0.001 * i],
      ],
    })),
  });
  const chart = (runs: number): Chart => ({
    title: 'runs',
    description: `${runs} runs`,
    panels: [panel(Array.from({ length: runs }, (_, i) => `run ${i}`))],
  });
  /** The names in the key, with their places and the room they have. */
  const key = (svg: string) =>
    [
      ...svg.matchAll(
        /<svg x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="18"><text x="0" y="13">([^<]*)</g,
      ),
    ].map(([, x, y, width, name]) => ({ x: Number(x), y: Number(y), width: Number(width), name }));
  const height = (svg: string) => Number(/viewBox="0 0 \d+ (\d+)"/.exec(svg)?.[1]);

  it.each([1, 2, 7, 12, 40])('name %i runs, each in a row of its own, within the picture', (runs) => {
    const svg = chartSvg(chart(runs));
    const rows = key(svg);
    expect(rows.map(({ name }) => name)).toEqual(Array.from({ length: runs }, (_, i) => `run ${i}`));
    const places = new Set(rows.map(({ x, y }) => `${x},${y}`));
    expect(places.size).toBe(runs);
    for (const { x, y, width } of rows) {
      expect(x + width).toBeLessThanOrEqual(400);
      expect(44 + y + 18).toBeLessThanOrEqual(height(svg));
    }
    for (const [i, { y }] of rows.slice(1).entries()) expect([0, 18]).toContain(y - rows[i].y);
  });

  it('cut long names in the middle, and tell them whole under the pointer', () => {
    const names = [
      'fast-20261124-180544-with-a-name-that-goes-on-1',
      'fast-20261124-180544-with-a-name-that-goes-on-2',
    ];
    const svg = chartSvg({ description: 'd', panels: [panel(names)] });
    const shown = key(svg).map(({ name }) => name);
    for (const [i, name] of shown.entries()) {
      expect(name).toMatch(/^fast-\d+.*….*goes-on-\d$/);
      expect(svg).toContain(`<title>${names[i]}</title>`);
    }
    expect(new Set(shown).size).toBe(2);
  });

  it('give each of 24 runs a line of its own', () => {
    expect(new Set(Array.from({ length: 24 }, (_, i) => runClass(i))).size).toBe(24);
    for (const token of runClass(23).split(' ')) expect(chartStyle).toContain(`.${token} {`);
  });

  it('read out what stands under a place', () => {
    const one = panel(['a', 'b']);
    expect(readout(one, 0)).toEqual({
      x: 72.4,
      top: 36,
      bottom: 236,
      epoch: '0.02',
      lines: [
        { name: 'a', css: 'run0', value: '1.00' },
        { name: 'b', css: 'run1', value: '1.00' },
      ],
    });
    expect(readout(one, 400)?.lines.map(({ value }) => value)).toEqual(['0.500', '0.501']);
    const later = { ...one, curves: [one.curves[0], { ...one.curves[1], points: [[2, 0.3]] as const }] };
    expect(readout(later, 400)).toMatchObject({ epoch: '2', lines: [{ name: 'b', value: '0.300' }] });
    expect(readout(panel([]), 10)).toBeUndefined();
  });

  it('start their axis on a whole epoch', () => {
    expect(chartSvg(chart(1))).toContain('>0</text>');
    expect(chartSvg(chart(1))).not.toContain('>0.02</text>');
  });

  it('bring their style along, or leave it to the page', () => {
    expect(chartSvg(chart(1))).toContain(chartStyle);
    expect(chartSvg(chart(1), { style: false })).not.toContain('<style>');
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
