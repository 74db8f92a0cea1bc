import { existsSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { conv2d, conv2dBackward, fmaBurst, matmul, runtimeInfo, setThreads } from '../../../lib/kernels.js';
import { isaLevels } from '../../../lib/kernels/runtime.js';
import { expectSame } from '../../support/comparer.js';
import { normalTensor } from '../../support/random-data.js';

describe('runtimeInfo', () => {
  it('names the level, the threads and the addon', () => {
    const info = runtimeInfo();
    expect(info.isaLevels).toContain(info.isa);
    expect(info.isaLevels[0]).toBe('portable');
    const used = isaLevels().find(({ name }) => name === info.isa);
    expect(used?.vectorWidth).toBe(info.vectorWidth);
    expect(info.threads).toBeGreaterThan(0);
    expect(info.vectorWidth).toBeGreaterThan(0);
    expect(existsSync(info.addon as string)).toBe(true);
  });
});

describe('setThreads', () => {
  const before = runtimeInfo().threads;
  afterAll(() => setThreads(before));

  it('is seen in runtimeInfo', () => {
    setThreads(3);
    expect(runtimeInfo().threads).toBe(3);
    setThreads(1);
    expect(runtimeInfo().threads).toBe(1);
  });

  it('changes no bit of a result', () => {
    const x = normalTensor([9, 6, 14, 14], 1);
    const weight = normalTensor([16, 6, 5, 5], 2);
    const dy = normalTensor([9, 16, 10, 10], 3);
    const [a, b] = [normalTensor([70, 300], 4), normalTensor([300, 90], 5)];
    const run = (threads: number) => {
      setThreads(threads);
      const { dx, dw, db } = conv2dBackward(x, weight, dy);
      const y = conv2d(x, weight, normalTensor([16], 6));
      return { y, dx: dx!, dw, db, product: matmul(a, b) };
    };
    const one = run(1);
    for (const threads of [2, 3, 7]) {
      const many = run(threads);
      for (const name of Object.keys(one) as (keyof typeof one)[]) {
        expectSame(many[name].data, one[name].data, `${name} on ${threads} threads`, one[name].shape);
      }
    }
  });
});

describe('fmaBurst', () => {
  it('gives GFLOP/s', () => {
    expect(fmaBurst(1, 0.01)).toBeGreaterThan(0.01);
  });
});
