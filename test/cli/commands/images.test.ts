/** The commands that look at images and runs: predict, explain, report, serve. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { decode, encode } from 'fast-png';
import { encode as encodeJpeg } from 'jpeg-js';
import { beforeAll, describe, expect, it } from 'vitest';
import type { GreyImage } from '../../../lib/images/limits.js';
import { jsonLines, rownet, temporaryFolder, writeIdxFolder } from '../../support/cli.js';
import { drawDigit } from '../../support/drawn-digits.js';

const folder = temporaryFolder();
const { run } = folder;

function writePng(name: string, { width, height, grey }: GreyImage): string {
  writeFileSync(folder.join(name), encode({ width, height, data: grey, channels: 1 }));
  return name;
}

/** As a photograph of paper: shaded, coloured, compressed. */
function writePhoto(name: string, { width, height, grey }: GreyImage): string {
  const data = new Uint8Array(4 * width * height);
  for (let i = 0; i < grey.length; i += 1) {
    const light = 235 - (90 * (i % width)) / width - 20 * Math.sin(i * 12.9898);
    const ink = 1 - (0.7 * grey[i]) / 255;
    data.set([light * ink, light * ink * 0.97, light * ink * 0.85 + 12, 255], 4 * i);
  }
  writeFileSync(folder.join(name), encodeJpeg({ width, height, data }, 80).data);
  return name;
}

beforeAll(async () => {
  expect((await run('train --quiet --epochs 2 --out run')).code).toBe(0);
}, 120_000);

describe('predict', () => {
  it('gets most drawn and photographed digits right', async () => {
    const files: [string, number, boolean][] = [];
    for (let digit = 0; digit < 10; digit += 1) {
      for (const seed of [1, 2, 3]) {
        const pen = [0.03, 0.06, 0.09][seed - 1];
        const drawn = drawDigit(digit, { size: 90 + 60 * seed, pen, seed: 10 * digit + seed });
        files.push([writePng(`${digit}-${seed}.png`, drawn), digit, false]);
        files.push([writePhoto(`${digit}-${seed}.jpg`, drawn), digit, true]);
      }
    }
    const { code, stdout, stderr } = await run('predict run', ...files.map(([name]) => name), '--json');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const found = jsonLines(stdout);
    expect(found.map(({ file }) => file)).toEqual(files.map(([name]) => name));
    const right = found.filter(({ label }, i) => label === files[i][1]);
    const wrong = found
      .filter(({ label }, i) => label !== files[i][1])
      .map(({ file, label }) => `${file}: ${label}`);
    expect(right.length, wrong.join(', ')).toBeGreaterThanOrEqual(54);
    for (const [i, { inverted, probabilities, probability, label }] of found.entries()) {
      expect(inverted, files[i][0]).toBe(files[i][2]);
      expect(probabilities).toHaveLength(10);
      expect((probabilities as number[]).reduce((a, b) => a + b, 0)).toBeCloseTo(1, 5);
      expect(probability).toBe(Math.max(...(probabilities as number[])));
      expect((probabilities as number[])[label as number]).toBe(probability);
    }
  });

  it('prints a table, and what is wrong with a file', async () => {
    writePng('seven.png', drawDigit(7));
    writePng('blank.png', { width: 5, height: 5, grey: new Uint8Array(25) });
    writeFileSync(folder.join('text.png'), 'no picture');
    const { code, stdout, stderr } = await run('predict run seven.png text.png blank.png none.png');
    expect(code).toBe(3);
    expect(stdout).toMatch(
      /^file +is +probability +else +probability +note\nseven\.png +7 +\d+\.\d\d % +\d +\d+\.\d\d % +light on dark\nblank\.png +- +- +- +- +nothing is drawn on it\n$/,
    );
    const lines = stderr.trimEnd().split('\n');
    expect(lines).toHaveLength(2);
    expect(lines[0]).toContain('images: text.png: expected a PNG or JPEG');
    expect(lines[1]).toContain('images: none.png: expected a readable file but received ENOENT');
  });

  it('--prepare none takes an image as it is', async () => {
    writePng('as-is.png', { width: 28, height: 28, grey: new Uint8Array(784) });
    const prepared = await run('predict run as-is.png --prepare none --json');
    expect(jsonLines(prepared.stdout)).toMatchObject([{ empty: false, inverted: false }]);
    expect(jsonLines((await run('predict run as-is.png --json')).stdout)).toEqual([
      {
        file: 'as-is.png',
        label: null,
        probabilities: null,
        inverted: false,
        empty: true,
        notes: [],
      },
    ]);
  });
});

describe('explain', () => {
  it('follows a built-in digit through conv1 with numbers', async () => {
    const { code, stdout } = await run('explain --checkpoint run');
    expect(code).toBe(0);
    expect(stdout).toContain(
      'A built-in 7 in run/checkpoint.safetensors: taken for 7. Layers conv1, relu1, pool1.',
    );
    for (const text of [
      '1. im2row: every window of 5x5 becomes a row, [784, 25].',
      '2. Matrix product: [784, 25] x [25, 6] = [784, 6].',
      '5. pool2row: windows of 2x2 of each map become rows, [1176, 4].',
      'Backward, from the loss',
      'row2im adds up what all windows give a pixel:',
    ]) {
      expect(stdout).toContain(text);
    }
    // The sums that are printed are those of the numbers that are printed.
    const [, entry, bias, sum] = /3\. Bias: (\S+) \+ (\S+) = (\S+)/.exec(stdout)?.map(Number) ?? [];
    expect(entry + bias).toBeCloseTo(sum, 2);
    const rows = [...stdout.matchAll(/^ {3}( +-?\d\.\d{3}){5}$/gm)]
      .slice(0, 10)
      .map(([line]) => line.trim().split(/ +/).map(Number));
    const [window, filter] = [rows.slice(0, 5).flat(), rows.slice(5, 10).flat()];
    const product = window.reduce((total, value, i) => total + value * filter[i], 0);
    expect(product).toBeCloseTo(entry, 1);
  });

  it('takes an image, a layer, a filter and a label', async () => {
    writePng('three.png', drawDigit(3));
    const args = ['explain three.png --checkpoint run --layer conv2 --filter 4 --label 8'];
    const { code, stdout } = await run(...args);
    expect(code).toBe(0);
    expect(stdout).toContain('three.png in run/checkpoint.safetensors');
    expect(stdout).toContain('filter 4');
    expect(stdout).toContain('of label 8:');
  });

  it.each([
    [
      'fc1',
      [
        'fc1: 120 inputs, 84 outputs. Followed: output ',
        '1. The 120 inputs are a row already: [1, 120]',
        '4. ReLU: max(0, ',
        '5. From the layers behind arrives ',
        '8. Gradient of the weights to output ',
      ],
    ],
    [
      'fc2',
      [
        'fc2: 84 inputs, 10 outputs. Followed: output ',
        '   It is the score of class ',
        '4. The probability of class ',
        '6. Gradient of the weights to output ',
      ],
    ],
  ])('tells of %s in the words of a linear layer, step by step', async (layer, texts) => {
    const { stdout } = await run('explain --layer', layer);
    for (const text of texts) expect(stdout).toContain(text);
    expect(stdout).not.toMatch(/filter|window|im2row/);
    const steps = [...stdout.matchAll(/^(\d+)\. /gm)].map(([, step]) => Number(step));
    expect(steps).toEqual(steps.map((_, i) => i + 1));
  });

  it('--html writes one file that names nothing outside of it', async () => {
    const { code, stdout } = await run('explain --checkpoint run --html explain.html');
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'Written: explain.html\n' });
    const html = readFileSync(folder.join('explain.html'), 'utf8');
    expect(html).not.toMatch(/https?:|src=|href=|import |%[A-Z]+%|\/\*(STYLE|SCRIPT)\*\//);
    const data = /<script type="application\/json" id="data">(.*?)<\/script>/s.exec(html)?.[1] ?? '';
    expect(JSON.parse(data)).toMatchObject({
      name: 'conv1',
      inputShape: [1, 32, 32],
      outputShape: [6, 28, 28],
    });
    const script = /<script type="module">(.*?)<\/script>/s.exec(html)?.[1] ?? '';
    expect(script).toContain('readModel()');
    expect(script).not.toMatch(/^(import|export)\b/m);
  });

  it.each([
    [['--layer conv9'], 'explain: --layer: expected conv1, conv2, conv3, fc1, fc2 but received "conv9"'],
    [
      ['--layer pool1'],
      'explain: --layer: expected conv1, conv2, conv3, fc1, fc2 but received "pool1". Hint: pool1 is explained with conv1: --layer conv1',
    ],
    [
      ['--layer relu4'],
      'explain: --layer: expected conv1, conv2, conv3, fc1, fc2 but received "relu4". Hint: relu4 is explained with fc1: --layer fc1',
    ],
    [
      ['--layer flatten'],
      'explain: --layer: expected conv1, conv2, conv3, fc1, fc2 but received "flatten". Hint: Flatten() is not explained by itself',
    ],
    [['--filter 6'], 'explain: --filter: expected one below 6, those of conv1, but received 6'],
    [['--label 10'], 'explain: --label: expected a class below 10 but received 10'],
  ])('refuses %j', async (args, message) => {
    expect(await run('explain', ...args)).toEqual({
      code: 2,
      signal: null,
      stdout: '',
      stderr: `${message}\n`,
    });
  });
});

describe('report', () => {
  it('writes the run as one file without network, and its curves', async () => {
    const { code, stdout } = await run('report run --json');
    expect(code).toBe(0);
    expect(jsonLines(stdout)).toEqual([
      { event: 'report', files: ['run/report.html', 'run/curves.svg', 'run/curves.png'] },
    ]);
    const html = readFileSync(folder.join('run', 'report.html'), 'utf8');
    expect(html).not.toMatch(/<script|<link|src="(?!data:)|url\(|@import/);
    for (const text of [
      'LeNet-5, recipe fast, mnist, seed 1',
      'Confusion matrix and accuracy of each class',
      'Worst mistakes',
      'conv1, filter 5',
      'ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db',
      'weightDecay',
      'avx',
      'commit',
    ]) {
      expect(html.toLowerCase()).toContain(text.toLowerCase());
    }
    expect(html.match(/<img /g)).toHaveLength(6 + 24);
    const counts = [...html.matchAll(/<td>(\d+)<\/td><td>\d+\.\d\d %<\/td>/g)].map(([, count]) =>
      Number(count),
    );
    expect(counts.reduce((a, b) => a + b, 0)).toBe(10_000);
    const png = decode(readFileSync(folder.join('run', 'curves.png')));
    expect([png.width, png.height]).toEqual([1600, 760]);
    // Not all of it is paper.
    expect(new Set(png.data).size).toBeGreaterThan(50);
  });

  it('does without the data, and says so', async () => {
    writeIdxFolder(folder.join('gone'), 300, 100);
    expect((await run('train --data gone --epochs 1 --quiet --out other')).code).toBe(0);
    rmSync(folder.join('gone'), { recursive: true });
    const { code } = await run('report other --out other.html');
    expect(code).toBe(0);
    const html = readFileSync(folder.join('other.html'), 'utf8');
    expect(html).toContain('The test images could not be read');
    expect(existsSync(folder.join('other', 'report.html'))).toBe(false);
  });

  it('refuses what is no run', async () => {
    mkdirSync(folder.join('empty'));
    const file = await run('report run/config.json');
    expect(file).toMatchObject({ code: 3, stdout: '' });
    expect(file.stderr).toContain('received another file of the run in run. Hint: give the folder');
    const checkpoint = await run('report run/checkpoint.safetensors');
    expect(checkpoint).toMatchObject({ code: 2, stdout: '' });
    expect(checkpoint.stderr).toContain('report: expected a run folder but received the file run/checkpoint');
    expect((await run('report empty')).code).toBe(3);
  });
});

describe('serve', () => {
  it('needs a checkpoint, and a port that is free', async () => {
    expect((await run('serve none')).code).toBe(3);
    expect((await run('serve run --port 70000')).code).toBe(2);
  });

  it('serves until Ctrl-C', async () => {
    let page = '';
    const { code, stderr } = await rownet(['serve', 'run'], {
      cwd: folder.path,
      async onStdout(text, child) {
        const url = /^Draw a digit: (http\S+)\n$/.exec(text)?.[1];
        if (url === undefined) return;
        page = await (await fetch(url)).text();
        child.kill('SIGINT');
      },
    });
    expect(code).toBe(0);
    expect(stderr).toBe('Ctrl-C ends it.\n');
    expect(page).toContain('Draw a digit</h1>');
  });
});
