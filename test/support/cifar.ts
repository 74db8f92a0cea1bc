/** A small set in the form of CIFAR-10: ten classes of ten hues and a bar in a place of each, batches of a few pictures. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Random } from '../../lib/random.js';

export const cifarNames = 'airplane,automobile,bird,cat,deer,dog,frog,horse,ship,truck'.split(',');

/** One record: the label, then reds, greens and blues of 32x32 pixels. */
export function cifarRecord(label: number, seed: number): Uint8Array {
  const random = new Random(seed);
  const levels = [0, 1, 2].map((channel) => 30 + 10 * ((label * (channel + 1) * 3) % 10));
  const isBar = (pixel: number) => Math.floor(pixel / 96) === label;
  const planes = Array.from(
    { length: 3072 },
    (_, i) => levels[Math.floor(i / 1024)] + (isBar(i % 1024) ? 90 : 0) + random.integer(30),
  );
  return Uint8Array.from([label, ...planes]);
}

export function cifarBatch(batch: number, count: number): Buffer {
  return Buffer.concat(
    Array.from({ length: count }, (_, i) => cifarRecord((i + batch) % 10, 1000 * batch + i)),
  );
}

/** The files, but for those that are replaced; undefined leaves one out. */
export function writeCifar(
  folder: string,
  count: number,
  replaced: Readonly<Record<string, Uint8Array | undefined>> = {},
): void {
  mkdirSync(folder, { recursive: true });
  const files: Record<string, Uint8Array | undefined> = {
    ...Object.fromEntries(
      [1, 2, 3, 4, 5].map((batch) => [`data_batch_${batch}.bin`, cifarBatch(batch, count)]),
    ),
    'test_batch.bin': cifarBatch(6, count),
    'batches.meta.txt': Buffer.from(`${cifarNames.join('\n')}\n\n`),
    ...replaced,
  };
  for (const [name, bytes] of Object.entries(files))
    if (bytes !== undefined) writeFileSync(join(folder, name), bytes);
}

/** `folder` as the archive beside it, by the system's own tar. */
export function packCifar(folder: string): string {
  const archive = join(dirname(folder), 'cifar-10-binary.tar.gz');
  const { status, stderr } = spawnSync(
    'tar',
    ['-czf', archive, '-C', dirname(folder), 'cifar-10-batches-bin'],
    {
      encoding: 'utf8',
    },
  );
  if (status !== 0) throw new Error(stderr);
  return archive;
}
