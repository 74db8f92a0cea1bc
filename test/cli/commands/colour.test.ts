/** Runs on pictures in colour: every command, on the same bits of the same picture. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { encode } from 'fast-png';
import { encode as encodeJpeg } from 'jpeg-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadCheckpoint } from '../../../lib/formats/checkpoint.js';
import { Random } from '../../../lib/random.js';
import { openRun } from '../../../lib/runs/open-run.js';
import { Recognizer } from '../../../lib/runs/recognizer.js';
import type { DrawFacts, RecognisedPicture } from '../../../lib/web/messages.js';
import { bin, jsonLines, temporaryFolder } from '../../support/cli.js';
import { discPng, writeColourFolders } from '../../support/colour-folders.js';
import { messageOf } from '../../support/misuse.js';

const folder = temporaryFolder();
const { run } = folder;
const children: ChildProcess[] = [];
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
});

async function ok(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await run(...args);
  expect(code, stderr).toBe(0);
  return stdout;
}

/** Exit code and message. */
async function refused(...args: string[]): Promise<[number | null, string]> {
  const { code, stderr } = await run(...args);
  return [code, stderr.trim().split('\n').at(-1) ?? ''];
}

const training = '--data discs --colour --epochs 8 --batch-size 8 --quiet --out';

beforeAll(async () => {
  writeColourFolders(folder.join('discs'), 32);
  await ok('train', training, 'run');
  await ok('train', training.replace('--colour ', ''), 'grey');
}, 60_000);

/** Of several sizes and kinds; their names. */
function writePictures(): string[] {
  const random = new Random(5);
  const write = (name: string, bytes: Uint8Array) => {
    writeFileSync(folder.join(name), bytes);
    return name;
  };
  const noise = (channels: number, width: number, height: number) =>
    Uint8Array.from({ length: channels * width * height }, () => random.integer(256));
  return [
    write('red.png', discPng('red', 9001)),
    write('green.png', discPng('green', 9002)),
    write('wide.png', discPng('blue', 9003, [80, 40])),
    write('alpha.png', encode({ width: 20, height: 31, channels: 4, data: noise(4, 20, 31) })),
    write('grey.png', encode({ width: 40, height: 40, channels: 1, data: noise(1, 40, 40) })),
    write('photo.jpg', encodeJpeg({ width: 50, height: 33, data: noise(4, 50, 33) }, 90).data),
  ];
}

describe('a run in colour', () => {
  it('knows what grey pictures do not show', async () => {
    const [{ accuracy, images }] = jsonLines(await ok('eval run --json'));
    expect({ accuracy, images }).toEqual({ accuracy: 1, images: 24 });
    const [grey] = jsonLines(await ok('eval grey --json'));
    expect(grey.accuracy).toBeLessThan(0.8);
    expect(openRun(folder.join('grey')).net.inputShape).toEqual([1, 32, 32]);
  });

  it('is kept with three channels, and a normalization of each', () => {
    const { config } = loadCheckpoint(folder.join('run', 'checkpoint.safetensors'));
    expect(config).toMatchObject({ net: 'lenet5', data: { preparation: { size: [32, 32], colour: true } } });
    const { net, normalization, preparation } = openRun(folder.join('run'));
    expect(net.inputShape).toEqual([3, 32, 32]);
    expect(net.constructor.name).toBe('LeNet5');
    expect([normalization.scale, normalization.shift].map((one) => (one as number[]).length)).toEqual([3, 3]);
    expect(preparation.colour).toBe(true);
  });

  it('predict, the page and a program give the same bits', async () => {
    const files = writePictures();
    const found = jsonLines(await ok('predict run', ...files, '--json'));
    expect(found.slice(0, 3).map(({ name }) => name)).toEqual(['red', 'green', 'blue']);
    const child = spawn(process.execPath, [bin, 'serve', 'run', '--json'], {
      cwd: folder.path,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    children.push(child);
    const url = await new Promise<string>((resolve) =>
      child.stdout.once('data', (line) => resolve((JSON.parse(String(line)) as { url: string }).url)),
    );
    const token = /name="rownet-token" content="([^"]+)"/.exec(await (await fetch(url)).text())?.[1] ?? '';
    const facts = (await (await fetch(`${url}facts`)).json()) as DrawFacts;
    expect(facts).toMatchObject({
      colour: true,
      digits: false,
      light: false,
      classNames: ['blue', 'green', 'red'],
    });
    const post = (path: string, type: string, body: Uint8Array | string) =>
      fetch(url + path, {
        method: 'POST',
        headers: { 'content-type': type, origin: url.slice(0, -1), 'x-rownet-token': token },
        body: typeof body === 'string' ? body : new Uint8Array(body),
      });
    const recognizer = Recognizer.open(folder.join('run'));
    for (const { file, probabilities } of found) {
      const bytes = readFileSync(folder.join(String(file)));
      const answer = await post('picture', 'application/octet-stream', bytes);
      const recognised = (await answer.json()) as RecognisedPicture;
      expect(recognised.probabilities, String(file)).toEqual(probabilities);
      expect(recognizer.recognise(bytes).probabilities).toEqual(probabilities);
      const { width, height, bytes: shown } = recognised.seen;
      expect([width, height, Buffer.from(shown, 'base64').length]).toEqual([32, 32, 3 * 32 * 32]);
    }
    // Ink says nothing to it: there is nothing to draw with.
    expect((await post('recognise', 'application/json', '{}')).status).toBe(404);
  });

  it('is reported, with its mistakes in colour', async () => {
    await ok('train', training.replace('--epochs 8', '--epochs 1 --lr 1e-9'), 'lost');
    await ok('report lost');
    const html = readFileSync(folder.join('lost', 'report.html'), 'utf8');
    expect(html).toContain('6 filters of 5x5, of each the first of 3 channels. Orange weighs positive');
    const pictures = html.split('Worst mistakes')[1].match(/data:image\/png;base64,([^"]+)/g) ?? [];
    expect(pictures.length).toBeGreaterThan(4);
    // Colour type 2 of the header: red, green and blue.
    for (const one of pictures) expect(Buffer.from(one.split(',')[1], 'base64')[25]).toBe(2);
  });

  it('is explained, exported and listed', async () => {
    expect(await ok('explain red.png --checkpoint run')).toContain('conv1: input 3x32x32');
    expect(await ok('explain --checkpoint run --layer fc2')).toContain('fc2');
    const [{ file }] = jsonLines(await ok('export run --format onnx --pixels --json'));
    expect(readFileSync(folder.join(String(file))).length).toBeGreaterThan(240_000);
    const listed = jsonLines(await ok('runs . --json')).find(({ name }) => name === 'run');
    expect(listed).toMatchObject({ net: 'lenet5', changes: ['colour'] });
  });

  it('and its parameters alone are those of a net of three channels', async () => {
    await ok('export run --format safetensors');
    const [found] = jsonLines(await ok('predict run/lenet5.safetensors --recipe fast red.png --json'));
    expect(found.label).toBeTypeOf('number');
    expect(openRun(folder.join('run', 'lenet5.safetensors'), { recipe: 'fast' }).net.inputShape).toEqual([
      3, 32, 32,
    ]);
  });

  it('goes on to the bits of the straight run, with augmentation, transposed and limited', async () => {
    const options =
      '--augment shift=2,rotate=8,flip=0.5 --schedule constant --lr 0.01 --transpose --limit 60';
    await ok('train', options, training.replace('--epochs 8', '--epochs 3'), 'straight');
    await ok('train', options, training.replace('--epochs 8', '--epochs 1'), 'parts');
    for (const epochs of [2, 3]) await ok(`train --colour --quiet --resume parts --epochs ${epochs}`);
    const [straight, parts] = ['straight', 'parts'].map(
      (name) => loadCheckpoint(folder.join(name, 'checkpoint.safetensors')).params,
    );
    expect(parts).toEqual(straight);
    expect([...straight.keys()].length).toBe(10);
  });
});

describe('refused with a reason', () => {
  it('another kind of pictures than the run has', async () => {
    const [code, text] = await refused('train --resume grey --colour --epochs 9');
    expect([code, text]).toEqual([2, expect.stringContaining('leave these options out')]);
    expect((await run('train --resume grey --colour --epochs 9')).stderr).toContain(
      '--colour: no in the run, yes here',
    );
    const [, grey] = await refused('eval run --data mnist');
    expect(grey).toContain('IDX files hold grey ones');
  });

  it('digits in colour', async () => {
    const [code, text] = await refused('predict run --prepare digit red.png');
    expect(code).toBe(3);
    expect(text).toContain('a digit is found by its grey ink');
    expect(messageOf(() => Recognizer.open(folder.join('run'), { prepare: 'digit' }))).toContain(
      'takes colours',
    );
    // The name of the folder does not make digits of it.
    mkdirSync(folder.join('named'));
    writeColourFolders(folder.join('named', 'mnist'), 8);
    await ok('train --data named/mnist --colour --epochs 1 --quiet --out digits');
    expect(jsonLines(await ok('predict digits red.png --json'))[0]).toMatchObject({
      inverted: false,
      empty: false,
    });
  });

  it('a net of three channels on grey pictures, and an American spelling', async () => {
    const module =
      "import { LeNet5 } from 'rownet';\nexport default new LeNet5({ channels: 3, classes: 3 });\n";
    writeFileSync(folder.join('net.mjs'), module);
    const [, text] = await refused('train --data discs --net ./net.mjs');
    expect(text).toContain(
      'Hint: its first layer has to take 1 channel; or --colour trains on three, of class folders and npz files',
    );
    await ok('train --net ./net.mjs', training, 'module');
    expect(await refused('train --data discs --color')).toEqual([
      2,
      'train: unknown option "--color". Did you mean "--colour"?',
    ]);
  });
});
