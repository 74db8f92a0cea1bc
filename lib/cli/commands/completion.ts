/** `rownet completion`: the script for a shell. */
import { bashScript, zshScript } from '../options/completion.js';
import { commands, groups } from '../options/commands.js';
import { print } from '../terminal/output.js';

export async function completion(shell: 'bash' | 'zsh'): Promise<void> {
  const script = shell === 'bash' ? bashScript : zshScript;
  print(script({ commands, groups }).trimEnd());
}
