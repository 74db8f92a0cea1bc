/** `predict` and the page of `serve` prepare the same picture in the same way, whatever the net was trained on. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { encode } from 'fast-png';
import { encode as encodeJpeg } from 'jpeg-js';
import { afterAll, describe, expect, it } from 'vitest';
import { loadCheckpoint, saveCheckpoint } from '../../../lib/formats/checkpoint.js';
import type { GreyImage } from '../../../lib/images/limits.js';
import { Random } from '../../../lib/random.js';
import type { DrawFacts, RecognisedPicture } from '../../../lib/web/messages.js';
import { bin, jsonLines, temporaryFolder, writeIdxFolder } from '../../support/cli.js';
import { drawDigit } from '../../support/drawn-digits.js';

const folder = temporaryFolder();
const children: ChildProcess[] = [];
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
});
const { run } = folder;

function train(out: string, data: string): Promise<void> {
  return run('train --data', data, '--epochs 1 --batch-size 8 --quiet --out', out).then(({ code, stderr }) =>
    expect(code, stderr).toBe(0),
  );
}

/** Class folders of dark bars on light paper, higher than wide. */
function writeBars(path: string): void {
  const random = new Random(4);
  for (const split of ['train', 'test']) {
    for (const [label, name] of ['low', 'middle', 'high'].entries()) {
      mkdirSync(folder.join(path, split, name), { recursive: true });
      for (let i = 0; i < 16; i += 1) {
        const [width, height] = [20, 30];
        const data = Uint8Array.from({ length: width * height }, () => 220 + random.integer(20));
        data.fill(20, width * (4 + 8 * label), width * (8 + 8 * label));
        for (let y = 0; y < height; y += 1) data.fill(230, y * width, y * width + 3);
        writeFileSync(
          folder.join(path, split, name, `${i}.png`),
          encode({ width, height, data, channels: 1 }),
        );
      }
    }
  }
}

const shades = (width: number, height: number, seed: number): GreyImage => {
  const random = new Random(seed);
  const [fx, fy] = [1 + random.uniform() * 4, 1 + random.uniform() * 4];
  const grey = Uint8Array.from({ length: width * height }, (_, i) => {
    const wave = Math.sin((fx * (i % width)) / width) * Math.cos((fy * Math.floor(i / width)) / height);
    return 128 + Math.round(100 * wave) + random.integer(20);
  });
  return { width, height, grey };
};

/** Pictures of several sizes, proportions and formats; their file names. */
function writePictures(): string[] {
  const drawn = drawDigit(3, { size: 150 });
  const images: [string, GreyImage][] = [
    ['small', shades(28, 28, 1)],
    ['wide', shades(90, 31, 2)],
    ['high', shades(17, 64, 3)],
    ['large', shades(300, 280, 4)],
    ['light-on-dark', drawn],
    ['dark-on-light', { ...drawn, grey: drawn.grey.map((level) => 255 - level) }],
  ];
  const names = images.map(([name, { width, height, grey }]) => {
    writeFileSync(folder.join(`${name}.png`), encode({ width, height, data: grey, channels: 1 }));
    return `${name}.png`;
  });
  const data = Uint8Array.from({ length: 4 * 100 * 100 }, (_, i) => (i % 4 === 3 ? 255 : (i * 7) % 200));
  writeFileSync(folder.join('photo.jpg'), encodeJpeg({ width: 100, height: 100, data }, 80).data);
  return [...names, 'photo.jpg'];
}

interface Page {
  readonly facts: DrawFacts;
  send(bytes: Uint8Array): Promise<Response>;
}

async function openPage(...args: string[]): Promise<Page> {
  const child = spawn(process.execPath, [bin, 'serve', ...args, '--json'], {
    cwd: folder.path,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  children.push(child);
  const url = await new Promise<string>((resolve) =>
    child.stdout.once('data', (line) => resolve((JSON.parse(String(line)) as { url: string }).url)),
  );
  const token = /name="rownet-token" content="([^"]+)"/.exec(await (await fetch(url)).text())?.[1] ?? '';
  return {
    facts: (await (await fetch(`${url}facts`)).json()) as DrawFacts,
    send: (bytes) =>
      fetch(`${url}picture`, {
        method: 'POST',
        headers: {
          'content-type': 'application/octet-stream',
          origin: url.slice(0, -1),
          'x-rownet-token': token,
        },
        body: new Uint8Array(bytes),
      }),
  };
}

async function expectSame(run_: string, ...args: string[]): Promise<Page> {
  const files = writePictures();
  const { code, stdout, stderr } = await run('predict', run_, ...files, ...args, '--json');
  expect(code, stderr).toBe(0);
  const page = await openPage(run_, ...args);
  for (const found of jsonLines(stdout)) {
    const answer = await page.send(readFileSync(folder.join(String(found.file))));
    expect(answer.status).toBe(200);
    const recognised = (await answer.json()) as RecognisedPicture;
    expect(recognised.probabilities, String(found.file)).toEqual(found.probabilities);
    expect(recognised).toMatchObject({ inverted: found.inverted, empty: false, notes: found.notes });
  }
  return page;
}

describe('the page and predict give the same probabilities, bit for bit', { timeout: 120_000 }, () => {
  it('for a net of other things than digits', async () => {
    writeIdxFolder(folder.join('rows'), 300, 60);
    await train('things', 'rows');
    const { facts } = await expectSame('things');
    expect(facts).toMatchObject({ digits: false, light: false, classNames: null });
    expect((await expectSame('things', '--prepare', 'digit')).facts.digits).toBe(true);
  });

  it('for class folders of dark pictures on light paper, higher than wide', async () => {
    writeBars('bars');
    await train('bars-run', 'bars');
    const { facts } = await expectSame('bars-run');
    expect(facts).toMatchObject({ digits: false, light: true });
    expect([...(facts.classNames ?? [])].sort()).toEqual(['high', 'low', 'middle']);
    await expectSame('bars-run', '--prepare', 'digit');
  });

  it('for a net of digits', async () => {
    expect((await run('train --limit 600 --epochs 1 --quiet --out mnist')).code).toBe(0);
    const { facts } = await expectSame('mnist');
    expect(facts).toMatchObject({ digits: true, light: false });
    await expectSame('mnist', '--prepare', 'none');
  });

  it('and the page says what it cannot read, as predict does', async () => {
    const page = await openPage('things');
    const answer = await page.send(Buffer.from('GIF89a'));
    expect(answer.status).toBe(422);
    expect(((await answer.json()) as { error: string }).error).toMatch(
      /^picture: expected a PNG or JPEG but received a GIF\. Hint:/,
    );
  });
});

it('old checkpoints of known sets have names for their classes', async () => {
  const file = folder.join('things', 'checkpoint.safetensors');
  const { config, ...checkpoint } = loadCheckpoint(file);
  const { classNames: _, ...data } = (config as { data: Record<string, unknown> }).data;
  const old = { ...config, data: { ...data, name: 'fashion-mnist' } };
  saveCheckpoint(folder.join('old.safetensors'), { ...checkpoint, config: old });
  const { stdout } = await run('predict old.safetensors small.png --json');
  const [{ label, name }] = jsonLines(stdout);
  expect(name).toBe(
    'T-shirt/top,trouser,pullover,dress,coat,sandal,shirt,sneaker,bag,ankle boot'.split(',')[label as number],
  );
  const explained = await run('explain small.png --checkpoint old.safetensors --label 4');
  expect(explained.stdout).toContain(`taken for ${name}.`);
  expect(explained.stdout).toContain('Label 4 is coat.');
});
