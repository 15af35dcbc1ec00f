import { type Stack, startStack } from '@slipway/local';
import { eventually, makeVideo } from '@slipway/testkit';
import type { FaultEffect } from '@slipway/x-sim';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { callSlipway } from './slipway-caller.ts';

// What a person does about posts that did not make it, through the API and a worker as they are shipped. X's own check for
// duplicates is off, and its timelines show nothing: whatever is created twice would be there twice.

const CHUNK_BYTES = 64 * 1024;
const SEGMENTS = 12;
const IN_FLIGHT = 3;
const ENDS_WITHIN_MS = 30_000;

let stack: Stack;
let slipway: ReturnType<typeof callSlipway>;
beforeAll(async () => {
  stack = await startStack({
    workers: 0,
    sim: { duplicateWindowMs: 0, timelineLagMs: 3_600_000 },
    settings: {
      SLIPWAY_CHUNK_BYTES: String(CHUNK_BYTES),
      SLIPWAY_SEGMENTS_IN_FLIGHT: String(IN_FLIGHT),
      SLIPWAY_CREATE_TIMEOUT_MS: '1000',
      SLIPWAY_CONFIRM_WINDOW_MS: '600',
      SLIPWAY_LATE_AFTER_MS: '0',
    },
  });
  slipway = callSlipway(stack);
});
afterAll(() => stack.stop());

const ended = (id: string) => slipway.ended(id, ENDS_WITHIN_MS);
const postsOnX = async (text: string) =>
  (await stack.sim.ledger()).posts.filter((post) => post.text === text);

test('a post whose time passed without a worker is missed, and published once it is retried', async ({
  expect,
}) => {
  const publishAt = Date.now() + 1_000;
  const { id } = await slipway.post('too late', [], undefined, {
    publishAt: new Date(publishAt).toISOString(),
    ifLate: 'skip',
  });
  await eventually(() => Date.now() > publishAt, { describe: 'the end of its time' });
  await stack.startWorker();
  expect(await ended(id)).toMatchObject({ status: 'missed', failure: { code: 'missed' } });
  expect(await postsOnX('too late')).toEqual([]);

  await slipway.retry(id);
  const { status, xPostId } = await ended(id);
  expect(status).toBe('published');
  expect(await postsOnX('too late')).toMatchObject([{ id: xPostId }]);
});

test('a failed upload goes on where it stood when it is retried', async ({ expect }) => {
  const video = makeVideo({ bytes: SEGMENTS * CHUNK_BYTES, seed: 1 });
  await slipway.put('video', video);
  await stack.sim.script({
    on: { operation: 'media.append', segmentIndex: 8 },
    do: { answer: { status: 422, body: { title: 'Unprocessable', detail: 'Not today.', status: 422 } } },
  });
  const { id } = await slipway.post('half sent', ['video']);
  expect(await ended(id)).toMatchObject({
    status: 'failed',
    failure: { code: 'x_rejected', message: expect.stringContaining('Not today.') },
  });
  const before = (await stack.sim.ledger()).uploads;
  expect(before).toHaveLength(1);
  expect(before[0]?.segments.length).toBeGreaterThanOrEqual(8 - IN_FLIGHT);

  await slipway.retry(id);
  expect(await ended(id)).toMatchObject({ status: 'published', failure: null });
  const { uploads } = await stack.sim.ledger();
  expect(uploads).toMatchObject([{ mediaId: before[0]?.mediaId, sha256: await video.sha256() }]);
  // The segment that was refused, and those that were cut off beside it.
  const sentAgain = (uploads[0]?.bytesReceived ?? Infinity) - SEGMENTS * CHUNK_BYTES;
  expect(sentAgain).toBeLessThanOrEqual(IN_FLIGHT * CHUNK_BYTES);
  expect(await postsOnX('half sent')).toHaveLength(1);
});

describe('an unconfirmed post', () => {
  const leaveUnconfirmed = async (text: string, effect: FaultEffect): Promise<string> => {
    await stack.sim.script({ on: { operation: 'posts.create', textIncludes: text }, do: effect });
    const { id } = await slipway.post(text, []);
    const { status } = await ended(id);
    if (status !== 'unconfirmed') throw new Error(`${text} is ${status}`);
    return id;
  };

  test('that a person has found is published under the id that it has', async ({ expect }) => {
    const id = await leaveUnconfirmed('found by hand', { acceptThenDrop: true });
    const [made] = await postsOnX('found by hand');
    const now = await slipway.resolve(id, { outcome: 'published', xPostId: made?.id });
    expect(now).toMatchObject({ status: 'published', xPostId: made?.id, failure: null });
    expect(await ended(id)).toEqual(now);
    expect(await postsOnX('found by hand')).toHaveLength(1);
  });

  test('that is surely not there is created', async ({ expect }) => {
    const id = await leaveUnconfirmed('once more', { answer: 'service_unavailable' });
    await slipway.resolve(id, { outcome: 'retry' });
    expect(await ended(id)).toMatchObject({ status: 'published', failure: null });
    expect(await postsOnX('once more')).toHaveLength(1);
  });

  test('that is given up is not created, unless it is retried after all', async ({ expect }) => {
    const id = await leaveUnconfirmed('given up', { answer: 'service_unavailable' });
    await slipway.resolve(id, { outcome: 'fail' });
    expect(await ended(id)).toMatchObject({ status: 'failed', failure: { code: 'not_published' } });
    expect(await postsOnX('given up')).toEqual([]);
    await slipway.retry(id);
    expect(await ended(id)).toMatchObject({ status: 'published', failure: null });
    expect(await postsOnX('given up')).toHaveLength(1);
  });
});
