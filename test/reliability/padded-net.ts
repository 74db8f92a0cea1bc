/** The training of padded-net.mjs, in a process of its own. */
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';

export interface PaddedOptions {
  readonly data: string;
  readonly out: string;
  readonly engine: string;
  readonly threads: number;
  /** Steps in all, after which it stops. */
  readonly steps?: number | undefined;
  /** The instruction set level, at most. */
  readonly level?: string;
}

/** Writes `out`/checkpoint.safetensors; goes on from what stands there. */
export async function trainPaddedNet(options: PaddedOptions): Promise<void> {
  const { data, out, engine, threads, steps = '', level } = options;
  mkdirSync(out, { recursive: true });
  const program = fileURLToPath(new URL('padded-net.mjs', import.meta.url));
  const child = spawn(process.execPath, [program, data, out, engine, `${threads}`, `${steps}`], {
    env: { ...process.env, ...(level === undefined ? {} : { ROWNET_MAX_ISA: level }) },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (part: string) => {
    stderr += part;
  });
  const code = await new Promise((resolve) => child.on('close', resolve));
  expect(code, stderr).toBe(0);
}
