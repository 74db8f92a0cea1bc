/** The options and variables of the command line as Markdown tables, as the documentation has them. */
import { type CommandName, commands, environment } from '../../lib/cli/options/commands.js';
import type { OptionSpec } from '../../lib/cli/options/spec.js';

/** The options of a command as a Markdown table; '' where it has none. */
export function optionsMarkdown(name: CommandName): string {
  const specs: readonly OptionSpec[] = Object.values(commands[name].options);
  if (specs.length === 0) return '';
  const rows = specs.map(({ flags, description, fallback = '' }) => {
    // Markdown would take <time> for an element.
    const value = fallback.includes('<') ? `\`${fallback}\`` : fallback;
    return `| \`${flags}\` | ${description} | ${value} |`;
  });
  return ['| option | meaning | default |', '| --- | --- | --- |', ...rows, ''].join('\n');
}

/** The environment variables as a Markdown table. */
export function environmentMarkdown(): string {
  const rows = environment.map(([name, meaning]) => `| \`${name}\` | ${meaning} |`);
  return ['| variable | meaning |', '| --- | --- |', ...rows, ''].join('\n');
}
