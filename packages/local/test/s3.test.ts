import { GetObjectCommand, HeadObjectCommand, ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { createHash } from 'node:crypto';
import { describe, test } from 'vitest';
import { cutIntoParts } from '../src/cut-into-parts.ts';
import { startS3 } from '../src/index.ts';
import { isRunning } from './is-running.ts';

const mebibyte = 1024 * 1024;

/** Pieces of uneven size, so that none of them ends where a part does. */
async function* pieces(totalBytes: number): AsyncGenerator<Uint8Array, undefined> {
  for (let at = 0; at < totalBytes; at += 777_777) {
    yield Buffer.alloc(Math.min(777_777, totalBytes - at), at % 251);
  }
}

describe.for([{ separate: false }, { separate: true }])('startS3 %o', (options) => {
  test('stores small objects and streams, and serves ranges of them', async ({ expect }) => {
    const s3 = await startS3({ ...options, buckets: ['media', 'other'] });
    const client = new S3Client(s3.clientConfig());
    try {
      const { Buckets } = await client.send(new ListBucketsCommand({}));
      expect(Buckets?.map((bucket) => bucket.Name).sort()).toEqual(['media', 'other']);

      const small = { bucket: 'media', key: 'a/small.png', contentType: 'image/png' };
      expect(await s3.putObject({ ...small, body: Buffer.from('small') })).toMatchObject({ totalBytes: 5 });
      const head = await client.send(new HeadObjectCommand({ Bucket: 'media', Key: small.key }));
      expect(head).toMatchObject({ ContentLength: 5, ContentType: 'image/png' });
      expect(await s3.putObject({ ...small, key: 'empty', body: new Uint8Array() })).toMatchObject({
        totalBytes: 0,
      });

      const totalBytes = 25 * mebibyte + 1;
      const large = { bucket: 'other', key: 'large.mp4', contentType: 'video/mp4' };
      const { etag } = await s3.putObject({ ...large, body: pieces(totalBytes) });
      const expected = createHash('sha256');
      for await (const piece of pieces(totalBytes)) expected.update(piece);
      const whole = await client.send(
        new GetObjectCommand({ Bucket: 'other', Key: large.key, IfMatch: etag }),
      );
      expect(whole.ContentType).toBe('video/mp4');
      const body = (await whole.Body?.transformToByteArray()) ?? new Uint8Array();
      expect(createHash('sha256').update(body).digest('hex')).toBe(expected.digest('hex'));

      const part = await client.send(
        new GetObjectCommand({ Bucket: 'other', Key: large.key, Range: 'bytes=5-14', IfMatch: etag }),
      );
      expect(part).toMatchObject({ ContentLength: 10, ContentRange: `bytes 5-14/${totalBytes}`, ETag: etag });
    } finally {
      client.destroy();
      await s3.stop();
    }
    await expect(fetch(s3.endpoint)).rejects.toThrow('fetch failed');
    expect(isRunning(s3.pid)).toBe(!options.separate);
  });
});

describe('cutIntoParts', () => {
  async function* inPieces(...sizes: number[]): AsyncGenerator<Uint8Array, undefined> {
    for (const size of sizes) yield Buffer.alloc(size, 1);
  }
  const cut = async (body: Parameters<typeof cutIntoParts>[0]): Promise<number[]> => {
    const sizes: number[] = [];
    for await (const part of cutIntoParts(body, 10)) sizes.push(part.length);
    return sizes;
  };

  test('makes parts of one size, the last as long as what is left', async ({ expect }) => {
    expect(await cut(inPieces(3, 3, 3, 3))).toEqual([10, 2]);
    expect(await cut(inPieces(35))).toEqual([10, 10, 10, 5]);
    expect(await cut(inPieces(4, 6, 10))).toEqual([10, 10]);
    expect(await cut(Buffer.alloc(21))).toEqual([10, 10, 1]);
    expect(await cut(inPieces(0, 0))).toEqual([]);
  });
});
