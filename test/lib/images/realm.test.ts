/** Test runners run code in a realm of its own: errors of zlib are then no instances of its Error. */
import vm from 'node:vm';
import { expect, it, vi } from 'vitest';
import { greyPng, refuse } from './image-files.js';

vi.mock('node:zlib', async (original) => ({
  ...(await original<typeof import('node:zlib')>()),
  inflateSync() {
    throw vm.runInNewContext(
      "Object.assign(new Error('incorrect data check'), { code: 'Z_DATA_ERROR', errno: -3 })",
    );
  },
}));

it('damaged data are told in every realm', () => {
  expect(refuse(greyPng(1, 1, [1]))).toBe(
    'images: x: the image data (IDAT) do not unpack: incorrect data check. Hint: the file is damaged; save it again',
  );
});
