import { describe, test } from 'vitest';
import { crc32 } from 'node:zlib';
import { makeGif, makeImage, type Media } from '../src/index.ts';

const cases: { type: string; contentType: string; make: (seed: number) => Media; signature: string }[] = [
  {
    type: 'png',
    contentType: 'image/png',
    make: (seed) => makeImage({ type: 'png', seed }),
    signature: '\x89PNG',
  },
  {
    type: 'jpeg',
    contentType: 'image/jpeg',
    make: (seed) => makeImage({ type: 'jpeg', seed }),
    signature: '\xff\xd8\xff',
  },
  {
    type: 'webp',
    contentType: 'image/webp',
    make: (seed) => makeImage({ type: 'webp', seed }),
    signature: 'RIFF',
  },
  { type: 'gif', contentType: 'image/gif', make: (seed) => makeGif({ seed }), signature: 'GIF89a' },
];

describe('makeImage and makeGif', () => {
  test.for(cases)(
    '$type: begins as it should, and follows from its seed',
    async ({ contentType, make, signature }, { expect }) => {
      const image = make(7);
      const file = await image.bytes();
      expect(image.contentType).toBe(contentType);
      expect(file).toHaveLength(image.totalBytes);
      expect(file.toString('latin1', 0, signature.length)).toBe(signature);
      expect(file.includes('slipway seed 7')).toBe(true);
      expect(await make(7).sha256()).toBe(await image.sha256());
      expect(await make(8).sha256()).not.toBe(await image.sha256());
    },
  );

  test('png: every chunk carries its checksum, and IEND is last', async ({ expect }) => {
    const file = await makeImage({ type: 'png', seed: 7 }).bytes();
    const types: string[] = [];
    for (let at = 8; at < file.length;) {
      const end = at + 8 + file.readUInt32BE(at);
      types.push(file.toString('latin1', at + 4, at + 8));
      expect(file.readUInt32BE(end)).toBe(crc32(file.subarray(at + 4, end)));
      at = end + 4;
    }
    expect(types).toContain('tEXt');
    expect(types.at(-1)).toBe('IEND');
  });

  test('webp: the chunks add up to the size the file states, and the canvas is the picture’s', async ({
    expect,
  }) => {
    const file = await makeImage({ type: 'webp', seed: 7 }).bytes();
    const types: string[] = [];
    let at = 12;
    while (at < file.length) {
      const bytes = file.readUInt32LE(at + 4);
      types.push(file.toString('latin1', at, at + 4));
      at += 8 + bytes + (bytes % 2);
    }
    expect(types).toEqual(['VP8X', 'VP8 ', 'XMP ']);
    expect(at).toBe(8 + file.readUInt32LE(4));
    expect(file.readUIntLE(24, 3) + 1).toBe(320);
    expect(file.readUIntLE(27, 3) + 1).toBe(180);
  });

  test('gif: the comment ends before the trailer', async ({ expect }) => {
    const file = await makeGif({ seed: 7 }).bytes();
    const comment = file.indexOf('slipway seed 7');
    expect([...file.subarray(comment - 3, comment)]).toEqual([0x21, 0xfe, 'slipway seed 7'.length]);
    expect([...file.subarray(-2)]).toEqual([0, 0x3b]);
  });
});
