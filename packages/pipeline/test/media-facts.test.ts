import { makeGif, makeImage, makeVideo, smallestVideoBytes } from '@slipway/testkit';
import { describe, test } from 'vitest';
import { readFacts } from '../src/perform/media-facts.ts';
import { type Reply, type StoreServer, rangeOf, serve, startStore } from './store-server.ts';

const NAME = { bucket: 'media', key: 'holiday.jpg', versionId: null };
const never = new AbortController().signal;
const MB = 1_000_000;

const facts = async (store: StoreServer) =>
  await readFacts(store.objects, NAME, await store.objects.open(NAME, never), never);

const picture = await makeVideo({ bytes: smallestVideoBytes, seed: 1 }).bytes();

/** The boxes of an MP4, by their types. */
function boxesOf(file: Buffer): Map<string, Buffer> {
  const boxes = new Map<string, Buffer>();
  for (let offset = 0; offset < file.length;) {
    const bytes = file.readUInt32BE(offset);
    boxes.set(file.toString('latin1', offset + 4, offset + 8), file.subarray(offset, offset + bytes));
    offset += bytes;
  }
  return boxes;
}

function boxOf(type: string): Buffer {
  const box = boxesOf(picture).get(type);
  if (!box) throw new Error(`the video has no box ${type}`);
  return box;
}

function freeHeader(bytes: number): Buffer {
  const header = Buffer.from('\0\0\0\0free', 'latin1');
  header.writeUInt32BE(bytes);
  return header;
}

/** Serves an object that is mostly zeros without holding it, and counts what it gives. */
function serveSparse(totalBytes: number, pieces: { at: number; bytes: Buffer }[]) {
  const given = { bytes: 0, requests: 0 };
  const reply: Reply = (response, request) => {
    const { first, last } = rangeOf(request, totalBytes);
    const body = Buffer.alloc(last - first + 1);
    for (const { at, bytes } of pieces) {
      const from = Math.max(at, first);
      const to = Math.min(at + bytes.length, last + 1);
      if (from < to) bytes.copy(body, from - first, from - at, to - at);
    }
    given.bytes += body.length;
    given.requests += 1;
    response.writeHead(206, {
      etag: '"1"',
      'content-length': body.length,
      'content-range': `bytes ${first}-${last}/${totalBytes}`,
    });
    response.end(body);
  };
  return { reply, given };
}

const VIDEO_FACTS = { mediaType: 'video/mp4', width: 640, height: 360, durationMs: 2_000, codec: 'avc' };

describe('what an object is', () => {
  const images: [string, ReturnType<typeof makeImage>, object][] = [
    ['a PNG', makeImage({ type: 'png', seed: 1 }), { mediaType: 'image/png', width: 320, height: 180 }],
    ['a JPEG', makeImage({ type: 'jpeg', seed: 1 }), { mediaType: 'image/jpeg', width: 320, height: 180 }],
    ['a WebP', makeImage({ type: 'webp', seed: 1 }), { mediaType: 'image/webp', width: 320, height: 180 }],
    ['a GIF', makeGif({ seed: 1 }), { mediaType: 'image/gif', width: 160, height: 90 }],
  ];
  test.for(images)('%s', async ([, media, expected], { expect }) => {
    await using store = await startStore(serve({ body: await media.bytes(), etag: '"1"' }));
    expect(await facts(store)).toEqual({
      etag: '"1"',
      versionId: null,
      bytes: media.totalBytes,
      durationMs: null,
      codec: null,
      ...expected,
    });
    // The bytes that told the type also told the size.
    expect(store.seen).toHaveLength(1);
  });

  test('an MP4', async ({ expect }) => {
    const media = makeVideo({ bytes: MB, seed: 1 });
    await using store = await startStore(serve({ body: await media.bytes(), etag: '"1"' }));
    expect(await facts(store)).toEqual({ etag: '"1"', versionId: null, bytes: MB, ...VIDEO_FACTS });
  });

  test('a QuickTime movie', async ({ expect }) => {
    const movie = Buffer.from(picture);
    movie.write('qt  ', 8, 'latin1');
    await using store = await startStore(serve({ body: movie, etag: '"1"' }));
    expect(await facts(store)).toMatchObject({ ...VIDEO_FACTS, mediaType: 'video/quicktime' });
  });

  test('is told by its content, not by its name', async ({ expect }) => {
    const foreign: [Buffer, RegExp][] = [
      [Buffer.from('%PDF-1.7\n%âãÏÓ\n1 0 obj\n', 'latin1'), /is application\/pdf, by its content/],
      [Buffer.from('BM\x3a\0\0\0\0\0\0\0\x36\0\0\0', 'latin1'), /is image\/bmp/],
      [Buffer.from('just some words'), /is of no known media type/],
      [Buffer.from('<html><body>404</body></html>'), /is of no known media type/],
    ];
    for (const [body, message] of foreign) {
      await using store = await startStore(serve({ body, etag: '"1"' }));
      await expect(facts(store)).rejects.toMatchObject({
        code: 'type_unsupported',
        message: expect.stringMatching(message),
      });
    }
  });

  test('a picture whose header is out of reach is of unknown size, and X looks for itself', async ({
    expect,
  }) => {
    const jpeg = await makeImage({ type: 'jpeg', seed: 1 }).bytes();
    const comment = Buffer.alloc(60_000, 'x');
    comment.set([0xff, 0xfe, (comment.length - 2) >> 8, (comment.length - 2) & 0xff]);
    const body = Buffer.concat([jpeg.subarray(0, 2), comment, comment, jpeg.subarray(2)]);
    await using store = await startStore(serve({ body, etag: '"1"' }));
    expect(await facts(store)).toMatchObject({ mediaType: 'image/jpeg', width: null, height: null });
  });

  test('a video that cannot be followed is of unknown shape, and X looks for itself', async ({ expect }) => {
    const torn = Buffer.concat([boxOf('ftyp'), Buffer.alloc(1000, 0xff)]);
    await using store = await startStore(serve({ body: torn, etag: '"1"' }));
    expect(await facts(store)).toMatchObject({
      mediaType: 'video/mp4',
      width: null,
      height: null,
      durationMs: null,
      codec: null,
    });
  });
});

describe('a large video is looked at through a small window', () => {
  const total = 300 * MB;

  function headersAtTheEnd(): ReturnType<typeof serveSparse> {
    const front = Buffer.concat([boxOf('ftyp'), boxOf('mdat')]);
    const moov = boxOf('moov');
    return serveSparse(total, [
      { at: 0, bytes: front },
      { at: front.length, bytes: freeHeader(total - front.length - moov.length) },
      { at: total - moov.length, bytes: moov },
    ]);
  }

  test('with its headers in front', async ({ expect }) => {
    const free = total - picture.length;
    const { reply, given } = serveSparse(total, [
      { at: 0, bytes: picture },
      { at: picture.length, bytes: freeHeader(free) },
    ]);
    await using store = await startStore(reply);
    expect(await facts(store)).toMatchObject({ bytes: total, ...VIDEO_FACTS });
    expect(given.bytes).toBeLessThan(2 * MB);
    expect(given.requests).toBeLessThan(10);
  });

  test('with its headers at the very end', async ({ expect }) => {
    const { reply, given } = headersAtTheEnd();
    await using store = await startStore(reply);
    expect(await facts(store)).toMatchObject({ bytes: total, ...VIDEO_FACTS });
    expect(given.bytes).toBeLessThan(2 * MB);
    expect(given.requests).toBeLessThan(10);
  });

  test('every look is pinned to the object that was opened first', async ({ expect }) => {
    const { reply } = headersAtTheEnd();
    await using store = await startStore(reply);
    await facts(store);
    expect(store.seen.length).toBeGreaterThan(1);
    expect(store.seen.slice(1).map(({ ifMatch }) => ifMatch)).toEqual(store.seen.slice(1).map(() => '"1"'));
  });

  test('a store that fails meanwhile is to blame, not the file', async ({ expect }) => {
    const { reply } = headersAtTheEnd();
    await using store = await startStore((response, request) => {
      if (rangeOf(request, total).first === 0) reply(response, request);
      else response.writeHead(412).end();
    });
    await expect(facts(store)).rejects.toMatchObject({ code: 'changed' });
  });
});
