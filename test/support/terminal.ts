/** What makes a child process think that it writes to a terminal of some width. */
import { stripVTControlCharacters } from 'node:util';
import { textWidth } from '../../lib/cli/terminal/width.js';

/** Environment for `rownet` in test/support/cli.ts; both of its streams are that wide then. */
export function terminalOf(columns: number): Record<string, string> {
  const program = `for (const stream of [process.stdout, process.stderr])
    Object.defineProperties(stream, { isTTY: { value: true }, columns: { value: ${columns} } });`;
  return {
    NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(program)}`,
    TERM: 'xterm',
    LANG: 'C.UTF-8',
  };
}

/** The lines as a terminal shows them, without colours, and how many columns each takes. */
export function shownLines(text: string): { readonly line: string; readonly columns: number }[] {
  return stripVTControlCharacters(text)
    .trimEnd()
    .split('\n')
    .map((line) => ({ line, columns: textWidth(line) }));
}
