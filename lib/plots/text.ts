/** Text in pictures: made safe, measured by a guess, and cut where it has no room. */

/** Characters that no XML document may hold, not even as a reference, become U+FFFD. */
export function escapeXml(text: string): string {
  return text
    .replace(/[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu, '\ufffd')
    .replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`);
}

/** At 12 pixels, rather more than less: nobody knows which font there will be. */
export function textWidth(text: string): number {
  return [...text].reduce((sum, char) => sum + charWidth(char), 0);
}

function charWidth(char: string): number {
  if (/[ijl.,:;'|!()[\] ]/.test(char)) return 4.5;
  if (/[mwMW@%…]/.test(char)) return 12;
  // Letters of Latin, Greek and Cyrillic; what comes behind is drawn as wide as high, or more.
  if ((char.codePointAt(0) as number) > 0x52f) return 14;
  return char === char.toLowerCase() ? 7.5 : 9;
}

/** As much of a text as `width` holds, from both ends: names of runs begin alike and end with what tells them apart. */
export function shorten(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  const chars = [...text];
  let [head, tail] = ['', ''];
  for (let i = 0; i < chars.length; i += 1) {
    const next = i % 2 === 0 ? chars[chars.length - 1 - i / 2] : chars[(i - 1) / 2];
    if (textWidth(`${head}…${tail}${next}`) > width) break;
    if (i % 2 === 0) tail = next + tail;
    else head += next;
  }
  return `${head}…${tail}`;
}
