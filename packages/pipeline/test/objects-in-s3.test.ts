import { type LocalS3, startS3 } from '@slipway/local';
import { makeImage, makeVideo } from '@slipway/testkit';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { type Objects, createObjects, inspectMedia } from '../src/index.ts';
import { mediaRequest } from './fixtures.ts';
import { readAll } from './store-server.ts';

const never = new AbortController().signal;
const nameOf = (key: string, bucket = 'media') => ({ bucket, key, versionId: null });

let s3: LocalS3;
let objects: Objects;

beforeAll(async () => {
  s3 = await startS3({ buckets: ['media'] });
  process.env['AWS_ACCESS_KEY_ID'] = s3.credentials.accessKeyId;
  process.env['AWS_SECRET_ACCESS_KEY'] = s3.credentials.secretAccessKey;
  objects = createObjects({ s3Endpoint: s3.endpoint, s3Region: s3.region, s3ForcePathStyle: true });
});
afterAll(async () => {
  objects.close();
  await s3.stop();
});

const put = async (key: string, body: Uint8Array) =>
  await s3.putObject({ bucket: 'media', key, body, contentType: 'application/octet-stream' });

describe('an S3 server', () => {
  test('gives what was put, in pinned ranges', async ({ expect }) => {
    const body = await makeVideo({ bytes: 1_000_000, seed: 7 }).bytes();
    await put('video.mp4', body);
    const { head, ...pin } = await objects.open(nameOf('video.mp4'), never);
    expect(pin).toMatchObject({ bytes: body.length, versionId: null });
    expect(body.subarray(0, head.length).equals(head)).toBe(true);
    const half = body.length / 2;
    const parts = await Promise.all(
      [0, half].map(async (offset) =>
        readAll(await objects.read(nameOf('video.mp4'), pin, { offset, bytes: half }, never)),
      ),
    );
    expect(Buffer.concat(parts).equals(body)).toBe(true);
  });

  test('a changed object is told, also one of the same size', async ({ expect }) => {
    await put('changing', Buffer.from('first'));
    const pin = await objects.open(nameOf('changing'), never);
    await put('changing', Buffer.from('other'));
    const whole = { offset: 0, bytes: 5 };
    await expect(objects.read(nameOf('changing'), pin, whole, never)).rejects.toMatchObject({
      code: 'changed',
    });
  });

  test('what is not there, and what is empty', async ({ expect }) => {
    await put('empty', Buffer.alloc(0));
    await expect(objects.open(nameOf('empty'), never)).rejects.toMatchObject({ code: 'empty' });
    await expect(objects.open(nameOf('nothing'), never)).rejects.toMatchObject({ code: 'not_found' });
    await expect(objects.open(nameOf('a', 'no-such-bucket'), never)).rejects.toMatchObject({
      code: 'no_bucket',
      message: 'There is no bucket no-such-bucket.',
    });
  });

  test('keys of every spelling', async ({ expect }) => {
    for (const key of ['with space.png', 'ümläut/ß.png', 'a+b&c=d?e#f.png', '日本語.png', 'a//b.png']) {
      await put(key, Buffer.from(key));
      const { bytes } = await objects.open(nameOf(key), never);
      expect([key, bytes]).toEqual([key, Buffer.byteLength(key)]);
    }
  });
});

describe('an object is looked at before anything is queued', () => {
  const inspect = async (key: string, patch: Parameters<typeof mediaRequest>[0] = {}) =>
    await inspectMedia(objects, mediaRequest({ key, ...patch }), { signal: never });

  test('a good one is told with its category', async ({ expect }) => {
    await put('good.png', await makeImage({ type: 'png', seed: 1 }).bytes());
    expect(await inspect('good.png')).toMatchObject({
      ok: true,
      category: 'tweet_image',
      source: { mediaType: 'image/png', width: 320 },
    });
  });

  test('a bad one is told as the pipeline would tell it', async ({ expect }) => {
    await put('words.png', Buffer.from('words'));
    expect(await inspect('words.png')).toMatchObject({
      ok: false,
      problem: { code: 'media_type_unsupported', hint: 'Use JPEG, PNG, WEBP, GIF, MP4 or MOV.' },
    });
    expect(await inspect('nothing')).toMatchObject({ ok: false, problem: { code: 'source_not_found' } });
    await put('good.png', await makeImage({ type: 'png', seed: 1 }).bytes());
    expect(await inspect('good.png', { category: 'tweet_video' })).toMatchObject({
      ok: false,
      problem: { code: 'media_type_unsupported', retryable: false },
    });
  });

  test('a store that is away is not the fault of the object', async ({ expect }) => {
    const away = createObjects({ s3Endpoint: 'http://127.0.0.1:1', s3Region: 'x', s3ForcePathStyle: true });
    expect(await inspectMedia(away, mediaRequest(), { signal: never })).toMatchObject({
      ok: false,
      problem: { code: 'source_unavailable', retryable: true },
    });
    away.close();
  });
});
