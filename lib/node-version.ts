/**
 * Which versions of Node run rownet. Loaded before everything else, also by those that do not: there is nothing here
 * that Node 14 does not know.
 */

/** As `engines` of package.json has it. */
export const supportedNode = '^20.19.0 || >=22.12.0';

/** What is wrong with a version of Node, and what to do; undefined where rownet runs on it. */
export function whyNotSupported(version: string): string | undefined {
  if (inRange(version, supportedNode)) return undefined;
  return (
    `rownet: expected Node 20.19 or newer of 20, or 22.12 or newer, but received Node ${version.replace(/^v/, '')}. ` +
    'Hint: install a supported Node, such as the newest 22 or 24'
  );
}

/** Whether a version lies in a range such as `^20.19.0 || >=22.12.0`. */
export function inRange(version: string, range: string): boolean {
  const parse = (text: string) => text.replace(/^\D+/, '').split('.').map(Number);
  const [major, minor, patch] = parse(version);
  return range.split('||').some((part) => {
    const from = parse(part.trim());
    if (part.trim().startsWith('^') && major !== from[0]) return false;
    const difference = [major - from[0], minor - from[1], patch - from[2]].find((value) => value !== 0) ?? 0;
    return difference >= 0;
  });
}
