/** A run that ends at the loss of guessing: said on stderr, in JSON, in the run folder, by `runs` and `report`. */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { jsonLines, temporaryFolder, writeIdxFolder } from '../../support/cli.js';

const folder = temporaryFolder();
const { run } = folder;
const warning =
  /^the net does no better than guessing: .* Hint: the article's recipe stays there for about ten/;
const plateau = ['train --data bars --recipe article --epochs 2'];

beforeAll(() => writeIdxFolder(folder.join('bars'), 400, 100));

describe('a run that ends at the loss of guessing', () => {
  it('says so in text, and keeps it with its last epoch', async () => {
    const result = await run(...plateau, '--out runs/text');
    expect(result.code).toBe(0);
    expect(result.stderr).toMatch(/^warning: the net does no better than guessing: .* Hint: /m);
    const lines = jsonLines(readFileSync(folder.join('runs', 'text', 'metrics.jsonl'), 'utf8'));
    expect(lines.map((line) => line.warning)).toEqual([undefined, expect.stringMatching(warning)]);
  });

  it('keeps to --quiet: the result on stdout says how few are recognised', async () => {
    const { stdout, stderr } = await run(...plateau, '--quiet --out runs/quiet');
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^1?\d\.\d\d % of the 100 test images are recognised\n/);
  });

  it('says so in JSON, also of a run whose epochs were all trained before', async () => {
    const { stdout } = await run(...plateau, '--json --out runs/json');
    expect(jsonLines(stdout).at(-1)).toMatchObject({
      event: 'done',
      warning: expect.stringMatching(warning),
    });
    const again = await run('train --resume runs/json --json');
    expect(jsonLines(again.stdout).at(-1)).toMatchObject({ warning: expect.stringMatching(warning) });
  });

  it('is shown by runs and report', async () => {
    const table = await run('runs');
    expect(table.stdout).toMatch(/^text .* guessing$/m);
    const listed = jsonLines((await run('runs --json')).stdout);
    expect(listed).toHaveLength(3);
    for (const one of listed) {
      expect(one).toMatchObject({ state: 'finished', warning: expect.stringMatching(warning) });
    }
    expect((await run('report runs/text --out report.html')).code).toBe(0);
    expect(readFileSync(folder.join('report.html'), 'utf8')).toMatch(
      /<p class="warning">Warning: the net does no better than guessing: [^<]*<\/p>/,
    );
  });
});

describe('a run that learns', () => {
  it('says nothing of it', async () => {
    const args = ['train --data bars --epochs 2'];
    const result = await run(...args, '--json --out good');
    expect(result.stderr).not.toMatch(/warning/);
    const lines = jsonLines(result.stdout);
    expect(lines.at(-1)).toMatchObject({ event: 'done', warning: null });
    expect(lines.filter(({ event }) => event === 'epoch').map((one) => one.warning)).toEqual([
      undefined,
      undefined,
    ]);
    expect((await run('report good --out good.html')).code).toBe(0);
    expect(readFileSync(folder.join('good.html'), 'utf8')).not.toMatch(/class="warning"/);
  });
});
