/** Text from elsewhere (names of files, contents of files) on a terminal. */

/**
 * For one line: what could move the cursor, change colours or turn the direction of writing is shown as an escape,
 * `\\x1b`. What is printable already stays as it is.
 */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (char) =>
    char <= '\u00ff' ? `\\x${hexadecimal(char)}` : `\\u{${hexadecimal(char)}}`,
  );
}

/**
 * For a message, whose further lines are indented or a hint; any other line break is one of a name in it.
 */
export function printableMessage(text: string): string {
  return text
    .split(/\n(?= {2}|Hint: )/)
    .map(printable)
    .join('\n');
}

/** The code of a character, at least two digits. */
export function hexadecimal(char: string): string {
  return (char.codePointAt(0) as number).toString(16).padStart(2, '0');
}
