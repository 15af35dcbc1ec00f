import { describe, test } from 'vitest';
import { smallestIdAt } from '../src/snowflake.ts';
import { startCheckedSim } from './checked-sim.ts';
import type { CheckedSim } from './checked-sim.ts';
import { makePng } from './media.ts';
import type { Answer } from './x-client.ts';

const MINUTE_MS = 60_000;

/** Seven posts a minute apart; their ids, oldest first, and the instant of the first. */
async function postSeven({ x, sim }: CheckedSim) {
  sim.clock.freeze();
  const startedAt = sim.clock.now();
  const ids: string[] = [];
  for (let count = 0; count < 7; count += 1) {
    ids.push((await x.post({ text: `post ${count}` })).json.data.id);
    sim.clock.advance(MINUTE_MS);
  }
  return { ids, startedAt };
}

const idsOf = ({ json }: Answer): string[] => (json.data ?? []).map(({ id }: { id: string }) => id);

describe('timeline', () => {
  test('is newest first and goes on page by page', async ({ expect }) => {
    await using checked = await startCheckedSim();
    const { x, user } = checked;
    const { ids } = await postSeven(checked);
    const first = await x.timeline(user.id, { max_results: '5' });
    expect(idsOf(first)).toEqual(ids.toReversed().slice(0, 5));
    expect(first.json.meta).toMatchObject({ result_count: 5, newest_id: ids[6], oldest_id: ids[2] });
    const next = { max_results: '5', pagination_token: first.json.meta.next_token };
    const second = await x.timeline(user.id, next);
    expect(idsOf(second)).toEqual([ids[1], ids[0]]);
    expect(second.json.meta.next_token).toBeUndefined();
  });

  test('takes exclusive ids, real or made from a time, and times', async ({ expect }) => {
    await using checked = await startCheckedSim();
    const { x, user } = checked;
    const { ids, startedAt } = await postSeven(checked);
    const at = async (query: Record<string, string>) => idsOf(await x.timeline(user.id, query)).toReversed();
    expect(await at({ since_id: ids[4] ?? '' })).toEqual(ids.slice(5));
    expect(await at({ since_id: String(smallestIdAt(startedAt - MINUTE_MS)) })).toEqual(ids);
    expect(await at({ since_id: String(smallestIdAt(startedAt + 4.5 * MINUTE_MS)) })).toEqual(ids.slice(5));
    expect(await at({ until_id: ids[2] ?? '' })).toEqual(ids.slice(0, 2));
    const time = (minutes: number) => new Date(startedAt + minutes * MINUTE_MS).toISOString();
    expect(await at({ start_time: time(5) })).toEqual(ids.slice(5));
    expect(await at({ end_time: time(2) })).toEqual(ids.slice(0, 2));
  });

  test.for(['old', 'new'] as const)(
    'expands media keys without any fields, vocabulary %s',
    async (vocabulary, { expect }) => {
      await using checked = await startCheckedSim({ config: { vocabulary } });
      const { x, user, sim } = checked;
      const media = await x.upload('image/png', 'tweet_image', makePng());
      await x.post({ text: 'with', media: { media_ids: [media] } });
      await x.post({ text: 'without' });
      const key = sim.ledger().uploads[0]?.mediaKey;
      const { json } = await x.timeline(user.id, {
        expansions: 'attachments.media_keys',
        'media.fields': 'url',
      });
      expect(json.data).toMatchObject([{ text: 'without' }, { attachments: { media_keys: [key] } }]);
      expect(json.data[0].attachments).toBeUndefined();
      expect(json.includes.media).toEqual([{ media_key: key, type: 'photo', url: expect.any(String) }]);
      const plain = (await x.timeline(user.id)).json;
      expect(plain.includes).toBeUndefined();
      expect(Object.keys(plain.data[0]).length).toBe(3);
    },
  );

  test('shows a post after the lag, and never deleted or promoted-only ones', async ({ expect }) => {
    await using checked = await startCheckedSim({ config: { timelineLagMs: 10_000 } });
    const { x, user, sim } = checked;
    sim.clock.freeze();
    const shown = (await x.post({ text: 'shown' })).json.data.id;
    const deleted = (await x.post({ text: 'deleted' })).json.data.id;
    await x.post({ text: 'hidden', nullcast: true });
    await x.request('DELETE', `/2/tweets/${deleted}`);
    expect((await x.timeline(user.id)).json).toEqual({ meta: { result_count: 0 } });
    const me = () => x.request('GET', '/2/users/me', { query: { expansions: 'most_recent_tweet_id' } });
    expect((await me()).json.data.most_recent_tweet_id).toBeUndefined();
    sim.clock.advance(10_000);
    expect(idsOf(await x.timeline(user.id))).toEqual([shown]);
    expect((await me()).json).toMatchObject({
      data: { most_recent_tweet_id: shown },
      includes: { tweets: [{ id: shown }] },
    });
  });

  test('leaves replies out when asked to', async ({ expect }) => {
    await using checked = await startCheckedSim();
    const { x, user } = checked;
    const root = (await x.post({ text: 'root' })).json.data.id;
    await x.post({ text: 'reply', reply: { in_reply_to_tweet_id: root } });
    expect(idsOf(await x.timeline(user.id, { exclude: 'replies,retweets' }))).toEqual([root]);
  });

  test.for([
    [{ max_results: '4' }, 'is not between 5 and 100'],
    [{ max_results: '101' }, 'is not between 5 and 100'],
    [{ since_id: 'abc' }, 'does not match'],
    [{ since_id: '2', until_id: '1' }, "'since_id' must be less than 'until_id'"],
    [{ start_time: 'yesterday' }, 'RFC3339'],
    [{ start_time: '2010-01-01T00:00:00Z' }, '2010-11-06'],
    [{ pagination_token: 'abc' }, 'pagination_token'],
    [{ exclude: 'quotes' }, 'is not one of [replies,retweets]'],
    [{ limit: '10' }, 'The query parameter [limit] is not one of'],
  ] as const)('refuses %j', async ([query, message], { expect }) => {
    await using checked = await startCheckedSim({ config: { vocabulary: 'new' } });
    const { status, json } = await checked.x.timeline(checked.user.id, query);
    expect(status).toBe(400);
    expect(json.errors[0].message).toContain(message);
  });

  test('of nobody is a 200 with errors', async ({ expect }) => {
    await using checked = await startCheckedSim({ config: { vocabulary: 'new' } });
    const { status, json } = await checked.x.timeline('99');
    expect(status).toBe(200);
    expect(json).toMatchObject({ errors: [{ resource_type: 'user', resource_id: '99' }] });
  });
});

test.for(['old', 'new'] as const)('users/me and usage, vocabulary %s', async (vocabulary, { expect }) => {
  await using checked = await startCheckedSim({
    config: { vocabulary },
    user: { username: 'ada', name: 'Ada', subscription: 'Premium' },
  });
  const { x, user, sim } = checked;
  expect((await x.request('GET', '/2/users/me')).json).toEqual({
    data: { id: user.id, name: 'Ada', username: 'ada' },
  });
  const query = { 'user.fields': 'subscription_type,verified_type,verified' };
  expect((await x.request('GET', '/2/users/me', { query })).json.data).toMatchObject({
    subscription_type: 'Premium',
    verified_type: 'blue',
  });
  const app = sim.addApp();
  const headers = { authorization: `Bearer ${app.bearerToken}` };
  const usage = {
    query: { 'usage.fields': 'cap_reset_day,daily_client_app_usage,daily_project_usage' },
    headers,
  };
  const { status, json } = await x.request('GET', '/2/usage/tweets', usage);
  expect(status).toBe(200);
  expect(typeof json.data.project_usage).toBe(vocabulary === 'old' ? 'number' : 'string');
  const asUser = await x.request('GET', '/2/usage/tweets');
  expect(asUser.json.type).toMatch(/\/unsupported-authentication$/);
  const asApp = await x.request('GET', '/2/users/me', { headers });
  expect(asApp).toMatchObject({ status: 403, json: { title: 'Unsupported Authentication' } });
});
