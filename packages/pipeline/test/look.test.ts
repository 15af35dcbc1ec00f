import { makeImage, movableClock } from '@slipway/testkit';
import { createXClient } from '@slipway/x-media';
import { type Sim, type SimConfigPatch, startSim } from '@slipway/x-sim';
import { describe, test } from 'vitest';
import {
  CLOCK_SKEW_MS,
  type Doubt,
  type PostRequest,
  type PublishState,
  type StepEvent,
  newPostState,
} from '../src/core/index.ts';
import { type World, createObjects, perform } from '../src/index.ts';
import { HOUR, SECOND, T0, imageRequest, policy, requestOf, noLimits } from './fixtures.ts';

const textPost = requestOf({ text: 'a < b & c > d, see https://example.com/a?b=c' });
const imagePost = requestOf({ text: 'hello', media: [imageRequest()] });

interface Rig extends AsyncDisposable {
  sim: Sim;
  /** Time goes on for X and for the worker. */
  advance: (ms: number) => void;
  look: (request: PostRequest, publish?: Partial<PublishState>, since?: number) => Promise<StepEvent>;
  /** The account has another user at X from now on. */
  rename: (xUserId: string) => void;
  /** How often the timeline was read. */
  reads: () => number;
  /** The key and the id of a fresh image at X. */
  upload: () => Promise<{ mediaKey: string; mediaId: string }>;
  post: (text: string, mediaIds?: string[]) => Promise<string>;
}

/** X, and an account that has a post in doubt. */
async function startX(config: SimConfigPatch = {}): Promise<Rig> {
  const clock = movableClock(T0);
  const sim = await startSim({
    now: () => clock.now(),
    config: { duplicateWindowMs: 0, limits: { mode: 'off' }, ...config },
  });
  const user = sim.addUser();
  let xUserId = user.id;
  const credentials = { type: 'oauth2', accessToken: user.accessToken } as const;
  const client = createXClient({ baseUrl: sim.url });
  const x = client.as(credentials);
  const world: World = {
    x: client,
    objects: createObjects({ s3Endpoint: sim.url, s3Region: 'us-east-1', s3ForcePathStyle: true }),
    accounts: {
      find: async (id) => ({ id, username: user.username, xUserId, app: 'default' }),
      credentialsOf: async () => ({ credentials }),
      refused: async () => undefined,
    },
    quota: noLimits,
    policy,
    clock,
    random: () => 0.5,
  };
  let images = 0;
  return {
    sim,
    advance: (ms) => clock.advance(ms),
    look(request, publish = {}, since = T0) {
      const state = newPostState(request);
      const doubt: Doubt = {
        cause: 'no_answer',
        reason: 'r',
        since,
        deadline: since,
        lookAts: [since],
        duplicate: false,
      };
      const inDoubt = { ...state, publish: { ...state.publish, doubt, ...publish } };
      const { signal } = new AbortController();
      return perform(world, { do: 'confirm' }, { request, state: inDoubt }, { signal, onBytes: () => {} });
    },
    rename: (id) => (xUserId = id),
    reads: () => Object.values(sim.ledger().requests['users.timeline'] ?? {}).reduce((sum, n) => sum + n, 0),
    async upload() {
      const image = makeImage({ type: 'png', seed: ++images });
      const { data } = await x.media.upload({ media: await image.bytes(), mediaCategory: 'tweet_image' });
      return { mediaKey: data.mediaKey ?? '', mediaId: data.id };
    },
    async post(text, mediaIds) {
      const { data } = await x.posts.create({ text, ...(mediaIds ? { media: { mediaIds } } : {}) });
      return data.id;
    },
    async [Symbol.asyncDispose]() {
      await client.close();
      await sim.close();
    },
  };
}

describe.for(['old', 'new'] as const)('a look at a timeline in X’s %s words', (vocabulary) => {
  test('finds a text as X shows it, among others', async ({ expect }) => {
    await using rig = await startX({ vocabulary });
    await rig.post('another');
    rig.advance(5 * SECOND);
    const xPostId = await rig.post(textPost.text);
    rig.advance(5 * SECOND);
    await rig.post('a third');
    expect(await rig.look(textPost)).toEqual({
      type: 'looked',
      at: T0 + 10 * SECOND,
      found: { xPostId, publishedAt: T0 + 5 * SECOND },
      reads: 3,
    });
  });

  test('finds media by their keys, and not another post of the same text', async ({ expect }) => {
    await using rig = await startX({ vocabulary });
    const [ours, other] = [await rig.upload(), await rig.upload()];
    await rig.post('hello', [other.mediaId]);
    const sought = [[ours.mediaKey]];
    expect(await rig.look(imagePost, { sought })).toEqual({ type: 'looked', at: T0, found: null, reads: 1 });
    const xPostId = await rig.post('hello', [ours.mediaId]);
    expect(await rig.look(imagePost, { sought })).toMatchObject({ found: { xPostId } });
    // By the id, too: X does not promise a key.
    expect(await rig.look(imagePost, { sought: [[ours.mediaId]] })).toMatchObject({ found: { xPostId } });
  });

  test('says that it is not there where the timeline is empty', async ({ expect }) => {
    await using rig = await startX({ vocabulary });
    expect(await rig.look(textPost)).toEqual({ type: 'looked', at: T0, found: null });
  });
});

describe('a look', () => {
  test('reads as many pages as it takes, and no post from before', async ({ expect }) => {
    await using rig = await startX();
    // The post in doubt is of an hour later than these.
    for (let each = 0; each < 300; each++) await rig.post('before');
    rig.advance(HOUR);
    const since = T0 + HOUR;
    expect(await rig.look(requestOf({ text: 'before' }), {}, since)).toMatchObject({ found: null });
    expect(rig.reads()).toBe(1);

    const xPostId = await rig.post(textPost.text);
    for (let each = 0; each < 250; each++) await rig.post('after');
    expect(await rig.look(textPost, {}, since)).toMatchObject({ found: { xPostId } });
    expect(rig.reads()).toBe(1 + 3);
    expect(await rig.look(requestOf({ text: 'nowhere' }), {}, since)).toMatchObject({ found: null });
    expect(rig.reads()).toBe(1 + 3 + 3);
  });

  test('allows for clocks that differ', async ({ expect }) => {
    await using rig = await startX();
    rig.advance(1);
    const xPostId = await rig.post('early');
    expect(await rig.look(requestOf({ text: 'early' }), {}, T0 + CLOCK_SKEW_MS)).toMatchObject({
      found: { xPostId },
    });
  });

  test('of a timeline that is too long to be read says nothing', async ({ expect }) => {
    await using rig = await startX();
    const xPostId = await rig.post(textPost.text);
    for (let each = 0; each < 1_999; each++) await rig.post('after');
    expect(await rig.look(textPost)).toMatchObject({ found: { xPostId } });
    expect(rig.reads()).toBe(20);
    await rig.post('one more');
    expect(await rig.look(textPost)).toMatchObject({
      type: 'failed',
      action: { do: 'confirm' },
      problem: { from: 'slipway', code: 'timeline_too_long' },
    });
  });

  test('that X does not answer well says nothing, on whatever page', async ({ expect }) => {
    await using rig = await startX();
    for (let each = 0; each < 150; each++) await rig.post('after');
    for (const answer of [
      'not_found',
      'service_unavailable',
      'html_ok',
      'rate_limited',
      'unauthorized',
    ] as const) {
      rig.sim.faults.clear();
      rig.sim.faults.script({ on: { operation: 'users.timeline' }, skip: 1, do: { answer } });
      const event = await rig.look(textPost);
      expect([answer, event]).toMatchObject([answer, { type: 'failed', problem: { from: 'x' } }]);
    }
  });

  test('of a user whom X does not know says nothing', async ({ expect }) => {
    await using rig = await startX();
    rig.rename('404');
    expect(await rig.look(textPost)).toMatchObject({ type: 'failed', problem: { from: 'x' } });
  });

  test('tells of a post that may be this one', async ({ expect }) => {
    await using rig = await startX();
    const { mediaId } = await rig.upload();
    const other = await rig.post('', [mediaId]);
    const silent = requestOf({ text: '', media: [imageRequest()] });
    expect(await rig.look(silent, { forgottenSince: T0 })).toEqual({
      type: 'looked',
      at: T0,
      found: null,
      alike: other,
      reads: 1,
    });
  });
});
