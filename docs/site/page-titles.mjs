// A plugin of typedoc: pages are named by their first heading in place of their path, and grouped by their folder.
import { Converter } from 'typedoc';

const groups = [
  [/^(docs\/guides|examples)\//, 'Guides'],
  [/^docs\/[^/]+$/, 'Reference'],
];

/** @param {import('typedoc').Application} app */
export function load(app) {
  app.converter.on(Converter.EVENT_CREATE_DOCUMENT, (_context, page) => {
    const path = page.name;
    page.frontmatter.group = groups.find(([folder]) => folder.test(path))?.[1] ?? 'Project';
    const heading = /^# (.+)$/m.exec(page.content.map(({ text }) => text).join(''));
    if (heading === null) throw new Error(`${path}.md: expected a first heading`);
    page.name = heading[1];
  });
}
