import { type Calendar, cancelPost } from '@slipway/pipeline/core';
import { makeImage, makeVideo } from '@slipway/testkit';
import { afterAll, beforeAll, beforeEach, describe, test } from 'vitest';
import { ACCOUNT, startApi, type ApiUnderTest, type Answer } from './start-api.ts';

const BERLIN = 'Europe/Berlin';
const HOURLY: Calendar = {
  timeZone: BERLIN,
  slots: [
    {
      days: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'],
      times: Array.from({ length: 24 }, (_, hour) => `${String(hour).padStart(2, '0')}:30`),
    },
  ],
};

let api: ApiUnderTest;
beforeAll(async () => {
  api = await startApi();
  const put = (key: string, body: Uint8Array) =>
    api.s3.putObject({ bucket: 'media', key, body, contentType: 'application/octet-stream' });
  await put('a.png', await makeImage({ type: 'png', seed: 1 }).bytes());
  await put('b.png', await makeImage({ type: 'png', seed: 2 }).bytes());
  await put('large.mp4', await makeVideo({ bytes: 3_000_000, seed: 3 }).bytes());
});
afterAll(() => api.stop());

const settle = (patch: { calendar?: Calendar | null; conflictDistanceMs?: number }) =>
  api.records.updateSettings(ACCOUNT, (settings) => ({ ...settings, ...patch }));
beforeEach(() => settle({ calendar: null, conflictDistanceMs: 0 }));

const create = (body: object) =>
  api.ask('/v1/posts', { method: 'POST', body: { account: ACCOUNT, text: 'x', ...body } });
const edit = (id: string, body: unknown) => api.ask(`/v1/posts/${id}`, { method: 'PATCH', body });
const cancel = (id: string) => api.ask(`/v1/posts/${id}/cancel`, { method: 'POST' });
const errorsOf = ({ body }: Answer): [path: string, code: string][] =>
  body.errors.map(({ path, code }: { path: string; code: string }) => [path, code]);
const far = (minutes: number): string => new Date(Date.UTC(2090, 0, 1, 0, minutes)).toISOString();

describe('a local time', () => {
  test('becomes the instant that it is there, and is told back as it was given', async ({ expect }) => {
    const publishAt = { local: '2097-07-01T09:00', timeZone: BERLIN };
    const { status, body } = await create({ publishAt });
    expect(status).toBe(202);
    expect(body).toMatchObject({ publishAt: '2097-07-01T07:00:00.000Z', publishAtLocal: publishAt });
    const moved = await edit(body.id, { publishAt: '2097-07-01T07:00:00.001Z' });
    expect(moved.body.publishAtLocal).toBeNull();
  });

  test.for([
    [{ local: '2097-03-31T02:30', timeZone: BERLIN }, 'publishAt.local', 'no_such_time', /03:00/],
    [{ local: '2097-10-27T02:30', timeZone: BERLIN }, 'publishAt.local', 'ambiguous_time', /earlier/],
    [{ local: '2097-02-29T09:00', timeZone: BERLIN }, 'publishAt.local', 'invalid_format', /exists/],
    [{ local: '2097-07-01T09:00', timeZone: 'Berlin' }, 'publishAt.timeZone', 'unknown_time_zone', /Europe/],
    [{ local: '2097-07-01T09:00' }, 'publishAt.timeZone', 'required', /./],
    [{ local: '2097-07-01T09:00', timezone: BERLIN }, 'publishAt.timezone', 'unknown_field', /timeZone/],
    ['next-slt', 'publishAt', 'invalid_format', /next-slot/],
    [17, 'publishAt', 'wrong_type', /./],
  ] as const)(
    'that is none is refused with a remedy: %j',
    async ([publishAt, path, code, hint], { expect }) => {
      const answer = await create({ publishAt });
      expect(answer.status).toBe(400);
      expect(errorsOf(answer)).toContainEqual([path, code]);
      expect(answer.body.errors.map((error: { hint: string }) => error.hint).join()).toMatch(hint);
    },
  );

  test('is one of two where its owner says which', async ({ expect }) => {
    const twice = { local: '2097-10-27T02:30', timeZone: BERLIN };
    const answers = await Promise.all(
      ['earlier', 'later'].map((disambiguation) => create({ publishAt: { ...twice, disambiguation } })),
    );
    expect(answers.map(({ body }) => body.publishAt)).toEqual([
      '2097-10-27T00:30:00.000Z',
      '2097-10-27T01:30:00.000Z',
    ]);
  });
});

describe('the next slot', () => {
  test('is refused to an account without a calendar, and when all are taken', async ({ expect }) => {
    const none = await create({ publishAt: 'next-slot' });
    expect(none.status).toBe(422);
    expect(errorsOf(none)).toEqual([['publishAt', 'no_calendar']]);

    await settle({ calendar: { timeZone: BERLIN, slots: [{ days: ['mon'], times: ['03:17'] }] } });
    const taken: string[] = [];
    for (;;) {
      const answer = await create({ publishAt: 'next-slot' });
      if (answer.status !== 202) {
        expect(errorsOf(answer)).toEqual([['publishAt', 'no_free_slot']]);
        break;
      }
      taken.push(answer.body.id);
    }
    expect([52, 53]).toContain(taken.length);
    await Promise.all(taken.map(cancel));
  });

  test('is another one for each of fifty concurrent callers, in order and without a gap', async ({
    expect,
  }) => {
    await settle({ calendar: HOURLY });
    const answers = await Promise.all(Array.from({ length: 50 }, () => create({ publishAt: 'next-slot' })));
    const times = answers.map(({ body }) => Date.parse(body.publishAt)).sort((a, b) => a - b);
    const [first = 0] = times;
    expect(first).toBeGreaterThan(Date.now() - 60_000);
    expect(first).toBeLessThan(Date.now() + 2 * 3_600_000);
    // An hour apart, also over a night on which clocks are set: the slot that is not there is left out, one that is there twice is one.
    const gaps = times.slice(1).map((time, index) => (time - (times[index] ?? 0)) / 3_600_000);
    expect(gaps.filter((gap) => gap !== 1).every((gap) => gap === 2)).toBe(true);
    expect(gaps.filter((gap) => gap !== 1).length).toBeLessThanOrEqual(1);
    expect(answers[0]?.body.publishAtLocal).toMatchObject({
      local: expect.stringMatching(/:30$/),
      timeZone: BERLIN,
    });

    const at = (index: number) =>
      answers.find(({ body }) => Date.parse(body.publishAt) === times[index])?.body.id;
    await cancel(at(7));
    await edit(at(4), { publishAt: far(0) });
    const again = [await create({ publishAt: 'next-slot' }), await create({ publishAt: 'next-slot' })];
    expect(again.map(({ body }) => Date.parse(body.publishAt))).toEqual([times[4], times[7]]);
    // One that has a slot keeps it, or gets an earlier one.
    const kept = await edit(at(9), { publishAt: 'next-slot' });
    expect(Date.parse(kept.body.publishAt)).toBe(times[9]);
    await cancel(at(2));
    const earlier = await edit(at(9), { publishAt: 'next-slot' });
    expect(Date.parse(earlier.body.publishAt)).toBe(times[2]);
  });

  test('that an edit took and could not use is free again', async ({ expect }) => {
    await settle({ calendar: { timeZone: BERLIN, slots: [{ days: ['tue'], times: ['04:44'] }] } });
    const { body: post } = await create({ text: '', media: [{ bucket: 'media', key: 'a.png' }] });
    const refused = await edit(post.id, { publishAt: 'next-slot', media: [] });
    expect(errorsOf(refused)).toEqual([['text', 'empty_post']]);
    const [one, two] = [await create({ publishAt: 'next-slot' }), await create({ publishAt: 'next-slot' })];
    const week = Date.parse(two.body.publishAt) - Date.parse(one.body.publishAt);
    expect(week / 86_400_000).toBeCloseTo(7, 0);
    expect(Date.parse(one.body.publishAt)).toBeLessThan(Date.now() + 7.1 * 86_400_000);
  });
});

describe('posts of one account that are close to each other', () => {
  test('are warned of when they are made and when they are moved, with the other one and its time', async ({
    expect,
  }) => {
    await settle({ conflictDistanceMs: 15 * 60_000 });
    const { body: first } = await create({ publishAt: far(100) });
    expect(first).not.toHaveProperty('warnings');
    const { body: second } = await create({ publishAt: far(110) });
    expect(second.warnings).toMatchObject([
      {
        path: 'publishAt',
        code: 'close_to_another',
        detail: `${first.id} of this account is due at ${far(100)}, 10 min before this one.`,
      },
    ]);
    const { body: third } = await create({ publishAt: far(125) });
    expect(third).not.toHaveProperty('warnings');
    const moved = await edit(third.id, { publishAt: far(100) });
    expect(moved.status).toBe(200);
    expect(moved.body.warnings.map(({ detail }: { detail: string }) => detail)).toEqual([
      expect.stringContaining(`${first.id} of this account is due at ${far(100)}, at the same time`),
      expect.stringContaining(`${second.id} of this account is due at ${far(110)}, 10 min after this one`),
    ]);
    await cancel(first.id);
    await cancel(second.id);
    expect((await edit(third.id, { publishAt: far(101) })).body).not.toHaveProperty('warnings');
  });
});

describe('an edit', () => {
  test('changes what it names, moves the post, and is told to its followers', async ({ expect }) => {
    const { body: post } = await create({ publishAt: far(200), options: { madeWithAi: true } });
    const { status, body } = await edit(post.id, {
      text: 'y',
      publishAt: far(300),
      media: [{ bucket: 'media', key: 'a.png', altText: 'A' }],
      ifLate: 'skip',
    });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      id: post.id,
      text: 'y',
      publishAt: far(300),
      media: [{ key: 'a.png', altText: 'A', step: 'inspect' }],
      options: { madeWithAi: true },
      ifLate: 'skip',
      status: 'scheduled',
      revision: post.revision + 1,
    });
    expect((await api.ask(`/v1/posts/${post.id}`)).body).toEqual(body);
    const [, told] = await api.store.posts.events(post.id, null);
    expect(told?.event).toMatchObject({
      type: 'post.edited',
      data: { fields: ['text', 'media', 'publishAt', 'ifLate'], publishAt: Date.parse(far(300)) },
    });
    const same = await edit(post.id, { text: 'y', ifLate: 'skip' });
    expect(same).toMatchObject({ status: 200, body: { revision: body.revision } });
  });

  test('that asks for larger media has the post begin earlier, by what workers have measured', async ({
    expect,
  }) => {
    const leadOf = async (id: string) => (await api.store.posts.get(id))?.request.leadMs;
    const { body } = await create({ publishAt: far(400), media: [{ bucket: 'media', key: 'a.png' }] });
    expect(await leadOf(body.id)).toBe(600_000);
    const other = await startApi({
      s3Endpoint: api.s3.endpoint,
      deps: {
        paces: { read: async () => ({ tweet_video: { bytesPerSecond: 5_000, processingMs: 30_000 } }) },
      },
    });
    try {
      const { body: slow } = await other.ask('/v1/posts', {
        method: 'POST',
        body: { account: ACCOUNT, text: 'x', publishAt: far(400) },
      });
      expect((await other.store.posts.get(slow.id))?.request.leadMs).toBe(10_000);
      await other.ask(`/v1/posts/${slow.id}`, {
        method: 'PATCH',
        body: { media: [{ bucket: 'media', key: 'large.mp4' }] },
      });
      // 3 MB at 5 kB/s take ten minutes, processing half of one; twice that, and a minute.
      expect((await other.store.posts.get(slow.id))?.request.leadMs).toBe(2 * 630_000 + 60_000);
    } finally {
      await other.stop();
    }
  });

  test('comes too late for a post that is over, and to nothing for one that is not there', async ({
    expect,
  }) => {
    const { body } = await create({ publishAt: far(500) });
    await api.store.posts.change(body.id, (record) => cancelPost(record, Date.now()));
    const late = await edit(body.id, { text: 'y' });
    expect(late).toMatchObject({ status: 409, body: { code: 'too_late', detail: /canceled/ } });
    const gone = await edit('post_01k9zq3v6h2m8d4t7w5x0c1b9n', { text: 'y' });
    expect(gone).toMatchObject({ status: 404, body: { code: 'post_not_found' } });
  });

  test.for([
    ['nothing', {}, 400, '', 'required'],
    ['another account', { account: '@acme' }, 400, 'account', 'unknown_field'],
    ['no text and no media', { text: ' ' }, 422, 'text', 'empty_post'],
    [
      'tags without media',
      { options: { taggedUserIds: ['1'] } },
      422,
      'options.taggedUserIds',
      'tags_without_media',
    ],
    ['a text that is too long', { text: 'x'.repeat(281) }, 422, 'text', 'text_too_long'],
    [
      'an object that is not there',
      { media: [{ bucket: 'media', key: 'no' }] },
      422,
      'media[0].key',
      'source_not_found',
    ],
    [
      'a mix',
      {
        media: [
          { bucket: 'media', key: 'a.png' },
          { bucket: 'media', key: 'large.mp4' },
        ],
      },
      422,
      'media',
      'media_mix',
    ],
    [
      'a time that has passed, and no lateness',
      { publishAt: '2020-01-01T00:00:00Z', ifLate: 'skip' },
      422,
      'publishAt',
      'in_the_past',
    ],
    ['a slot without a calendar', { publishAt: 'next-slot' }, 422, 'publishAt', 'no_calendar'],
  ] as const)('to %s is refused', async ([, body, status, path, code], { expect }) => {
    const { body: post } = await create({ publishAt: far(600) });
    const answer = await edit(post.id, body);
    expect(answer.status).toBe(status);
    expect(errorsOf(answer)).toEqual([[path, code]]);
    expect((await api.ask(`/v1/posts/${post.id}`)).body).toEqual(post);
  });

  test('into the past posts it now, and says so', async ({ expect }) => {
    const { body: post } = await create({ publishAt: far(700) });
    const { body } = await edit(post.id, { publishAt: '2020-01-01T00:00:00Z' });
    expect(body.warnings).toMatchObject([{ path: 'publishAt', code: 'in_the_past' }]);
    expect(Date.parse(body.publishAt)).toBeGreaterThan(Date.now() - 60_000);
  });

  test('of many at once leaves the post as one of them wants it, in index and record', async ({ expect }) => {
    const { body: post } = await create({ publishAt: far(800) });
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        edit(post.id, { text: `y${index}`, publishAt: far(900 + index) }),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 8 }, () => 200));
    const { body } = await api.ask(`/v1/posts/${post.id}`);
    expect(body.publishAt).toBe(far(900 + Number(body.text.slice(1))));
    await settle({ conflictDistanceMs: 1 });
    const { body: beside } = await create({ publishAt: body.publishAt });
    expect(beside.warnings).toMatchObject([{ detail: expect.stringContaining(post.id) }]);
  });
});
