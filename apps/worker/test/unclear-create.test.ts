import type { PostRequest } from '@slipway/pipeline/core';
import type { FaultEffect } from '@slipway/x-sim';
import { eventually, makeImage } from '@slipway/testkit';
import { afterAll, afterEach, beforeAll, describe, test } from 'vitest';
import { type WorkerRig, createsOnX, postsOnX, startRig } from './worker-rig.ts';

// X's own check for duplicates is off where it is not the subject: a second create would make a second post.

let rig: WorkerRig;
beforeAll(async () => {
  rig = await startRig({
    sim: { config: { duplicateWindowMs: 0 } },
    policy: { createTimeoutMs: 600, confirmWindowMs: 900 },
  });
  await rig.put('image', makeImage({ type: 'png', seed: 1 }));
  await rig.startWorker({ concurrency: 16 });
});
afterAll(() => rig.stop());

const create = (text: string) => ({ operation: 'posts.create' as const, textIncludes: text });

const FAULTS: { name: string; effect: FaultEffect; made: number }[] = [
  { name: 'the connection breaks after X has made the post', effect: { acceptThenDrop: true }, made: 1 },
  { name: 'X makes the post and says 503', effect: { acceptThenAnswer: 'service_unavailable' }, made: 1 },
  { name: 'X makes the post and says 500', effect: { acceptThenAnswer: 'internal_error' }, made: 1 },
  { name: 'X makes the post and names no id', effect: { acceptThenAnswer: 'no_id' }, made: 1 },
  { name: 'X makes the post and sends a page', effect: { acceptThenAnswer: 'html_ok' }, made: 1 },
  { name: 'X makes the post and does not answer in time', effect: { acceptThenHang: true }, made: 1 },
  { name: 'X does not answer in time', effect: { hang: true }, made: 0 },
  { name: 'X says 503 and does nothing', effect: { answer: 'service_unavailable' }, made: 0 },
  { name: 'X says 502 and does nothing', effect: { answer: 'bad_gateway' }, made: 0 },
  { name: 'the connection breaks when the request has begun', effect: { resetBeforeReading: true }, made: 0 },
  { name: 'somebody before X says 403 without a word of X', effect: { answer: { status: 403 } }, made: 0 },
];

describe.concurrent('a create whose outcome is not known', () => {
  test.for(FAULTS)('of a text: $name', async ({ name, effect, made }, { expect }) => {
    const text = `a text: ${name}`;
    rig.sim.faults.script({ on: create(text), do: effect });
    const id = await rig.accept(text);
    const state = await rig.ended(id);
    const posts = postsOnX(rig, text);
    expect(posts).toHaveLength(made);
    if (made === 1) {
      expect(state).toMatchObject({ status: 'published', published: { xPostId: posts[0]?.id } });
    } else {
      expect(state).toMatchObject({
        status: 'unconfirmed',
        failure: {
          code: 'unconfirmed',
          step: 'confirm',
          hint: expect.stringContaining(`/resolve`),
          retryable: false,
        },
        published: null,
      });
    }
    expect(state.publish.attempts).toBe(1);
    await eventually(async () => (await rig.jobOf(id)) === undefined);
    expect(await rig.redis.zscore('{slipway:0}:admitted', id)).toBeNull();
  });

  test.for(FAULTS)('of a post with media: $name', async ({ name, effect, made }, { expect }) => {
    const text = `with an image: ${name}`;
    rig.sim.faults.script({ on: create(text), do: effect });
    const id = await rig.accept(text, ['image']);
    const state = await rig.ended(id);
    const posts = postsOnX(rig, text);
    expect(posts).toHaveLength(1);
    expect(state).toMatchObject({
      status: 'published',
      published: { xPostId: posts[0]?.id },
      publish: { attempts: made === 1 ? 1 : 2, repeats: made === 1 ? 0 : 1 },
    });
    expect(posts[0]?.mediaIds).toEqual([state.media[0]?.upload?.mediaId]);
  });

  test('of a text that is to be tried again: it is, once', async ({ expect }) => {
    const text = 'again';
    rig.sim.faults.script({ on: create(text), do: { hang: true } });
    const id = await rig.accept(text, [], { onUnknown: 'retry' } satisfies Partial<PostRequest>);
    expect(await rig.ended(id)).toMatchObject({ status: 'published', publish: { attempts: 2 } });
    expect(postsOnX(rig, text)).toHaveLength(1);
  });

  test('of a post with media that is to be left alone: it is', async ({ expect }) => {
    const text = 'hold';
    rig.sim.faults.script({ on: create(text), do: { hang: true } });
    const id = await rig.accept(text, ['image'], { onUnknown: 'hold' });
    expect(await rig.ended(id)).toMatchObject({ status: 'unconfirmed', media: [{ step: 'ready' }] });
    expect(postsOnX(rig, text)).toHaveLength(0);
  });

  test('twice in a row leaves it to a person', async ({ expect }) => {
    const text = 'twice';
    rig.sim.faults.script({ on: create(text), times: 2, do: { answer: 'service_unavailable' } });
    const id = await rig.accept(text, ['image']);
    expect(await rig.ended(id)).toMatchObject({ status: 'unconfirmed', publish: { attempts: 2 } });
  });

  test('of a promoted-only post, which timelines do not show, is never created again', async ({ expect }) => {
    const text = 'nullcast';
    rig.sim.faults.script({ on: create(text), do: { acceptThenDrop: true } });
    const id = await rig.accept(text, ['image'], { options: { nullcast: true } });
    expect(await rig.ended(id)).toMatchObject({ status: 'unconfirmed', publish: { attempts: 1 } });
    expect(postsOnX(rig, text)).toHaveLength(1);
  });
});

describe('a timeline', () => {
  afterEach(() => {
    rig.sim.faults.clear();
    rig.sim.configure({ timelineLagMs: 0, duplicateWindowMs: 0 });
  });

  test('that cannot be read: the looks that fail do not count', async ({ expect }) => {
    const text = 'no timeline';
    rig.sim.faults.script({ on: create(text), do: { acceptThenDrop: true } });
    const id = await rig.accept(text, ['image']);
    await rig.event(id, ({ type }) => type === 'post.publishing');
    rig.sim.faults.script({ on: { operation: 'users.timeline' }, times: 12, do: { answer: 'not_found' } });
    expect(await rig.ended(id)).toMatchObject({ status: 'published', publish: { attempts: 1 } });
    expect(postsOnX(rig, text)).toHaveLength(1);
  });

  test('that lags is read until the end of the window', async ({ expect }) => {
    const creates = createsOnX(rig);
    rig.sim.configure({ timelineLagMs: 1_500 });
    rig.sim.faults.script({ on: create('lags'), do: { acceptThenDrop: true } });
    const id = await rig.accept('lags', ['image']);
    expect(await rig.ended(id)).toMatchObject({ status: 'published', publish: { attempts: 1 } });
    expect(createsOnX(rig)).toBe(creates + 1);
  });

  test('that never shows the post: X’s refusal of a duplicate is proof that it is there', async ({
    expect,
  }) => {
    rig.sim.configure({ timelineLagMs: 3_600_000, duplicateWindowMs: 3_600_000 });
    rig.sim.faults.script({ on: create('hidden'), do: { acceptThenDrop: true } });
    const id = await rig.accept('hidden', ['image']);
    expect(await rig.ended(id)).toMatchObject({
      status: 'unconfirmed',
      failure: { message: expect.stringMatching(/duplicate content[^]*should be on X/) },
      publish: { attempts: 2 },
    });
    expect(postsOnX(rig, 'hidden')).toHaveLength(1);
  });

  test('that shows the post only after X has refused a duplicate: it is published', async ({ expect }) => {
    rig.sim.configure({ timelineLagMs: 3_600_000, duplicateWindowMs: 3_600_000 });
    rig.sim.faults.script({ on: create('late'), do: { acceptThenDrop: true } });
    const id = await rig.accept('late', ['image']);
    await rig.event(id, ({ type, data }) => type === 'post.waiting' && /duplicate/.test(data.detail ?? ''));
    rig.sim.configure({ timelineLagMs: 0 });
    expect(await rig.ended(id)).toMatchObject({
      status: 'published',
      published: { xPostId: postsOnX(rig, 'late')[0]?.id },
    });
  });
});
