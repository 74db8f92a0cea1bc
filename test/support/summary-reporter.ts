/** Makes `N passed, N failed` the last line that the test run prints. */
import type {
  Reporter,
  SerializedError,
  TestCase,
  TestModule,
  TestRunEndReason,
  TestSuite,
} from 'vitest/node';

export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

type Node = Pick<TestModule, 'errors'> & { readonly children: Iterable<TestCase | TestSuite> };

/**
 * Counts tests. A file or a suite that broke outside its tests (it did not load, its beforeAll failed) and an unhandled
 * error (a crashed worker is one) count as a failed test each; so does a test that was to run and did not, unless
 * somebody interrupted the run: then it was skipped.
 */
export function countTests(
  modules: readonly Node[],
  unhandledErrors: readonly unknown[],
  reason: TestRunEndReason,
): Counts {
  const counts = { passed: 0, failed: unhandledErrors.length, skipped: 0 };
  const visit = (node: Node): void => {
    if (node.errors().length > 0) counts.failed += 1;
    for (const child of node.children) {
      if (child.type === 'suite') visit(child);
      else {
        const { state } = child.result();
        if (state !== 'pending') counts[state] += 1;
        else if (reason === 'interrupted') counts.skipped += 1;
        else counts.failed += 1;
      }
    }
  };
  for (const module of modules) visit(module);
  return counts;
}

export function formatCounts({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

export class SummaryReporter implements Reporter {
  #line: string | undefined;

  onTestRunEnd(
    modules: readonly TestModule[],
    unhandledErrors: readonly SerializedError[],
    reason: TestRunEndReason,
  ): void {
    // Other reporters print after this: the line waits for the end of the process (of the last run, in watch mode).
    if (this.#line === undefined) process.once('exit', () => process.stdout.write(`${this.#line}\n`));
    this.#line = formatCounts(countTests(modules as unknown as readonly Node[], unhandledErrors, reason));
  }
}

// biome-ignore lint/style/noDefaultExport: vitest takes the default export of a reporter's file.
export default SummaryReporter;
