/** `rownet completion`: the script for a shell. */
import { bashScript, zshScript } from '../completion.js';
import { commands, groups } from '../options.js';
import { print } from '../output.js';

export async function completion(shell: 'bash' | 'zsh'): Promise<void> {
  const script = shell === 'bash' ? bashScript : zshScript;
  print(script({ commands, groups }).trimEnd());
}
