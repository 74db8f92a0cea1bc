// A plugin of typedoc: pages are named by their first heading in place of their path, and grouped by their folder; among
// the guides the quickstart comes first.
import { Converter } from 'typedoc';

const groups = [
  [/^(docs\/guides|examples)\//, 'Guides'],
  [/^docs\/[^/]+$/, 'Reference'],
];
const first = 'Quickstart';
/** After typedoc's own listeners, which make the groups. */
const last = -1000;

/** @param {import('typedoc').Application} app */
export function load(app) {
  app.converter.on(Converter.EVENT_CREATE_DOCUMENT, (_context, page) => {
    const path = page.name;
    page.frontmatter.group = groups.find(([folder]) => folder.test(path))?.[1] ?? 'Project';
    const heading = /^# (.+)$/m.exec(page.content.map(({ text }) => text).join(''));
    if (heading === null) throw new Error(`${path}.md: expected a first heading`);
    page.name = heading[1];
  });
  app.converter.on(
    Converter.EVENT_RESOLVE_END,
    ({ project }) => {
      const guides = project.groups?.find(({ title }) => title === 'Guides')?.children;
      guides?.sort((a, b) => Number(b.name === first) - Number(a.name === first));
    },
    last,
  );
}
