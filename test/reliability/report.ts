/** The tests of this folder have a short form, part of `npm test`, and a long one, `npm run test:crash` and so on. */

export const long = process.env.ROWNET_TEST_LONG === '1';

/** A line of figures. */
export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Runs `task` for each item, two at a time. */
export async function inPairs<T>(
  items: readonly T[],
  task: (item: T, index: number) => Promise<void>,
): Promise<void> {
  const queue = [...items.entries()];
  const work = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) await task(next[1], next[0]);
  };
  await Promise.all([work(), work()]);
}
