import { type Sim, startSim } from '@slipway/local';
import { type Media, makeImage, makeVideo } from '@slipway/testkit';
import { createXClient } from '@slipway/x-media';
import { afterAll, beforeAll, beforeEach, describe, test } from 'vitest';
import {
  CHECKSUM_ALGORITHMS,
  type ChecksumAlgorithm,
  type PostState,
  newPostState,
  policySchema,
} from '../src/core/index.ts';
import { run } from '../src/index.ts';
import { crcOf } from './crc-of.ts';
import { imageRequest, requestOf, videoRequest, noLimits } from './fixtures.ts';
import { type Reply, rangeOf, serve, startStore } from './store-server.ts';

// A store that answers as it should and sends other bytes than it keeps, with X as the simulator: what X makes public is the
// object, or nothing is made public.

const ETAG = '"1"';
const CHUNK_BYTES = 16 * 1024;
const policy = policySchema.parse({ chunkBytes: CHUNK_BYTES, backoffBaseMs: 1 });

let sim: Sim;
beforeAll(async () => {
  sim = await startSim({ config: { processingMs: { tweet_video: 0 } } });
});
afterAll(async () => {
  await sim.close();
});
beforeEach(() => {
  sim.reset();
});

interface StoreBehaviour {
  algorithm?: ChecksumAlgorithm;
  /** Whether the last byte of a read is wrong; reads for X are counted from 1. */
  damages?: (read: number) => boolean;
}

/** Lets a post of this medium live to its end. */
async function publish(
  media: Media,
  { algorithm = 'CRC32', damages = () => false }: StoreBehaviour = {},
): Promise<PostState> {
  const body = await media.bytes();
  const good = serve({ body, etag: ETAG, checksum: { algorithm, value: crcOf(algorithm, body) } });
  let reads = 0;
  const reply: Reply = (response, request) => {
    // What is read before the object is pinned is for us, not for X.
    if (request.method === 'HEAD' || store.heads.length === 0) return good(response, request);
    reads += 1;
    if (!damages(reads)) return good(response, request);
    const { last } = rangeOf(request, body.length);
    const damaged = Buffer.from(body);
    damaged[last] = ~(damaged[last] ?? 0);
    serve({ body: damaged, etag: ETAG })(response, request);
  };
  await using store = await startStore(reply);
  const user = sim.addUser();
  const x = createXClient({ baseUrl: sim.url });
  const request = requestOf({
    media: [media.contentType === 'video/mp4' ? videoRequest() : imageRequest()],
    publishAt: sim.clock.now(),
    createdAt: sim.clock.now(),
  });
  let state = newPostState(request);
  try {
    for (;;) {
      const outcome = await run(
        { request, state },
        {
          world: {
            x,
            objects: store.objects,
            accounts: {
              find: async () => null,
              credentialsOf: async () => ({
                credentials: { type: 'oauth2', accessToken: user.accessToken },
              }),
              refused: async () => undefined,
            },
            quota: noLimits,
            policy,
            clock: sim.clock,
            random: () => 0.5,
          },
          abandoned: false,
          changedHistory: null,
          stopping: new AbortController().signal,
          abort: new AbortController().signal,
          onProgress: () => undefined,
          hold: async () => undefined,
          durable: async () => true,
          save: async (next) => {
            state = next;
            return null;
          },
        },
      );
      if (outcome.kind === 'done') return state;
      if (outcome.kind === 'wait') sim.clock.advance(Math.max(0, outcome.waiting.until - sim.clock.now()));
    }
  } finally {
    await x.close();
  }
}

const video = makeVideo({ bytes: 5 * CHUNK_BYTES + 100, seed: 5 });
const image = makeImage({ type: 'png', seed: 6 });
const finalized = () => sim.ledger().uploads.filter(({ finalizedAt }) => finalizedAt !== undefined);

describe('a store that sends what it keeps', () => {
  test.for(CHECKSUM_ALGORITHMS)('is believed: %s', async (algorithm, { expect }) => {
    const state = await publish(video, { algorithm });
    expect(state).toMatchObject({ status: 'published', media: [{ restarts: {} }] });
    const whole = crcOf(algorithm, await video.bytes());
    expect(state.media[0]?.source?.checksum).toEqual({ algorithm, value: whole });
    expect(state.media[0]?.upload?.acknowledged).toEqual([[0, 5, whole]]);
    expect(finalized()).toMatchObject([{ sha256: await video.sha256() }]);
  });
});

describe('a store that sends a wrong byte', () => {
  test('once makes the upload start over', async ({ expect }) => {
    const state = await publish(video, { damages: (read) => read === 3 });
    expect(state).toMatchObject({ status: 'published', media: [{ restarts: { wrong_bytes: 1 } }] });
    expect(sim.ledger().uploads).toHaveLength(2);
    expect(finalized()).toMatchObject([{ sha256: await video.sha256() }]);
  });

  test('in every upload makes the post fail, and nothing is public', async ({ expect }) => {
    const state = await publish(video, { damages: (read) => read % 6 === 0 });
    expect(state.failure).toMatchObject({
      code: 'source_corrupt',
      message: expect.stringContaining(state.media[0]?.source?.checksum?.value ?? '-'),
    });
    expect(finalized()).toEqual([]);
    expect(sim.ledger().posts).toEqual([]);
  });

  test('of an image that goes in one request never makes X take it', async ({ expect }) => {
    const state = await publish(image, { damages: (read) => read === 1 });
    expect(state).toMatchObject({ status: 'published', media: [{ restarts: { wrong_bytes: 1 } }] });
    expect(finalized()).toMatchObject([{ sha256: await image.sha256() }]);
  });

  test('of an image in every upload makes the post fail', async ({ expect }) => {
    const state = await publish(image, { damages: () => true });
    expect(state.failure?.code).toBe('source_corrupt');
    expect(finalized()).toEqual([]);
    expect(sim.ledger().posts).toEqual([]);
  });
});
