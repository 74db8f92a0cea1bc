import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { downloadFile, redirectTarget } from '../../../lib/data/download.js';
import { parts } from '../../../lib/data/idx-files.js';
import { type IdxKnownSet, idxSets } from '../../../lib/data/known-sets.js';
import { setFiles } from '../../../lib/data/set-files.js';
import { DataError } from '../../../lib/errors.js';
import { type Answer, type Mirror, sends, startMirror } from '../../support/mirror.js';
import { imagesFile, labelsFile, temporaryFolder, thrownBy } from './idx-files.js';

const raw = {
  trainImages: imagesFile(12, 28, 28),
  trainLabels: labelsFile([1, 2, 3]),
  testImages: imagesFile(5, 28, 28),
  testLabels: labelsFile([4, 5]),
};
const digest = (name: string, bytes: Uint8Array) => createHash(name).update(bytes).digest('hex');
const each = (value: (bytes: Buffer) => string) => ({
  trainImages: value(raw.trainImages),
  trainLabels: value(raw.trainLabels),
  testImages: value(raw.testImages),
  testLabels: value(raw.testLabels),
});
const set: IdxKnownSet = {
  kind: 'idx',
  name: 'tiny',
  title: 'Tiny',
  sha256: each((bytes) => digest('sha256', bytes)),
  mirrors: [],
  systemFolders: [],
  hint: 'do without',
};
const { sha256: _, ...rest } = set;
/** As KMNIST: nothing but the MD5 of the gzipped files is known. */
const packedSet: IdxKnownSet = { ...rest, packedMd5: each((bytes) => digest('md5', gzipSync(bytes))) };
const fileOf = (of: IdxKnownSet, part: (typeof parts)[number]) => setFiles(of)[parts.indexOf(part)];
const good = gzipSync(raw.trainImages);
const file = 'train-images-idx3-ubyte.gz';

const open: Mirror[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((mirror) => mirror.close()));
});
async function mirrorOf(answer: Answer | undefined): Promise<Mirror> {
  const mirror = await startMirror((path) => (path.endsWith(file) ? answer : undefined));
  open.push(mirror);
  return mirror;
}

/** A server that never ends what it started. */
const stalls =
  (start: Uint8Array): Answer =>
  (response) => {
    response.writeHead(200, { 'content-length': good.length }).write(start);
  };

const bad: readonly (readonly [string, Answer | undefined, RegExp])[] = [
  ['nothing (404)', undefined, /: HTTP 404$/],
  ['an error (500)', (response) => response.writeHead(500).end(), /: HTTP 500$/],
  ['a redirect without a place', (response) => response.writeHead(302).end(), /: HTTP 302$/],
  [
    'other contents',
    sends(gzipSync(imagesFile(12, 28, 28, new Uint8Array(12 * 784)))),
    /: expected SHA-256 of the contents \w{64} but received \w{64}$/,
  ],
  [
    'a page',
    sends(Buffer.from('<html>please log in to this network</html>')),
    /: expected gzip method 8 but|: the gzip header/,
  ],
  ['a raw file', sends(raw.trainImages), /gzip/],
  ['half of the file', sends(good.subarray(0, 100)), /unpack|unexpected end|gzip/],
  [
    'half of the file, with the length of all of it',
    (response) => {
      response.writeHead(200, { 'content-length': good.length });
      response.write(good.subarray(0, 100), () => response.socket?.end());
    },
    /: aborted$/,
  ],
  ['all of the file, with the length of half of it', sends(good, { 'content-length': 100 }), /gzip|unpack/],
  [
    'a file and more',
    sends(Buffer.concat([good, Buffer.from('more')])),
    /there are bytes after the gzip data/,
  ],
  [
    'a promise of too much',
    (response) => {
      response.writeHead(200, { 'content-length': 2 ** 26 + 1 }).write('x');
    },
    /: expected at most 67108864 bytes but received 67108865$/,
  ],
  [
    'too much without a promise',
    (response) => {
      const block = Buffer.alloc(2 ** 20);
      const more = () => {
        while (response.write(block));
        response.once('drain', more);
      };
      more();
    },
    /: expected at most 67108864 bytes but received \d{8}$/,
  ],
  ['silence', () => {}, /: nothing for 1 s$/],
  ['silence after a while', stalls(good.subarray(0, 50)), /: nothing for 1 s$/],
  ['a connection that ends', (response) => response.socket?.destroy(), /: socket hang up$/],
  [
    'a connection that is reset',
    (response) => response.socket?.resetAndDestroy(),
    /: read ECONNRESET$|: socket hang up$/,
  ],
  ['what is not HTTP', (response) => response.socket?.end('220 ready\r\n'), /: Parse Error/],
];

describe('a mirror that sends', () => {
  it.each(bad)('%s is told, and left for the next one', async (_, answer, message) => {
    const first = await mirrorOf(answer);
    const options = { timeoutMs: 1000 };
    const alone = downloadFile(set, fileOf(set, 'trainImages'), { ...options, mirrors: [first.address] });
    const error = await alone.then(
      () => new Error('expected an error but there was none'),
      (thrown: Error) => thrown,
    );
    expect(error).toBeInstanceOf(DataError);
    const lines = error.message.split('\n');
    expect(lines).toHaveLength(3);
    expect(lines[0]).toBe(`data: tiny: expected ${file} from a mirror but received none:`);
    expect(lines[1]).toMatch(message);
    expect(lines[1].startsWith(`  ${first.address}${file}: `)).toBe(true);
    expect(lines[2]).toBe('Hint: try again later, or do without');

    const second = await mirrorOf(sends(good));
    const mirrors = [first.address, second.address];
    const { bytes, from } = await downloadFile(set, fileOf(set, 'trainImages'), { ...options, mirrors });
    expect(Buffer.from(bytes).equals(good)).toBe(true);
    expect(from).toBe(`${second.address}${file}`);
  });

  it('the file is the last one asked', async () => {
    const [first, second] = [await mirrorOf(sends(good)), await mirrorOf(sends(good))];
    const { from } = await downloadFile(set, fileOf(set, 'trainImages'), {
      mirrors: [first.address, second.address],
    });
    expect(from).toBe(`${first.address}${file}`);
    expect([first.requests, second.requests]).toEqual([[`/${file}`], []]);
  });

  it('the file packed anew is taken, since its contents count', async () => {
    const other = gzipSync(raw.trainImages, { level: 1 });
    expect(other.equals(good)).toBe(false);
    const mirror = await mirrorOf(sends(other));
    const { bytes } = await downloadFile(set, fileOf(set, 'trainImages'), { mirrors: [mirror.address] });
    expect(Buffer.from(bytes).equals(other)).toBe(true);
  });

  it('the file in chunks, without a length, is taken', async () => {
    const mirror = await mirrorOf((response) => response.end(good));
    const totals: (number | undefined)[] = [];
    const { bytes } = await downloadFile(set, fileOf(set, 'trainImages'), {
      mirrors: [mirror.address],
      onProgress: ({ total }) => totals.push(total),
    });
    expect(bytes.length).toBe(good.length);
    expect(totals.every((total) => total === good.length || total === undefined)).toBe(true);
    expect(totals.length).toBeGreaterThan(0);
  });
});

describe('redirects', () => {
  const redirects = (count: number): Promise<Mirror> => {
    let left = count;
    return mirrorOf((response, request) => {
      left -= 1;
      if (left < 0) sends(good)(response, request);
      else response.writeHead([301, 302, 303, 307, 308][left % 5], { location: `/${left}/${file}` }).end();
    });
  };

  it('are followed, up to five', async () => {
    const mirror = await redirects(5);
    const { bytes } = await downloadFile(set, fileOf(set, 'trainImages'), { mirrors: [mirror.address] });
    expect(bytes.length).toBe(good.length);
    expect(mirror.requests).toHaveLength(6);
  });

  it.each([6, 1e9])('are not followed for ever: %d', async (count) => {
    const mirror = await redirects(count);
    await expect(
      downloadFile(set, fileOf(set, 'trainImages'), { mirrors: [mirror.address] }),
    ).rejects.toThrow(': more than 5 redirects\n');
    expect(mirror.requests).toHaveLength(6);
  });

  it('do not leave https', () => {
    const from = new URL('https://a/x/y');
    expect(redirectTarget(from, '/z').href).toBe('https://a/z');
    expect(redirectTarget(from, 'https://b/z').href).toBe('https://b/z');
    expect(() => redirectTarget(from, 'http://a/x/y')).toThrow('a redirect from https to http://a/x/y');
    expect(redirectTarget(new URL('http://a/'), 'https://a/z').href).toBe('https://a/z');
  });

  it.each([
    ['ftp://127.0.0.1/x', 'expected http or https but received ftp:'],
    ['file:///etc/passwd', 'expected http or https but received file:'],
    ['http://', 'Invalid URL'],
  ])('to %s are refused', async (location, message) => {
    const mirror = await mirrorOf((response) => response.writeHead(302, { location }).end());
    await expect(
      downloadFile(set, fileOf(set, 'trainImages'), { mirrors: [mirror.address] }),
    ).rejects.toThrow(message);
  });
});

it('progress is told with the length', async () => {
  const mirror = await mirrorOf(sends(good));
  const seen: unknown[] = [];
  await downloadFile(set, fileOf(set, 'trainImages'), {
    mirrors: [mirror.address],
    onProgress: (progress) => seen.push(progress),
  });
  expect(seen.at(-1)).toEqual({ received: good.length, total: good.length });
});

it('a mirror that is not there is told', async () => {
  const mirror = await mirrorOf(sends(good));
  await mirror.close();
  await expect(downloadFile(set, fileOf(set, 'trainImages'), { mirrors: [mirror.address] })).rejects.toThrow(
    'ECONNREFUSED',
  );
});

it.each([
  ['before it starts', () => {}],
  ['while it runs', stalls(good.subarray(0, 50))],
])('a download can be ended %s, and asks no other mirror', async (when, answer) => {
  const [first, second] = [await mirrorOf(answer), await mirrorOf(sends(good))];
  const controller = new AbortController();
  const reason = new Error('enough');
  if (when.startsWith('before')) controller.abort(reason);
  const download = downloadFile(set, fileOf(set, 'trainImages'), {
    mirrors: [first.address, second.address],
    signal: controller.signal,
    onProgress: () => controller.abort(reason),
  });
  await expect(download).rejects.toBe(reason);
  expect(second.requests).toEqual([]);
});

describe('a set whose SHA-256 is not known', () => {
  it('is checked by the MD5 of the gzipped file, and by its form', async () => {
    const mirror = await mirrorOf(sends(good));
    const { bytes } = await downloadFile(packedSet, fileOf(packedSet, 'trainImages'), {
      mirrors: [mirror.address],
    });
    expect(bytes.length).toBe(good.length);
    const other = await mirrorOf(sends(gzipSync(raw.trainImages, { level: 1 })));
    await expect(
      downloadFile(packedSet, fileOf(packedSet, 'trainImages'), { mirrors: [other.address] }),
    ).rejects.toThrow(/: expected MD5 of the file \w{32} but received \w{32}\n/);
    const labels = { ...packedSet, packedMd5: each(() => digest('md5', gzipSync(raw.trainLabels))) };
    const wrong = await mirrorOf(sends(gzipSync(raw.trainLabels)));
    await expect(
      downloadFile(labels, fileOf(labels, 'trainImages'), { mirrors: [wrong.address] }),
    ).rejects.toThrow('expected images with 3 dimensions but received 1');
  });

  it('is sure of a file only as the mirrors have it', () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'x.gz'), good);
    writeFileSync(join(folder, 'x'), raw.trainImages);
    fileOf(packedSet, 'trainImages').checkFile(join(folder, 'x.gz'));
    fileOf(set, 'trainImages').checkFile(join(folder, 'x.gz'));
    fileOf(set, 'trainImages').checkFile(join(folder, 'x'));
    expect(thrownBy(() => fileOf(packedSet, 'trainImages').checkFile(join(folder, 'x'))).message).toContain(
      'MD5 of the file',
    );
    expect(thrownBy(() => fileOf(set, 'testImages').checkFile(join(folder, 'x'))).message).toContain(
      'SHA-256',
    );
  });
});

it('every known set can be checked and has mirrors', () => {
  expect(idxSets.map(({ name }) => name)).toEqual(['mnist', 'fashion-mnist', 'kmnist']);
  for (const { sha256, packedMd5, mirrors } of idxSets) {
    for (const part of parts) {
      expect(sha256?.[part] ?? packedMd5?.[part]).toMatch(sha256 ? /^[0-9a-f]{64}$/ : /^[0-9a-f]{32}$/);
    }
    for (const mirror of mirrors) {
      for (const { packed } of setFiles(idxSets[0])) {
        expect(new URL(packed, mirror).href).toBe(`${mirror}${packed}`);
      }
    }
    expect(mirrors.length).toBeGreaterThan(0);
  }
});
