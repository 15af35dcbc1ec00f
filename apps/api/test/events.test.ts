import type { PostEvent, PostState } from '@slipway/pipeline/core';
import { eventually, seededRandom } from '@slipway/testkit';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { readEvents } from './event-reader.ts';
import { ACCOUNT, startApi, type ApiUnderTest } from './start-api.ts';

const AT = Date.parse('2027-01-31T09:00:00Z');

let api: ApiUnderTest;

beforeAll(async () => {
  api = await startApi({ limits: { heartbeatMs: 20, stallMs: 200 } });
});
afterAll(() => api.stop());

async function create(): Promise<string> {
  const body = { account: ACCOUNT, text: 'x', publishAt: '2099-01-01T00:00:00Z' };
  return (await api.ask('/v1/posts', { method: 'POST', body })).body.id;
}

function happen(id: string, events: PostEvent[], part: Partial<PostState> = {}): Promise<unknown> {
  return api.store.posts.change(id, ({ state }) => ({ state: { ...state, ...part }, events }));
}

const warned = (message: string): PostEvent => ({ type: 'media.warned', at: AT, data: { item: 0, message } });
const published: PostEvent = { type: 'post.published', at: AT, data: { xPostId: '42' } };
const publish = (id: string) =>
  happen(id, [published], { status: 'published', published: { xPostId: '42', at: AT } });

describe('the events of a post', () => {
  test('go on after the end of a post that was set going again', async ({ expect }) => {
    const id = await create();
    const failed: PostEvent = { type: 'post.failed', at: AT, data: {} };
    await happen(id, [failed], { status: 'failed' });
    await happen(id, [{ type: 'post.scheduled', at: AT, data: {} }], { status: 'scheduled' });
    const reader = await readEvents(api, id);
    for (const event of ['post.scheduled', 'post.failed', 'post.scheduled'])
      expect(await reader.next()).toMatchObject({ event });
    await publish(id);
    expect(await reader.rest()).toMatchObject([{ event: 'post.published' }]);
  });

  test('are told from the start, live, and end with a final status', async ({ expect }) => {
    const id = await create();
    const reader = await readEvents(api, id);
    expect(reader.status).toBe(200);
    expect(reader.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(reader.headers.get('x-request-id')).toMatch(/^req_/);
    expect(await reader.next()).toMatchObject({ event: 'post.scheduled' });

    await happen(id, [
      { type: 'post.waiting', at: AT, data: { reason: 'credits', until: AT, detail: 'CreditsDepleted' } },
      { type: 'post.retrying', at: AT, data: { item: null, message: 'X answered 503', until: AT } },
      { type: 'media.advanced', at: AT, data: { item: 1, step: 'append' } },
      { type: 'media.restarted', at: AT, data: { item: 1, reason: 'expired' } },
    ]);
    await publish(id);
    const rest = await reader.rest();
    expect(rest.map(({ event }) => event)).toEqual([
      'post.waiting',
      'post.retrying',
      'media.advanced',
      'media.restarted',
      'post.published',
    ]);
    expect(rest.map(({ data }) => JSON.parse(data))).toMatchObject([
      {
        postId: id,
        data: { reason: 'credits', until: '2027-01-31T09:00:00.000Z', detail: 'CreditsDepleted' },
      },
      { data: { item: null, message: 'X answered 503', until: '2027-01-31T09:00:00.000Z' } },
      { data: { item: 1, step: 'append' } },
      { data: { item: 1, reason: 'expired' } },
      { id: rest[4]?.id, type: 'post.published', at: '2027-01-31T09:00:00.000Z', data: { xPostId: '42' } },
    ]);
  });

  test('of one that is over are told and then the stream ends; what is known already is not told again', async ({
    expect,
  }) => {
    const id = await create();
    await publish(id);
    const all = await (await readEvents(api, id)).rest();
    expect(all.map(({ event }) => event)).toEqual(['post.scheduled', 'post.published']);
    const [first, last] = all.map((event) => event.id ?? '');
    expect((await (await readEvents(api, id, { lastEventId: first ?? '' })).rest()).length).toBe(1);
    // To an EventSource this means: do not come back.
    expect((await readEvents(api, id, { lastEventId: last ?? '' })).status).toBe(204);
    expect((await readEvents(api, id, { query: `?after=${last}` })).status).toBe(204);
  });

  test('include a failure with its hint', async ({ expect }) => {
    const id = await create();
    const failure = {
      code: 'media_rule',
      message: 'No.',
      retryable: false,
      step: 'inspect',
      field: 'media[0].key',
      hint: 'Yes.',
      at: AT,
    } as const;
    await happen(id, [{ type: 'post.failed', at: AT, data: { failure } }], { status: 'failed', failure });
    const last = (await (await readEvents(api, id)).rest()).at(-1);
    expect(JSON.parse(last?.data ?? '')).toMatchObject({
      type: 'post.failed',
      data: { failure: { ...failure, at: '2027-01-31T09:00:00.000Z' } },
    });
  });

  test('are each told once and in order to a reader that keeps breaking off', async ({ expect }) => {
    const seed = Number(process.env['SEED'] ?? Date.now() % 100_000);
    console.log(`seed ${seed}`);
    const random = seededRandom(seed);
    const id = await create();
    const total = 200;
    const writing = (async () => {
      for (let n = 0; n < total; n++) await happen(id, [warned(String(n))]);
      await publish(id);
    })();

    const told: string[] = [];
    let lastEventId: string | undefined;
    for (let over = false; !over;) {
      const reader = await readEvents(api, id, lastEventId === undefined ? {} : { lastEventId });
      for (let budget = random.integer(1, 20); budget > 0 && !over; budget--) {
        const event = await reader.next();
        if (!event) break;
        lastEventId = event.id ?? lastEventId;
        told.push(event.event === 'media.warned' ? JSON.parse(event.data).data.message : String(event.event));
        over = event.event === 'post.published';
      }
      await reader.close();
    }
    await writing;
    expect(told).toEqual([
      'post.scheduled',
      ...Array.from({ length: total }, (_, n) => String(n)),
      'post.published',
    ]);
  });

  test('come with a sign of life while nothing happens', async ({ expect }) => {
    const reader = await readEvents(api, await create());
    await reader.next();
    const pending = reader.next();
    await eventually(() => reader.comments.length > 2, { describe: 'heartbeats' });
    await reader.close();
    await expect(pending).rejects.toThrow();
  });

  test('carry progress, which has no id', async ({ expect }) => {
    const id = await create();
    const reader = await readEvents(api, id);
    const first = await reader.next();
    const progress = {
      postId: id,
      at: AT,
      media: [{ item: 0, step: 'append', bytesSent: 5, totalBytes: 10, segmentsDone: 1, segments: 2 }],
    };
    const redis = new Redis(api.redis.url);
    for (const channel of await redis.pubsub('CHANNELS', '*progress*')) {
      await redis.publish(String(channel), JSON.stringify(progress));
    }
    redis.disconnect();
    const event = await reader.next();
    // The parser keeps the last id: the stream sent none with this one.
    expect(event).toMatchObject({ event: 'progress' });
    expect([undefined, first?.id]).toContain(event?.id);
    expect(JSON.parse(event?.data ?? '')).toEqual({
      type: 'progress',
      ...progress,
      at: '2027-01-31T09:00:00.000Z',
    });
    await reader.close();
  });

  test('are cut off for a reader that takes nothing, and resume where it left off', async ({ expect }) => {
    const id = await create();
    const reader = await readEvents(api, id);
    const first = await reader.next();
    // More than the sockets of both sides hold.
    const large = 'x'.repeat(500_000);
    const total = 30;
    for (let n = 0; n < total; n++) await happen(id, [warned(`${n} ${large}`)]);
    await eventually(() => api.logs.some((line) => line.includes('cut off') && line.includes(id)), {
      describe: 'the end of the stream',
    });
    const told: string[] = [];
    let lastEventId = first?.id;
    const take = ({ id: eventId, data }: { id?: string | undefined; data: string }): void => {
      lastEventId = eventId ?? lastEventId;
      told.push(String(JSON.parse(data).data.message).split(' ')[0] ?? '');
    };
    for (;;) {
      try {
        const event = await reader.next();
        if (!event) break;
        take(event);
      } catch {
        break;
      }
    }
    expect(told.length).toBeLessThan(total);
    const again = await readEvents(api, id, { lastEventId: lastEventId ?? '' });
    while (told.length < total) {
      const event = await again.next();
      if (event) take(event);
    }
    await again.close();
    expect(told).toEqual(Array.from({ length: total }, (_, n) => String(n)));
  });

  test.for(['nonsense', '1', '-', '1-1-1'])('cannot be resumed after %s', async (after, { expect }) => {
    const id = await create();
    const answer = await api.ask(`/v1/posts/${id}/events?after=${after}`);
    expect(answer).toMatchObject({
      status: 400,
      body: { errors: [{ path: 'after', code: 'invalid_format' }] },
    });
  });

  test('end for everybody when the server stops', async ({ expect }) => {
    const other = await startApi();
    const { body } = await other.ask('/v1/posts', { method: 'POST', body: { account: ACCOUNT, text: 'x' } });
    const readers = await Promise.all([readEvents(other, body.id), readEvents(other, body.id)]);
    for (const reader of readers) expect(await reader.next()).toMatchObject({ event: 'post.scheduled' });
    await other.stop();
    for (const reader of readers) expect(await reader.next()).toBeNull();
  });
});
