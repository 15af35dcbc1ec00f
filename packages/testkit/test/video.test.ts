import { createHash } from 'node:crypto';
import { describe, test } from 'vitest';
import { makeVideo, smallestVideoBytes } from '../src/index.ts';

interface Box {
  type: string;
  bytes: number;
}

/** The boxes at the top level of an MP4, by their own sizes. */
function readBoxes(mp4: Buffer): Box[] {
  const boxes: Box[] = [];
  for (let at = 0; at < mp4.length;) {
    const bytes = mp4.readUInt32BE(at);
    boxes.push({ type: mp4.toString('latin1', at + 4, at + 8), bytes });
    at += bytes;
  }
  return boxes;
}

describe('makeVideo', () => {
  test.for([smallestVideoBytes, 1_048_576, 5_000_001])(
    'makes boxes that add up to exactly %i bytes',
    async (bytes, { expect }) => {
      const video = makeVideo({ bytes, seed: 1 });
      const file = await video.bytes();
      const boxes = readBoxes(file);
      expect(boxes.map((box) => box.type)).toEqual(['ftyp', 'moov', 'free', 'mdat', 'free']);
      expect(boxes.reduce((sum, box) => sum + box.bytes, 0)).toBe(bytes);
      expect(file).toHaveLength(bytes);
      expect(video.totalBytes).toBe(bytes);
    },
  );

  test('is too small to hold a picture below its least size', ({ expect }) => {
    expect(() => makeVideo({ bytes: smallestVideoBytes - 1, seed: 1 })).toThrow(RangeError);
  });

  test('follows from its seed, piece by piece', async ({ expect }) => {
    const bytes = 3_000_000;
    const first = await makeVideo({ bytes, seed: 1 }).bytes();
    expect(first.equals(await makeVideo({ bytes, seed: 1 }).bytes())).toBe(true);
    expect(first.equals(await makeVideo({ bytes, seed: 2 }).bytes())).toBe(false);
    // Two segments that changed places must change the hash.
    expect(first.subarray(1_000_000, 1_500_000).equals(first.subarray(1_500_000, 2_000_000))).toBe(false);
  });

  test('knows its hash before and after it was streamed', async ({ expect }) => {
    const video = makeVideo({ bytes: 2_500_000, seed: 3 });
    const other = makeVideo({ bytes: 2_500_000, seed: 3 });
    const hash = createHash('sha256');
    for await (const piece of video.stream()) {
      expect(piece.length).toBeLessThanOrEqual(1_048_576);
      hash.update(piece);
    }
    const sha256 = hash.digest('hex');
    expect(await video.sha256()).toBe(sha256);
    expect(await other.sha256()).toBe(sha256);
  });

  test('says its size in 64 bits above 4 GiB', async ({ expect }) => {
    const bytes = 5 * 1024 ** 3;
    const pieces = makeVideo({ bytes, seed: 1 }).stream();
    const picture = await pieces.next();
    const header = Buffer.from((await pieces.next()).value ?? []);
    await pieces.return(undefined);
    expect(header.readUInt32BE(0)).toBe(1);
    expect(header.toString('latin1', 4, 8)).toBe('free');
    expect(Number(header.readBigUInt64BE(8)) + (picture.value?.length ?? 0)).toBe(bytes);
  });
});
