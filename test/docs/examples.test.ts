/** The programs in examples/ run, and print what examples/README.md shows. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { root, temporaryFolder } from '../support/cli.js';
import { blocks, page, section } from './pages.js';

const folder = temporaryFolder();
afterAll(folder.remove);

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
});
