import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

/** A folder that does not exist. */
const nowhere = join(import.meta.dirname, 'build', 'no-data');

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // A crash in native code then fails one file, not the whole run without a summary.
    pool: 'forks',
    testTimeout: 60_000,
    // Where data sets are looked for: a test must not see what the machine has installed, or its user has downloaded.
    env: { XDG_CACHE_HOME: nowhere, XDG_DATA_DIRS: nowhere },
    reporters: ['default', './test/support/summary-reporter.ts'],
  },
});
