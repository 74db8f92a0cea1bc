/** The programs in examples/ run, and print what examples/README.md shows. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { greyPng } from '../lib/images/image-files.js';
import { root, rownet, temporaryFolder, writeIdxFolder } from '../support/cli.js';
import { blocks, page, section } from './pages.js';

const folder = temporaryFolder();

const programs = readdirSync(join(root, 'examples')).filter((name) => name.endsWith('.mjs'));

function run(name: string): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, 'examples', name)], {
    encoding: 'utf8',
    cwd: folder.path,
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout.trimEnd();
}

const shown = (name: string) =>
  blocks(section(page('examples/README.md'), `## ${name}`))
    .find(({ language }) => language === 'text')
    ?.code.trimEnd();

describe('examples', () => {
  it.each(programs)('%s fits a screen and opens with two lines about itself', (name) => {
    const lines = readFileSync(join(root, 'examples', name), 'utf8').split('\n');
    expect(lines.length).toBeLessThanOrEqual(50);
    expect(lines[0]).toMatch(/^\/\/ .+[.?]$/);
    expect(lines[1]).toMatch(new RegExp(`^// .*node \\S*${name}$`));
    expect(lines[2]).toMatch(/^import /);
  });

  it('are all in the page', () => {
    const headings = [...page('examples/README.md').text.matchAll(/^## (.+)$/gm)].map(([, name]) => name);
    expect(headings.sort()).toEqual(programs.sort());
  });

  it.each(['own-net.mjs', 'convolution-by-hand.mjs'])('%s prints what the page says', (name) => {
    expect(run(name)).toBe(shown(name));
  });

  it('train-lenet5.mjs prints what the page says, but for the figures, and trains', () => {
    const printed = run('train-lenet5.mjs');
    const form = (text = '') => text.replace(/^epoch.*$/gm, (line) => line.replace(/\d+\.\d+/g, '#'));
    expect(form(printed)).toBe(form(shown('train-lenet5.mjs')));
    expect(Number(/ ([\d.]+) %$/.exec(printed)?.[1])).toBeGreaterThan(98.5);
    expect(readdirSync(folder.path)).toContain('lenet5.safetensors');
  });

  it('recognise-service.mjs answers a picture, and what is none', async () => {
    writeIdxFolder(folder.join('bars'), 200, 20);
    const args = ['train', '--data', 'bars', '--out', 'runs/first', '--quiet'];
    expect((await rownet(args, { cwd: folder.path })).code).toBe(0);
    const child = spawn(process.execPath, [join(root, 'examples', 'recognise-service.mjs')], {
      cwd: folder.path,
      env: { ...process.env, PORT: '0' },
    });
    try {
      const [line] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string];
      const post = async (body: Uint8Array) => {
        const answer = await fetch(/http:\S+/.exec(line)?.[0] ?? '', { method: 'POST', body });
        return [answer.status, await answer.json()];
      };
      const bar = Uint8Array.from({ length: 784 }, (_, i) => (i >= 28 * 8 && i < 28 * 10 ? 200 : 0));
      expect(await post(greyPng(28, 28, bar))).toEqual([
        200,
        { name: '2', probability: expect.closeTo(1, 0), notes: [] },
      ]);
      expect(await post(Uint8Array.of(1, 2))).toEqual([
        400,
        { error: expect.stringMatching(/^recognise: expected a PNG/) },
      ]);
    } finally {
      child.kill();
      await once(child, 'close');
    }
  });
});
