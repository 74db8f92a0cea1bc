/** How `--help` is laid out: headings in bold, two columns, no line wider than the terminal. */
import { styleText } from 'node:util';
import { Help, type HelpConfiguration } from 'commander';
import { itemLines, leastText } from '../terminal/table.js';
import { textWidth, wrapWords } from '../terminal/width.js';

/** Lines that are longer are hard to read, so that a wider terminal gets no wider help. */
export const helpColumns = 80;

/** A line of two columns: what is typed, and what it is for. */
export type HelpItem = readonly [term: string, description: string];

/** What stands around commander's own help of a command. */
export interface HelpFrame {
  readonly before?: HelpSection;
  readonly after?: readonly HelpSection[];
}

export interface HelpSection {
  readonly title: string;
  readonly items?: readonly HelpItem[];
  readonly text?: string;
}

/** Settings of a command; commander takes the styles out again where there is no colour. */
export function helpLayout({ before, after = [] }: HelpFrame): HelpConfiguration {
  return {
    showGlobalOptions: false,
    styleTitle: bold,
    // Its arguments are told by its own help.
    subcommandTerm: (command) => command.name(),
    formatHelp(command, helper) {
      const columns = helper.helpWidth ?? helpColumns;
      const sections = [before, ...after].map((section) => section && sectionText(section, columns));
      const own = Help.prototype.formatHelp.call(helper, command, helper).trimEnd();
      return `${[sections[0], own, ...sections.slice(1)].filter((text) => text !== undefined).join('\n\n')}\n`;
    },
    formatItem(term, termColumns, description, helper) {
      return itemText([term, description], termColumns, helper.helpWidth ?? helpColumns);
    },
    boxWrap: (text, columns) => wrapWords(text, columns).join('\n'),
  };
}

function bold(text: string): string {
  return styleText('bold', text, { validateStream: false });
}

function sectionText({ title, items = [], text }: HelpSection, columns: number): string {
  const terms = items.map(([term]) => textWidth(term));
  const termColumns = Math.max(0, ...terms.filter((term) => columns - term - 4 >= leastText));
  return [
    bold(`${title}:`),
    ...items.map((item) => itemText(item, termColumns, columns)),
    ...(text === undefined ? [] : wrapWords(text, columns - 2).map((line) => `  ${line}`)),
  ].join('\n');
}

function itemText(item: HelpItem, termColumns: number, columns: number): string {
  if (item[1] === '') return `  ${item[0]}`;
  return itemLines(item, termColumns, columns - 2, { whole: true })
    .map((line) => `  ${line}`)
    .join('\n');
}
