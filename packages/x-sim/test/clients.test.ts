import { Agent } from 'node:http';
import { Client, OAuth1 } from '@xdevplatform/xdk';
import { TwitterApi, TwitterApiv2 } from 'twitter-api-v2';
import { describe, test } from 'vitest';
import type { Sim, SimUser } from '../src/index.ts';
import { startCheckedSim } from './checked-sim.ts';
import { isOpenApiLeftOut } from './openapi.ts';
import { makeMp4, makePng, sha256 } from './media.ts';

const MP4 = makeMp4(300_000);
const PNG = makePng(32);
const CHUNK_BYTES = 128 * 1024;

/** What a client library must be able to do. */
interface Driver {
  upload(media: Buffer, type: 'video/mp4' | 'image/png'): Promise<string>;
  describe(mediaId: string, altText: string): Promise<void>;
  post(text: string, mediaIds: string[]): Promise<string>;
}

const drivers: { name: string; create: (sim: Sim, user: SimUser) => Driver }[] = [
  {
    name: 'twitter-api-v2 with OAuth 2.0',
    create: (sim, user) => driveTwitterApi(sim, new TwitterApi(user.accessToken, agent())),
  },
  {
    name: 'twitter-api-v2 with OAuth 1.0a',
    create: (sim, user) =>
      driveTwitterApi(
        sim,
        new TwitterApi(
          {
            appKey: user.oauth1.consumerKey,
            appSecret: user.oauth1.consumerSecret,
            accessToken: user.oauth1.token,
            accessSecret: user.oauth1.tokenSecret,
          },
          agent(),
        ),
      ),
  },
  {
    name: '@xdevplatform/xdk with OAuth 2.0',
    create: (sim, user) => driveXdk(sim, new Client({ baseUrl: sim.url, accessToken: user.accessToken })),
  },
  {
    name: '@xdevplatform/xdk with OAuth 1.0a',
    create: (sim, user) =>
      driveXdk(
        sim,
        new Client({
          baseUrl: sim.url,
          oauth1: new OAuth1({
            apiKey: user.oauth1.consumerKey,
            apiSecret: user.oauth1.consumerSecret,
            callback: 'http://127.0.0.1/callback',
            accessToken: user.oauth1.token,
            accessTokenSecret: user.oauth1.tokenSecret,
          }),
        }),
      ),
  },
];

describe.each(drivers)('$name', { concurrent: true }, ({ create }) => {
  test.for(['old', 'new'] as const)(
    'uploads, describes and posts a video and an image, vocabulary %s',
    async (vocabulary, { expect }) => {
      await using checked = await startCheckedSim({ config: { vocabulary } });
      const { sim, user } = checked;
      const driver = create(sim, user);

      const video = await driver.upload(MP4, 'video/mp4');
      await driver.describe(video, 'A film');
      const videoPost = await driver.post('See my film', [video]);
      const image = await driver.upload(PNG, 'image/png');
      await driver.describe(image, 'A square');
      const imagePost = await driver.post('See my square', [image]);

      const { uploads, posts } = sim.ledger();
      expect(uploads).toMatchObject([
        {
          mediaId: video,
          category: 'tweet_video',
          state: 'succeeded',
          sha256: sha256(MP4),
          altText: 'A film',
        },
        {
          mediaId: image,
          category: 'tweet_image',
          state: 'succeeded',
          sha256: sha256(PNG),
          altText: 'A square',
        },
      ]);
      expect(posts).toMatchObject([
        { id: videoPost, userId: user.id, mediaIds: [video], text: 'See my film' },
        { id: imagePost, userId: user.id, mediaIds: [image], text: 'See my square' },
      ]);
      if (isOpenApiLeftOut) return;
      for (const operation of [
        'media.initialize',
        'media.append',
        'media.finalize',
        'media.status',
        'media.metadata',
        'posts.create',
      ])
        expect(checked.conformance.checked.get(operation), operation).toBeGreaterThan(0);
    },
  );
});

function agent() {
  return { httpAgent: new Agent({ keepAlive: true }) };
}

/** The library's v2 client with another base URL, which only a subclass may set. */
class LocalV2 extends TwitterApiv2 {
  constructor(client: TwitterApi, prefix: string) {
    super(client);
    this.setPrefix(prefix);
  }
}

function driveTwitterApi(sim: Sim, client: TwitterApi): Driver {
  const v2 = new LocalV2(client, `${sim.url}/2/`);
  return {
    // This library polls until processing is done.
    upload: (media, type) => v2.uploadMedia(media, { media_type: type }, CHUNK_BYTES),
    async describe(mediaId, altText) {
      await v2.createMediaMetadata(mediaId, { alt_text: { text: altText } });
    },
    async post(text, [mediaId = '']) {
      const { data } = await v2.tweet(text, { media: { media_ids: [mediaId] } });
      return data.id;
    },
  };
}

function driveXdk(sim: Sim, client: Client): Driver {
  const upload = async (media: Buffer, type: 'video/mp4' | 'image/png') => {
    const category = type === 'video/mp4' ? 'tweet_video' : 'tweet_image';
    const { data } = await client.media.initializeUpload({
      mediaType: type,
      mediaCategory: category,
      totalBytes: media.length,
    });
    const id = data?.id ?? '';
    for (let at = 0, index = 0; at < media.length; at += CHUNK_BYTES, index += 1)
      await client.media.appendUpload(id, {
        segmentIndex: index,
        media: media.subarray(at, at + CHUNK_BYTES).toString('base64'),
      });
    const finalized = await client.media.finalizeUpload(id);
    if (finalized.data?.processingInfo !== undefined) {
      await sim.waitFor(({ uploads }) => uploads.some((it) => it.mediaId === id && it.state === 'succeeded'));
      const { data: ready } = await client.media.getUploadStatus(id, { command: 'STATUS' });
      if (ready?.processingInfo?.state !== 'succeeded') throw new Error(JSON.stringify(ready));
    }
    return id;
  };
  return {
    upload,
    async describe(mediaId, altText) {
      await client.media.createMetadata({ id: mediaId, metadata: { altText: { text: altText } } });
    },
    async post(text, mediaIds) {
      const { data } = await client.posts.create({ text, media: { mediaIds } });
      return data?.id ?? '';
    },
  };
}
