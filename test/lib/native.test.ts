/** Which prebuilt addon fits a process. */
import { describe, expect, it } from 'vitest';
import { prebuildName } from '../../lib/native.js';

const map = (path: string) => `7f2ddf600000-7f2ddf626000 r--p 00000000 fe:00 339380    ${path}\n`;
const node = map('/usr/bin/node');

describe('prebuildName', () => {
  it.each([
    ['Debian 12', '/usr/lib/x86_64-linux-gnu/libc.so.6', 'linux-x64-glibc'],
    ['Ubuntu 20.04', '/usr/lib/x86_64-linux-gnu/libc-2.31.so', 'linux-x64-glibc'],
    ['NixOS', '/nix/store/abc-glibc-2.40-36/lib/libc.so.6', 'linux-x64-glibc'],
    ['Alpine', '/lib/ld-musl-x86_64.so.1', 'linux-x64-musl'],
    ['Void with musl', '/usr/lib/libc.musl-x86_64.so.1', 'linux-x64-musl'],
    ['another C library', '/lib/libuClibc-1.0.so', undefined],
  ])('%s', (_, path, name) => {
    expect(prebuildName('linux', 'x64', node + map(path))).toBe(name);
  });

  it('musl where glibc is emulated, as with gcompat', () => {
    const maps = node + map('/lib/libc.so.6') + map('/lib/ld-musl-x86_64.so.1');
    expect(prebuildName('linux', 'x64', maps)).toBe('linux-x64-musl');
  });

  it('none where /proc cannot be read', () => {
    expect(prebuildName('linux', 'x64', '')).toBeUndefined();
  });

  it('another platform has one C library', () => {
    expect(prebuildName('darwin', 'arm64', '')).toBe('darwin-arm64');
  });
});
