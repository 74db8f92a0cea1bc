import type { CommandSpec } from '../spec.js';
import { oneOf } from '../values.js';

export const completionSpec = {
  summary: 'Print a script that completes commands, options and values in a shell.',
  examples: [
    ['source <(rownet completion bash)', 'for this shell; in ~/.bashrc for every one'],
    ['rownet completion zsh > ~/.zfunc/_rownet', 'a folder of fpath, which compinit reads'],
  ],
  arguments: [{ name: 'shell', description: 'bash or zsh', read: oneOf('bash', 'zsh') }],
  options: {},
} as const satisfies CommandSpec;
