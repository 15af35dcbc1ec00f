import { describe, test } from 'vitest';
import type { SimConfigPatch, UserInput } from '../src/index.ts';
import { startCheckedSim } from './checked-sim.ts';
import { makeGif, makeMp4, makePng } from './media.ts';

const MINUTE_MS = 60_000;

describe('create', () => {
  test.for(['old', 'new'] as const)(
    'answers in the words of the %s vocabulary',
    async (vocabulary, { expect }) => {
      await using checked = await startCheckedSim({ config: { vocabulary } });
      const { x } = checked;
      const { status, json } = await x.post({ text: 'hello' });
      expect(status).toBe(201);
      const field = vocabulary === 'old' ? 'edit_history_tweet_ids' : 'edit_history_post_ids';
      expect(json).toEqual({ data: { id: json.data.id, text: 'hello', [field]: [json.data.id] } });
      const host = vocabulary === 'old' ? 'api.twitter.com' : 'api.x.com';
      expect((await x.post({})).json.type).toBe(`https://${host}/2/problems/invalid-request`);
    },
  );

  test.for([
    ['an unknown key', { text: 'a', tweet: 1 }, '$.tweet: is not defined in the schema'],
    ['an unknown key inside', { media: { media_ids: ['1'], ids: [] } }, '$.media.ids: is not defined'],
    ['five media', { media: { media_ids: ['1', '2', '3', '4', '5'] } }, 'maximum of 4 items'],
    ['no media', { media: { media_ids: [] } }, 'minimum of 1 items'],
    ['a number for an id', { media: { media_ids: [1] } }, '$.media.media_ids[0]: string expected'],
    ['nothing at all', {}, '$.text: is missing'],
    [
      'a poll with media',
      { poll: { options: ['a', 'b'], duration_minutes: 5 }, media: { media_ids: ['1'] } },
      'You can only provide one of',
    ],
    [
      'a poll with one option',
      { text: 'a', poll: { options: ['a'], duration_minutes: 5 } },
      '$.poll.options',
    ],
    [
      'unknown reply settings',
      { text: 'a', reply_settings: 'everyone' },
      '$.reply_settings: does not have a value',
    ],
    [
      'two calls to action',
      {
        media: {
          media_ids: ['1'],
          call_to_actions: { visit_site: { url: 'https://a.b' }, watch_now: { url: 'https://a.b' } },
        },
      },
      'exactly one',
    ],
  ] as const)('refuses %s', async ([_what, body, message], { expect }) => {
    await using checked = await startCheckedSim();
    const { status, json } = await checked.x.post(body);
    expect(status).toBe(400);
    expect(json.errors[0].message).toContain(message);
  });

  test.for([
    ['280 plain characters', 'a'.repeat(280), {}, 201],
    ['281 plain characters', 'a'.repeat(281), {}, 403],
    ['140 wide characters', '語'.repeat(140), {}, 201],
    ['141 wide characters', '語'.repeat(141), {}, 403],
    ['a long link that counts 23', `${'a'.repeat(256)} https://example.com/${'b'.repeat(300)}`, {}, 201],
    ['25,000 characters of a Premium user', 'a'.repeat(25_000), { subscription: 'Premium' }, 201],
    ['25,001 characters of a Premium user', 'a'.repeat(25_001), { subscription: 'Premium' }, 403],
    ['one cashtag', 'buy $TSLA', {}, 201],
    ['two cashtags', 'buy $TSLA and $AAPL', {}, 403],
  ] as const)('%s', async ([_what, text, user, status], { expect }) => {
    await using checked = await startCheckedSim({ user: user satisfies UserInput });
    expect((await checked.x.post({ text })).status).toBe(status);
  });

  test('takes up to four photos, or one GIF, or one video', async ({ expect }) => {
    await using checked = await startCheckedSim();
    const { x, sim } = checked;
    const photos: string[] = [];
    for (let count = 0; count < 4; count += 1)
      photos.push(await x.upload('image/png', 'tweet_image', makePng()));
    const gif = await x.upload('image/gif', 'tweet_gif', makeGif());
    const video = await x.upload('video/mp4', 'tweet_video', makeMp4(500));
    sim.clock.advance(5000);
    const statusOf = async (ids: string[]) => (await x.post({ media: { media_ids: ids } })).status;
    const [first = ''] = photos;
    expect(await statusOf(photos)).toBe(201);
    expect(await statusOf([gif])).toBe(201);
    expect(await statusOf([video])).toBe(201);
    expect(await statusOf([gif, video])).toBe(403);
    expect(await statusOf([first, video])).toBe(403);
    expect(await statusOf([first, first])).toBe(400);
    const posts = sim.ledger().posts.map((post) => post.mediaIds);
    expect(posts).toEqual([photos, [gif], [video]]);
  });

  test('lets additional owners attach', async ({ expect }) => {
    await using checked = await startCheckedSim();
    const { x, join } = checked;
    const friend = join();
    const png = makePng();
    const more = { additional_owners: [friend.user.id] };
    const { id } = (await x.initialize('image/png', 'tweet_image', png.length, more)).json.data;
    await x.append(id, 0, png);
    await x.finalize(id);
    expect((await friend.x.post({ media: { media_ids: [id] } })).status).toBe(201);
    expect((await join().x.post({ media: { media_ids: [id] } })).status).toBe(400);
  });

  test.for([
    ['allow', 201],
    ['reject', 400],
  ] as const)(
    'with media that were posted before, configured as %s, answers %i',
    async ([mediaReuse, status], { expect }) => {
      await using checked = await startCheckedSim({ config: { mediaReuse } });
      const id = await checked.x.upload('image/png', 'tweet_image', makePng());
      await checked.x.post({ media: { media_ids: [id] } });
      expect((await checked.x.post({ media: { media_ids: [id] } })).status).toBe(status);
    },
  );

  test('refuses the same text until the window has passed, also after a deletion', async ({ expect }) => {
    await using checked = await startCheckedSim({ config: { duplicateWindowMs: 10 * MINUTE_MS } });
    const { x, sim, join } = checked;
    sim.clock.freeze();
    const { data } = (await x.post({ text: 'again' })).json;
    await x.request('DELETE', `/2/tweets/${data.id}`);
    expect((await x.post({ text: ' again ' })).status).toBe(403);
    expect((await join().x.post({ text: 'again' })).status).toBe(201);
    sim.clock.advance(10 * MINUTE_MS);
    expect((await x.post({ text: 'again' })).status).toBe(201);
  });

  test.for([
    ['forbidden', 403],
    ['allowed', 201],
  ] as const)('quotes are %s', async ([quotes, status], { expect }) => {
    await using checked = await startCheckedSim({ config: { quotes } satisfies SimConfigPatch });
    const { data } = (await checked.x.post({ text: 'a' })).json;
    expect((await checked.x.post({ text: 'b', quote_tweet_id: data.id })).status).toBe(status);
  });

  test('wraps links and escapes what it shows, and keeps what was sent', async ({ expect }) => {
    await using checked = await startCheckedSim();
    const { x, sim } = checked;
    const id = await x.upload('image/png', 'tweet_image', makePng());
    const text = 'see https://example.com & <b>';
    const { data } = (await x.post({ text, media: { media_ids: [id] } })).json;
    expect(data.text).toMatch(/^see https:\/\/t\.co\/\w{10} &amp; &lt;b&gt; https:\/\/t\.co\/\w{10}$/);
    expect(sim.ledger().posts[0]?.text).toBe(text);
    sim.configure({ textRendering: 'as_sent' });
    expect((await x.post({ text: 'a & b' })).json.data.text).toBe('a & b');
  });

  test('edits a Premium user’s post within half an hour', async ({ expect }) => {
    await using checked = await startCheckedSim({ user: { subscription: 'Premium' } });
    const { x, user, sim, join } = checked;
    const first = (await x.post({ text: 'teh' })).json.data;
    const edit = (text: string, previous_post_id: string) =>
      x.post({ text, edit_options: { previous_post_id } });
    const second = (await edit('the', first.id)).json.data;
    expect(second.edit_history_tweet_ids).toEqual([first.id, second.id]);
    expect((await x.timeline(user.id)).json.data.map(({ id }: { id: string }) => id)).toEqual([second.id]);
    expect((await edit('again', first.id)).status).toBe(403);
    expect((await join().x.post({ text: 'a', edit_options: { previous_post_id: second.id } })).status).toBe(
      403,
    );
    sim.clock.advance(31 * MINUTE_MS);
    expect((await edit('late', second.id)).status).toBe(403);
    await x.request('DELETE', `/2/tweets/${second.id}`);
    expect(sim.ledger().posts.every(({ deletedAt }) => deletedAt !== undefined)).toBe(true);
  });

  test('keeps options, and answers within a thread of one’s own', async ({ expect }) => {
    await using checked = await startCheckedSim();
    const { x, sim } = checked;
    const root = (await x.post({ text: 'one', made_with_ai: true, reply_settings: 'following' })).json.data;
    const reply = await x.post({ text: 'two', reply: { in_reply_to_tweet_id: root.id } });
    expect(reply.status).toBe(201);
    expect((await x.post({ text: 'three', reply: { in_reply_to_tweet_id: '1' } })).status).toBe(403);
    expect(sim.ledger().posts).toMatchObject([
      { options: { made_with_ai: true, reply_settings: 'following' } },
      { inReplyToId: root.id },
    ]);
  });
});

test('deletes one’s own posts, once', async ({ expect }) => {
  await using checked = await startCheckedSim();
  const { x, sim, join } = checked;
  const { data } = (await x.post({ text: 'a' })).json;
  const remove = (client: typeof x) => client.request('DELETE', `/2/tweets/${data.id}`);
  expect((await remove(join().x)).status).toBe(403);
  expect((await remove(x)).json).toEqual({ data: { deleted: true } });
  expect((await remove(x)).status).toBe(404);
  expect(sim.ledger().posts[0]?.deletedAt).toBeTypeOf('number');
});

test.for(['old', 'new'] as const)('looks posts up, vocabulary %s', async (vocabulary, { expect }) => {
  await using checked = await startCheckedSim({ config: { vocabulary } });
  const { x, user } = checked;
  const { data } = (await x.post({ text: 'a' })).json;
  const query = {
    ids: `${data.id},1`,
    'tweet.fields': 'created_at,conversation_id,reply_settings',
    expansions: 'author_id',
  };
  const many = await x.request('GET', '/2/tweets', { query });
  expect(many.json).toMatchObject({
    data: [{ id: data.id, author_id: user.id, conversation_id: data.id, reply_settings: 'everyone' }],
    includes: { users: [{ id: user.id, username: user.username }] },
    errors: [{ resource_id: '1' }],
  });
  expect((await x.request('GET', `/2/tweets/${data.id}`)).json.data.text).toBe('a');
  expect((await x.request('GET', '/2/tweets/1')).json.errors).toHaveLength(1);
});
