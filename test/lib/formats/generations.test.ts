import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { DataError } from '../../../lib/errors.js';
import { WriteError } from '../../../lib/formats/atomic-file.js';
import { type Checkpoint, loadCheckpoint } from '../../../lib/formats/checkpoint.js';
import { loadGeneration, previousPath, saveGeneration } from '../../../lib/formats/generations.js';
import { decodeSafetensors, encodeSafetensors } from '../../../lib/formats/safetensors.js';
import { Tensor } from '../../../lib/tensor.js';
import { temporaryFolder } from '../../support/cli.js';

/** Which rename fails, from 1; 0 for none. Which error opening the newest gives; '' for none. */
const fault = vi.hoisted(() => ({ rename: 0, open: '' }));

vi.mock('node:fs', async (importOriginal) => {
  const original = await importOriginal<typeof import('node:fs')>();
  const renameSync: typeof original.renameSync = (from, to) => {
    fault.rename -= 1;
    if (fault.rename === 0)
      throw Object.assign(new Error('EIO: injected'), { code: 'EIO', syscall: 'rename' });
    original.renameSync(from, to);
  };
  const openSync: typeof original.openSync = (path, ...rest) => {
    if (fault.open !== '' && !String(path).includes('previous'))
      throw Object.assign(new Error(`${fault.open}: injected`), { code: fault.open, syscall: 'open' });
    return original.openSync(path, ...rest);
  };
  return { ...original, renameSync, openSync };
});

const root = temporaryFolder();
let count = 0;
let path = '';
let previous = '';
beforeEach(() => {
  path = root.join(`${count++}.safetensors`);
  previous = previousPath(path);
  fault.rename = 0;
  fault.open = '';
});

const checkpoint = (generation: number): Checkpoint => ({
  params: new Map([['w', Tensor.from([generation], [1])]]),
  optimizerState: new Map(),
  architecture: '{}',
  config: {},
  epoch: generation,
  step: generation,
  generation,
});
const save = (generation: number, keep: boolean) => saveGeneration(path, checkpoint(generation), { keep });

it('previousPath stands beside the file', () => {
  expect(previousPath('a.b/checkpoint.safetensors')).toBe('a.b/checkpoint.previous.safetensors');
  expect(previousPath('a.b/checkpoint')).toBe('a.b/checkpoint.previous');
});

describe('saveGeneration', () => {
  it('keeps the generation before, and no older one', () => {
    save(1, true);
    expect(existsSync(previous)).toBe(false);
    save(2, true);
    save(3, true);
    expect(loadCheckpoint(path).generation).toBe(3);
    expect(loadCheckpoint(previous).generation).toBe(2);
  });

  it('replaces a newest that is not whole, and leaves the one before', () => {
    save(1, true);
    save(2, true);
    writeFileSync(path, 'damaged');
    save(3, false);
    expect(loadCheckpoint(path).generation).toBe(3);
    expect(loadCheckpoint(previous).generation).toBe(1);
  });

  it.each([1, 2])('that fails in rename %d leaves the newest generation loadable', (rename) => {
    save(1, true);
    save(2, true);
    fault.rename = rename;
    expect(() => save(3, true)).toThrow(WriteError);
    expect(loadGeneration(path).checkpoint.generation).toBe(2);
    save(3, existsSync(path));
    expect(loadGeneration(path)).toMatchObject({ file: path, checkpoint: { generation: 3 } });
    expect(loadCheckpoint(previous).generation).toBe(2);
  });

  it('that is refused leaves both', () => {
    save(1, true);
    save(2, true);
    const before = readFileSync(path);
    const params = new Map([['w', Tensor.from([Number.NaN], [1])]]);
    expect(() => saveGeneration(path, { ...checkpoint(3), params }, { keep: true })).toThrow(RangeError);
    expect(readFileSync(path).equals(before)).toBe(true);
    expect(loadCheckpoint(previous).generation).toBe(1);
  });
});

describe('loadGeneration', () => {
  it('takes the newest without looking at the other', () => {
    save(1, true);
    save(2, true);
    writeFileSync(previous, 'damaged');
    const loaded = loadGeneration(path);
    expect(loaded).toMatchObject({ file: path, checkpoint: { generation: 2 } });
    expect(loaded).not.toHaveProperty('fallback');
  });

  it('falls back, and says why', () => {
    save(1, true);
    save(2, true);
    writeFileSync(path, readFileSync(path).subarray(0, -1));
    const { file, checkpoint: loaded, fallback } = loadGeneration(path);
    expect([file, loaded.generation]).toEqual([previous, 1]);
    expect(fallback).toContain(`safetensors: ${path}: expected 4 bytes of data`);
  });

  it.each(['EACCES', 'EMFILE'])('takes no other when the newest cannot be opened (%s)', (code) => {
    save(1, true);
    save(2, true);
    fault.open = code;
    expect(() => loadGeneration(path)).toThrow(
      `safetensors: ${path}: expected a readable file but received ${code}`,
    );
  });

  it.each(['ENOENT', 'EIO'])('falls back when the newest is gone or its disk is damaged (%s)', (code) => {
    save(1, true);
    save(2, true);
    fault.open = code;
    expect(loadGeneration(path)).toMatchObject({ file: previous, fallback: expect.stringContaining(code) });
  });

  it('takes no other when the newest is of a later version', () => {
    save(1, true);
    save(2, true);
    const { tensors, metadata } = decodeSafetensors(readFileSync(path), path);
    writeFileSync(path, encodeSafetensors(tensors, { ...metadata, version: '3' }));
    expect(() => loadGeneration(path)).toThrow(
      'expected version 1 or 2 but received "3". Hint: it was written by',
    );
    writeFileSync(path, encodeSafetensors(tensors, { ...metadata, version: 'x' }));
    expect(loadGeneration(path)).toMatchObject({ file: previous });
  });

  it('has the error of the newest when neither is whole', () => {
    expect(() => loadGeneration(path)).toThrow(DataError);
    save(1, true);
    save(2, true);
    writeFileSync(previous, 'damaged');
    writeFileSync(path, 'cut');
    expect(() => loadGeneration(path)).toThrow(`safetensors: ${path}: expected 8 bytes`);
  });
});
