/** `rownet export`: parameters or the whole net in a format of other systems. */
import { dirname, join, parse } from 'node:path';
import { exportOnnx } from '../../export/onnx-graph.js';
import { writeFileAtomic } from '../../formats/atomic-file.js';
import { encodeNpz } from '../../formats/npz.js';
import { encodeSafetensors } from '../../formats/safetensors.js';
import { UsageError } from '../exit.js';
import { namedOrNewest } from './newest-run.js';
import type { OptionsOf } from '../options/commands.js';
import { grouped, print, printJson } from '../terminal/output.js';
import { printable } from '../terminal/printable.js';
import type { RunConfig } from '../../runs/config.js';
import type { OpenedRun } from '../../runs/open-run.js';
import { statsOf } from '../../files.js';
import { openNet } from './open-net.js';

type ExportOptions = OptionsOf<'export'>;
type Format = NonNullable<ExportOptions['format']>;

export async function exportCheckpoint(run: string | undefined, options: ExportOptions): Promise<void> {
  const { format, json } = options;
  if (format === undefined) {
    throw new UsageError(
      'export: expected --format but received none. Hint: --format safetensors, --format npz or --format onnx',
    );
  }
  for (const name of ['pixels', 'recipe'] as const) {
    if (format === 'onnx' || options[name] === undefined) continue;
    throw new UsageError(
      `export: --${name}: expected --format onnx but received --format ${format}, which holds parameters alone`,
    );
  }
  // Parameters are the same however images are prepared.
  const path = await namedOrNewest('export', run);
  const saved = await openNet('export', path, format === 'onnx' ? options : { ...options, recipe: 'fast' });
  const out = options.out ?? join(dirname(saved.file), `${netFileName(saved)}.${format}`);
  if (!options.force && statsOf(out) !== undefined) {
    throw new UsageError(
      `export: --out: expected a new file but ${out} exists. Hint: another --out, or --force to replace it`,
    );
  }
  const bytes = await encode(saved, format, options.pixels ?? false);
  writeFileAtomic(out, bytes);
  const parameters = saved.net.arena.length;
  if (json) printJson({ format, file: out, bytes: bytes.length, parameters });
  else print(`${printable(out)}: ${grouped(parameters)} parameters, ${grouped(bytes.length)} bytes`);
}

/** `lenet5`; that of its module, or `net`, for a net without a name. */
function netFileName({ config }: OpenedRun): string {
  const { net, netFile }: Pick<RunConfig, 'net' | 'netFile'> = config ?? { net: 'lenet5' };
  if (net !== 'custom') return net;
  return netFile === undefined ? 'net' : parse(netFile).name;
}

async function encode(
  { net, normalization }: OpenedRun,
  format: Format,
  pixels: boolean,
): Promise<Uint8Array> {
  if (format === 'safetensors') return encodeSafetensors(net.getParams());
  if (format === 'npz') return encodeNpz(net.getParams());
  return exportOnnx(net, {
    normalization,
    input: pixels ? 'pixels' : 'normalized',
  });
}
