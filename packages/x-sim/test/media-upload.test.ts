import { existsSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { describe, test } from 'vitest';
import type { SimConfigPatch } from '../src/index.ts';
import { startCheckedSim } from './checked-sim.ts';
import { makeGif, makeMp4, makePng, makeSrt, sha256 } from './media.ts';

const MIB = 1024 * 1024;

describe('initialize', () => {
  test.for([
    ['an unknown key', { media_type: 'video/mp4', total_bytes: 1, name: 'x' }, '$.name: is not defined'],
    ['no media_type', { total_bytes: 1 }, '$.media_type'],
    ['an unknown type', { media_type: 'video/avi', total_bytes: 1 }, '$.media_type: does not have a value'],
    ['no total_bytes', { media_type: 'video/mp4' }, '$.total_bytes: is missing'],
    ['half a byte', { media_type: 'video/mp4', total_bytes: 1.5 }, '$.total_bytes'],
    [
      'an unknown category',
      { media_type: 'video/mp4', total_bytes: 1, media_category: 'TweetVideo' },
      '$.media_category',
    ],
    [
      'a type of another category',
      { media_type: 'video/mp4', total_bytes: 1, media_category: 'tweet_gif' },
      'media type unrecognized.',
    ],
    [
      'an image above 5 MB',
      { media_type: 'image/png', total_bytes: 5_000_001, media_category: 'tweet_image' },
      'File size exceeds',
    ],
    [
      'a GIF above 15 MB',
      { media_type: 'image/gif', total_bytes: 15_000_001, media_category: 'tweet_gif' },
      'File size exceeds',
    ],
    [
      'a video above 512 MB',
      { media_type: 'video/mp4', total_bytes: 512_000_001, media_category: 'tweet_video' },
      'File size exceeds',
    ],
  ] as const)('refuses %s', async ([_what, json, message], { expect }) => {
    await using checked = await startCheckedSim({ config: { vocabulary: 'new' } });
    const answer = await checked.x.request('POST', '/2/media/upload/initialize', { json });
    expect(answer.status).toBe(400);
    expect(answer.json.errors[0].message).toContain(message);
    expect(checked.sim.ledger().uploads).toEqual([]);
  });

  test('gives keys by category and infers the category from the type', async ({ expect }) => {
    await using checked = await startCheckedSim();
    const keys: string[] = [];
    for (const [type, category] of [
      ['image/png', 'tweet_image'],
      ['video/mp4', 'tweet_video'],
      ['video/mp4', 'amplify_video'],
      ['image/gif', 'tweet_gif'],
    ] as const) {
      const { data } = (await checked.x.initialize(type, category, 10)).json;
      expect(data.media_key).toBe(`${data.media_key.split('_')[0]}_${data.id}`);
      expect(data.expires_after_secs).toBe(86_400);
      keys.push(data.media_key.split('_')[0]);
    }
    expect(keys).toEqual(['3', '7', '13', '16']);
    await checked.x.request('POST', '/2/media/upload/initialize', {
      json: { media_type: 'image/gif', total_bytes: 10 },
    });
    expect(checked.sim.ledger().uploads.at(-1)?.category).toBe('tweet_gif');
  });
});

describe('append', () => {
  test('takes segments in any order, in parallel and in both encodings', async ({ expect }) => {
    await using checked = await startCheckedSim();
    const { x, sim } = checked;
    const media = makeMp4(1_000_000);
    const chunk = (index: number) => media.subarray(index * 100_000, (index + 1) * 100_000);
    const { id } = (await x.initialize('video/mp4', 'tweet_video', media.length)).json.data;
    await x.append(id, 9, chunk(9));
    await x.appendJson(id, 4, chunk(4));
    const answers = await Promise.all(
      [7, 2, 0, 8, 1, 3, 6, 5].map((index) => x.append(id, index, chunk(index))),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 8 }, () => 200));
    expect(answers[0]?.json.data.expires_at).toBeGreaterThan(sim.clock.now() / 1000);
    await x.finalize(id);
    const [upload] = sim.ledger().uploads;
    expect(upload).toMatchObject({
      sha256: sha256(media),
      bytesReceived: media.length,
      bytesAccepted: media.length,
      bytesRepeated: 0,
    });
    expect(upload?.segments.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(upload?.segments[4]).toEqual({
      index: 4,
      bytes: 100_000,
      sha256: sha256(chunk(4)),
      receivedTimes: 1,
    });
  });

  test('spills what comes far before its turn and leaves no file behind', async ({ expect }) => {
    const checked = await startCheckedSim();
    const { x, sim } = checked;
    const before = new Set(spillDirs());
    const media = makeMp4(44 * MIB);
    const { id } = (await x.initialize('video/mp4', 'tweet_video', media.length)).json.data;
    for (let index = 10; index >= 0; index -= 1)
      await x.append(id, index, media.subarray(index * 4 * MIB, (index + 1) * 4 * MIB));
    const dir = spillDirs().find((name) => !before.has(name));
    // All of it has had its turn by now.
    expect(readdirSync(`${tmpdir()}/${dir}`)).toEqual([]);
    await x.finalize(id);
    expect(sim.ledger().uploads[0]?.sha256).toBe(sha256(media));
    await checked[Symbol.asyncDispose]();
    expect(existsSync(`${tmpdir()}/${dir}`)).toBe(false);
  });

  test('hashes in the order of indices, with or without gaps', async ({ expect }) => {
    await using checked = await startCheckedSim();
    const { x } = checked;
    const media = makeMp4(900);
    const { id } = (await x.initialize('video/mp4', 'tweet_video', media.length)).json.data;
    await x.append(id, 70, media.subarray(600));
    await x.append(id, 0, media.subarray(0, 300));
    await x.append(id, 7, media.subarray(300, 600));
    expect((await x.finalize(id)).status).toBe(200);
    expect(checked.sim.ledger().uploads[0]?.sha256).toBe(sha256(media));
  });

  test('answers 413 with an empty body to a chunk above 5,000,000 bytes', async ({ expect }) => {
    await using checked = await startCheckedSim();
    const { x } = checked;
    const { id } = (await x.initialize('video/mp4', 'tweet_video', 20_000_000)).json.data;
    expect((await x.append(id, 0, Buffer.alloc(5_000_000))).status).toBe(200);
    for (const tooLarge of [5_000_001, 5 * MIB, 10_000_000]) {
      const refused = await x.append(id, 1, Buffer.alloc(tooLarge));
      expect(refused).toMatchObject({ status: 413, text: '' });
    }
    const refusedJson = await x.appendJson(id, 1, Buffer.alloc(5_000_001));
    expect(refusedJson).toMatchObject({ status: 413, text: '' });
  });

  test.for([1000, -1, 1.5, 'one'])('refuses segment index %s', async (index, { expect }) => {
    await using checked = await startCheckedSim();
    const { id } = (await checked.x.initialize('video/mp4', 'tweet_video', 10)).json.data;
    const answer = await checked.x.append(id, index, Buffer.alloc(1));
    expect(answer.json.errors[0].message).toBe('SegmentIndex must be between 0 and 999.');
  });

  test('refuses other fields, missing media, strangers and unknown ids', async ({ expect }) => {
    await using checked = await startCheckedSim();
    const { x } = checked;
    const { id } = (await x.initialize('video/mp4', 'tweet_video', 10)).json.data;
    const withMore = { json: { segment_index: 0, media: 'AAAA', more: 1 } };
    expect((await x.request('POST', `/2/media/upload/${id}/append`, withMore)).status).toBe(400);
    const without = { json: { segment_index: 0 } };
    expect((await x.request('POST', `/2/media/upload/${id}/append`, without)).status).toBe(400);
    expect((await x.append('99', 0, Buffer.alloc(1))).status).toBe(404);
    expect((await checked.join().x.append(id, 0, Buffer.alloc(1))).status).toBe(404);
  });

  test('can answer 204 with nothing', async ({ expect }) => {
    await using checked = await startCheckedSim({ config: { appendAnswer: 'empty_204' } });
    const { id } = (await checked.x.initialize('video/mp4', 'tweet_video', 10)).json.data;
    expect(await checked.x.append(id, 0, Buffer.alloc(1))).toMatchObject({ status: 204, text: '' });
  });
});

test('a body without a length is bounded, too', async ({ expect }) => {
  await using checked = await startCheckedSim();
  const send = (bytes: number) =>
    checked.x.request('POST', '/2/tweets', {
      body: new Blob([JSON.stringify({ text: 'a', more: 'x'.repeat(bytes) })]).stream(),
      headers: { 'content-type': 'application/json' },
    });
  expect((await send(1000)).status).toBe(400);
  expect((await send(2_000_000)).status).toBe(413);
});

describe('a repeated segment', () => {
  async function uploadTwice(config: SimConfigPatch, first: Buffer, second: Buffer) {
    const checked = await startCheckedSim({ config });
    const { x } = checked;
    const rest = Buffer.alloc(50, 2);
    const { id } = (await x.initialize('video/mp4', 'tweet_video', 32 + rest.length)).json.data;
    await x.append(id, 0, first);
    await x.append(id, 1, rest);
    const repeated = await x.append(id, 0, second);
    const finalized = await x.finalize(id);
    const [upload] = checked.sim.ledger().uploads;
    await checked[Symbol.asyncDispose]();
    return { repeated, finalized, upload, whole: Buffer.concat([second, rest]) };
  }
  const start = makeMp4(200).subarray(0, 32);
  const other = Buffer.from(start.map((byte, at) => (at > 20 ? byte + 1 : byte)));

  test('takes the place of the first', async ({ expect }) => {
    const { finalized, upload, whole } = await uploadTwice({}, start, start);
    expect(finalized.status).toBe(200);
    expect(upload).toMatchObject({
      bytesReceived: 114,
      bytesAccepted: 82,
      bytesRepeated: 32,
      sha256: sha256(whole),
    });
    expect(upload?.segments[0]?.receivedTimes).toBe(2);
  });

  test('with other bytes leaves the sum unknown', async ({ expect }) => {
    const { finalized, upload } = await uploadTwice({}, start, other);
    expect(finalized.status).toBe(200);
    expect(upload?.sha256).toBeNull();
    expect(upload?.segments[0]?.sha256).toBe(sha256(other));
  });

  test('with other bytes before its turn is hashed as it was last', async ({ expect }) => {
    await using checked = await startCheckedSim();
    const { x } = checked;
    const media = makeMp4(300);
    const { id } = (await x.initialize('video/mp4', 'tweet_video', media.length)).json.data;
    await x.append(id, 1, Buffer.alloc(100));
    await x.append(id, 1, media.subarray(200));
    await x.append(id, 0, media.subarray(0, 200));
    await x.finalize(id);
    expect(checked.sim.ledger().uploads[0]?.sha256).toBe(sha256(media));
  });

  test('is refused if so configured', async ({ expect }) => {
    const { repeated, finalized } = await uploadTwice({ repeatedSegment: 'reject' }, start, start);
    expect(repeated.status).toBe(400);
    expect(finalized.status).toBe(200);
  });

  test('counts twice if so configured', async ({ expect }) => {
    const { repeated, finalized } = await uploadTwice({ repeatedSegment: 'double_count' }, start, start);
    expect(repeated.status).toBe(200);
    expect(finalized.json.errors[0].message).toBe('Segments do not add up to provided total file size.');
  });
});

describe('finalize', () => {
  test('describes an image and lets it be used at once', async ({ expect }) => {
    await using checked = await startCheckedSim();
    const png = makePng(20);
    const { id } = (await checked.x.initialize('image/png', 'tweet_image', png.length)).json.data;
    await checked.x.append(id, 0, png);
    const { json } = await checked.x.finalize(id);
    expect(json.data).toMatchObject({
      id,
      size: png.length,
      image: { image_type: 'image/png', w: 20, h: 20 },
    });
    expect(json.data.processing_info).toBeUndefined();
    expect(checked.sim.ledger().uploads[0]?.state).toBe('succeeded');
  });

  test.for([
    ['same', 200],
    ['reject', 400],
    ['not_found', 404],
  ] as const)(
    'when repeated and configured as %s answers %i',
    async ([repeatedFinalize, status], { expect }) => {
      await using checked = await startCheckedSim({ config: { repeatedFinalize } });
      const id = await checked.x.upload('image/png', 'tweet_image', makePng());
      expect((await checked.x.finalize(id)).status).toBe(status);
    },
  );

  test('takes nothing more afterwards', async ({ expect }) => {
    await using checked = await startCheckedSim();
    const id = await checked.x.upload('image/png', 'tweet_image', makePng());
    expect((await checked.x.append(id, 1, Buffer.alloc(1))).status).toBe(400);
  });

  test('refuses an upload that lacks a segment, for good', async ({ expect }) => {
    await using checked = await startCheckedSim();
    const { x } = checked;
    const { id } = (await x.initialize('video/mp4', 'tweet_video', 20)).json.data;
    await x.append(id, 0, Buffer.alloc(10));
    expect((await x.finalize(id)).status).toBe(400);
    expect((await x.append(id, 1, Buffer.alloc(10))).status).toBe(400);
    expect((await x.finalize(id)).status).toBe(400);
    expect(checked.sim.ledger().uploads[0]?.state).toBe('refused');
  });

  test('sees by the first bytes what is no image, and fails what is no video in processing', async ({
    expect,
  }) => {
    await using checked = await startCheckedSim();
    const { x, sim } = checked;
    const { id } = (await x.initialize('image/png', 'tweet_image', 10)).json.data;
    await x.append(id, 0, Buffer.alloc(10));
    expect((await x.finalize(id)).json.errors[0].message).toBe('media type unrecognized.');
    const video = await x.upload('video/mp4', 'tweet_video', makePng());
    sim.clock.advance(10_000);
    expect((await x.status(video)).json.data.processing_info).toMatchObject({
      state: 'failed',
      error: { code: 1, name: 'InvalidMedia' },
    });
  });
});

describe('one-shot', () => {
  test('takes a whole image in either encoding', async ({ expect }) => {
    await using checked = await startCheckedSim();
    const png = makePng();
    const multipart = await checked.x.oneShot('tweet_image', png);
    expect(multipart.json.data).toMatchObject({ size: png.length, image: { image_type: 'image/png' } });
    const json = await checked.x.request('POST', '/2/media/upload', {
      json: { media: png.toString('base64'), media_category: 'tweet_image', additional_owners: '1,2' },
    });
    expect(json.status).toBe(200);
    for (const upload of checked.sim.ledger().uploads)
      expect(upload).toMatchObject({
        oneShot: true,
        sha256: sha256(png),
        bytesReceived: png.length,
        state: 'succeeded',
      });
  });

  test('takes no media_type and no amplify_video', async ({ expect }) => {
    await using checked = await startCheckedSim();
    expect((await checked.x.oneShot('tweet_image', makePng(), { media_type: 'image/png' })).status).toBe(400);
    expect((await checked.x.oneShot('amplify_video', makeMp4(500))).status).toBe(400);
    expect((await checked.x.oneShot('tweet_gif', makeGif())).json.data.processing_info.state).toBe('pending');
  });
});

describe('metadata and subtitles', () => {
  test('keeps alt text, replaces it and holds it to 1000 characters', async ({ expect }) => {
    await using checked = await startCheckedSim();
    const id = await checked.x.upload('image/png', 'tweet_image', makePng());
    const set = (text: string) =>
      checked.x.request('POST', '/2/media/metadata', { json: { id, metadata: { alt_text: { text } } } });
    expect((await set('first')).json.data).toEqual({
      id,
      associated_metadata: { alt_text: { text: 'first' } },
    });
    await set('second');
    expect((await set('x'.repeat(1001))).status).toBe(400);
    expect(checked.sim.ledger().uploads[0]?.altText).toBe('second');
  });

  test.for(['old', 'new'] as const)(
    'ties subtitles to a video and takes them off, vocabulary %s',
    async (vocabulary, { expect }) => {
      await using checked = await startCheckedSim({ config: { vocabulary } });
      const { x, sim } = checked;
      const video = await x.upload('video/mp4', 'tweet_video', makeMp4(1000));
      const srt = await x.upload('text/srt', 'subtitles', makeSrt());
      const json = {
        id: video,
        media_category: 'TweetVideo',
        subtitles: { id: srt, language_code: 'EN', display_name: 'English' },
      };
      const created = await x.request('POST', '/2/media/subtitles', { json });
      expect(created.json.data).toMatchObject({ id: video, media_category: 'TweetVideo' });
      expect(sim.ledger().uploads[0]?.subtitles).toEqual([{ mediaId: srt, languageCode: 'EN' }]);
      const lower = { ...json, media_category: 'tweet_video' };
      expect((await x.request('POST', '/2/media/subtitles', { json: lower })).status).toBe(400);
      const remove = { json: { id: video, media_category: 'TweetVideo', language_code: 'EN' } };
      expect((await x.request('DELETE', '/2/media/subtitles', remove)).json.data).toEqual({ deleted: true });
      expect((await x.request('DELETE', '/2/media/subtitles', remove)).json.data).toEqual({ deleted: false });
    },
  );
});

describe('reading media', () => {
  test.for(['old', 'new'] as const)(
    'looks media up by key and answers what it lacks in errors, vocabulary %s',
    async (vocabulary, { expect }) => {
      await using checked = await startCheckedSim({ config: { vocabulary } });
      const { x, sim } = checked;
      await x.upload('image/png', 'tweet_image', makePng());
      const key = sim.ledger().uploads[0]?.mediaKey ?? '';
      const query = { media_keys: `${key},3_1`, 'media.fields': 'url,width' };
      const both = await x.request('GET', '/2/media', { query });
      expect(both.json.data).toMatchObject([{ media_key: key, type: 'photo', width: 8 }]);
      expect(both.json.errors).toMatchObject([{ resource_id: '3_1', title: 'Not Found Error' }]);
      expect((await x.request('GET', `/2/media/${key}`)).json.data.media_key).toBe(key);
      expect((await x.request('GET', '/2/media', { query: { media_keys: 'x' } })).status).toBe(400);
      const range = { start_time: '2026-01-01T00:00:00Z', end_time: '2026-01-03T00:00:00Z' };
      const analytics = await x.request('GET', '/2/media/analytics', {
        query: { media_keys: key, ...range },
      });
      expect(analytics.json.data[0].timestamped_metrics).toHaveLength(2);
    },
  );
});

test('hashes less when asked to', async ({ expect }) => {
  await using checked = await startCheckedSim({ config: { digests: 'media' } });
  const { x, sim } = checked;
  const media = makeMp4(10_000);
  await x.upload('video/mp4', 'tweet_video', media, 3000);
  expect(sim.ledger().uploads[0]).toMatchObject({
    sha256: sha256(media),
    segments: [{ sha256: null }, {}, {}, {}],
  });
  sim.configure({ digests: 'none' });
  await x.upload('video/mp4', 'tweet_video', media, 3000);
  expect(sim.ledger().uploads[1]).toMatchObject({ sha256: null, bytesAccepted: media.length });
});

function spillDirs(): string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith('x-sim-'));
}
