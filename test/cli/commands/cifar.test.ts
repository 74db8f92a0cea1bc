/** A training on CIFAR-10, here a small set of its form, by its name. */
import { beforeAll, expect, it } from 'vitest';
import { benchDataset } from '../../../lib/cli/commands/bench/data.js';
import { jsonLines, rownet, temporaryFolder } from '../../support/cli.js';
import { cifarNames, writeCifar } from '../../support/cifar.js';

const folder = temporaryFolder();
const run = (args: string) =>
  rownet([args], { cwd: folder.path, env: { ROWNET_DATA_DIR: folder.join('sets') } });

beforeAll(() => writeCifar(folder.join('sets', 'cifar10'), 40));

it('trains, evaluates, reports and goes on, with names of classes', async () => {
  const trained = await run('train --data cifar10 --epochs 6 --batch-size 8 --out run --json');
  expect(trained.code, trained.stderr).toBe(0);
  const [start] = jsonLines(trained.stdout);
  expect(start).toMatchObject({ data: 'cifar10', images: 200, testImages: 40, changes: ['colour'] });
  expect(jsonLines(trained.stdout).at(-1)?.testAccuracy).toBeGreaterThan(0.8);
  const { code, stdout } = await run('eval run');
  expect(code).toBe(0);
  for (const name of cifarNames) expect(stdout).toContain(name);
  expect((await run('report run')).code).toBe(0);
  const resumed = await run('train --resume run --colour --epochs 7 --quiet');
  expect(resumed.code, resumed.stderr).toBe(0);
});

it('is measured by bench in grey, as the net of the article takes pictures', () => {
  expect(benchDataset(folder.join('sets', 'cifar10'))).toMatchObject({ count: 200, shape: [1, 32, 32] });
});

it('and what is no data of its classes is refused', async () => {
  const { code, stderr } = await run('eval run --data mnist');
  expect([code, stderr]).toEqual([3, expect.stringContaining('IDX files hold grey ones')]);
});
