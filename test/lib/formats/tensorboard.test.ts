import { describe, expect, it } from 'vitest';
import { crc32c } from '../../../lib/formats/crc32c.js';
import { encodeFileVersion, encodeScalars } from '../../../lib/formats/tensorboard.js';
import { Random } from '../../../lib/random.js';
import { readEvents, readRecords, slowCrc32c } from '../../support/tfrecord.js';

describe('crc32c', () => {
  // The vectors of RFC 3720, appendix B.4, and the usual check value.
  it.each([
    ['nothing', Buffer.alloc(0), 0],
    ['123456789', Buffer.from('123456789'), 0xe3069283],
    ['32 zeros', Buffer.alloc(32), 0x8a9136aa],
    ['32 ones', Buffer.alloc(32, 0xff), 0x62a8ab43],
    ['0 to 31', Uint8Array.from({ length: 32 }, (_, i) => i), 0x46dd794e],
    ['31 to 0', Uint8Array.from({ length: 32 }, (_, i) => 31 - i), 0x113fdb5c],
  ])('of %s', (_, bytes, expected) => {
    expect(crc32c(bytes)).toBe(expected);
    expect(slowCrc32c(bytes)).toBe(expected);
  });

  it('is that of a division bit by bit', () => {
    const random = new Random(1);
    for (let length = 1; length < 100; length += 7) {
      const bytes = Uint8Array.from({ length }, () => Math.floor(256 * random.uniform()));
      expect(crc32c(bytes)).toBe(slowCrc32c(bytes));
    }
  });
});

describe('event files', () => {
  const scalars = { 'loss/train': 0.5, 'accuracy/train': -1e-20, lr: 3 };
  const file = Buffer.concat([
    encodeFileVersion(1_700_000_000.25),
    encodeScalars({ wallTime: 1_700_000_001.5, step: 1, scalars }),
    encodeScalars({ wallTime: 1_700_000_002, step: 5_000_000_000, scalars: { a: 1 } }),
  ]);

  it('hold the version first, then the events', () => {
    expect(readEvents(file)).toEqual([
      { wallTime: 1_700_000_000.25, step: 0, fileVersion: 'brain.Event:2', scalars: {} },
      {
        wallTime: 1_700_000_001.5,
        step: 1,
        fileVersion: undefined,
        scalars: { ...scalars, 'accuracy/train': Math.fround(-1e-20) },
      },
      { wallTime: 1_700_000_002, step: 5_000_000_000, fileVersion: undefined, scalars: { a: 1 } },
    ]);
  });

  it('begin with known bytes', () => {
    // Length 24, its checksum, wall_time 0 as a double (field 1), file_version (field 3), the checksum of both.
    expect(Buffer.from(encodeFileVersion(0)).toString('hex')).toBe(
      '1800000000000000a37f4b22' + '090000000000000000' + '1a0d627261696e2e4576656e743a32' + 'eedf28a3',
    );
  });

  it('do not pass the reader with a byte of them changed', () => {
    for (let at = 0; at < 40; at += 1) {
      const damaged = Buffer.from(file);
      damaged[at] ^= 1;
      expect(() => readRecords(damaged), String(at)).toThrow();
    }
  });
});
