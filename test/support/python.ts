/** Python, where tests hold files against the programs that made their format. */
import { spawnSync } from 'node:child_process';

/** The first Python that can import the modules (`numpy, safetensors`). */
export function findPython(modules: string): string | undefined {
  return ['python3', '/usr/bin/python3'].find(
    (program) => spawnSync(program, ['-c', `import ${modules}`], { stdio: 'ignore' }).status === 0,
  );
}

/**
 * What a Python program prints.
 * @throws Error with its stderr if it fails.
 */
export function runPython(program: string, code: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(program, ['-c', code, ...args], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`python: exit code ${status}\n${stderr}`);
  return stdout;
}
