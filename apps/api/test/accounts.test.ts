import { afterAll, beforeAll, describe, test } from 'vitest';
import { startConnectRig, type ConnectRig } from './connect-rig.ts';
import type { Answer } from './start-api.ts';

let rig: ConnectRig;

beforeAll(async () => {
  rig = await startConnectRig();
});
afterAll(() => rig.stop());

let made = 0;

async function connected(input: Parameters<ConnectRig['addUser']>[0] = {}): Promise<Answer['body']> {
  const user = rig.addUser({ username: `owner${(made += 1)}`, ...input });
  const { accessToken, refreshToken } = user;
  const { body } = await rig.paste({ oauth2: { accessToken, refreshToken } });
  return { ...body, user };
}

const change = (id: string, body: object): Promise<Answer> =>
  rig.api.ask(`/v1/accounts/${id}`, { method: 'PATCH', body });

describe('accounts', () => {
  test('are listed page by page, each once', async ({ expect }) => {
    const ids = [];
    for (let count = 0; count < 5; count++) ids.push((await connected()).id);
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const at: string = cursor === null ? '' : `&cursor=${cursor}`;
      const page = await rig.api.ask(`/v1/accounts?limit=2${at}`);
      expect(page.body.accounts.length).toBeLessThanOrEqual(2);
      seen.push(...page.body.accounts.map(({ id }: { id: string }) => id));
      cursor = page.body.nextCursor;
    } while (cursor !== null);
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen).toEqual(expect.arrayContaining(ids));
  });

  test('are not listed from a cursor of another list', async ({ expect }) => {
    const answer = await rig.api.ask('/v1/accounts?cursor=post_x');
    expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
  });

  test('are found by id and by name, and not otherwise', async ({ expect }) => {
    const { id, username } = await connected();
    for (const ref of [id, `@${username}`, `@${username.toUpperCase()}`, `%40${username}`])
      expect((await rig.api.ask(`/v1/accounts/${ref}`)).body.id).toBe(id);
    for (const ref of [username, '@nobody', 'acct_01k9zq3v6h2m8d4t7w5x0c1b99', `@${id}`]) {
      const answer = await rig.api.ask(`/v1/accounts/${ref}`);
      expect(answer).toMatchObject({ status: 404, body: { code: 'account_not_found' } });
    }
  });
});

describe('a change', () => {
  test('is of what it names, and nothing else', async ({ expect }) => {
    const { id } = await connected();
    const calendar = { timeZone: 'Europe/Berlin', slots: [{ days: ['mon'], times: ['09:00'] }] };
    await change(id, { weight: 3, calendar });
    await change(id, { tier: 'basic', monthlyBudgetUsd: 20.5, conflictDistanceMs: 60_000 });
    const expected = {
      tier: 'basic',
      weight: 3,
      monthlyBudgetUsd: 20.5,
      calendar,
      conflictDistanceMs: 60_000,
    };
    expect((await rig.api.ask(`/v1/accounts/${id}`)).body).toMatchObject(expected);
    const reset = { tier: null, monthlyBudgetUsd: null, calendar: null };
    expect((await change(id, reset)).body).toMatchObject({ ...expected, ...reset });
    expect((await change(id, {})).body).toMatchObject({ ...expected, ...reset });
  });

  test('of two callers at once loses neither', async ({ expect }) => {
    const { id } = await connected();
    await Promise.all([
      change(id, { weight: 5 }),
      change(id, { conflictDistanceMs: 1 }),
      change(id, { tier: 'pro' }),
    ]);
    const { body } = await rig.api.ask(`/v1/accounts/${id}`);
    expect(body).toMatchObject({ weight: 5, conflictDistanceMs: 1, tier: 'pro' });
  });

  test.for([
    [{ weight: 0 }, 'weight', 'out_of_range'],
    [{ weight: 1.5 }, 'weight', 'wrong_type'],
    [{ tier: 'enterprise' }, 'tier', 'invalid_value'],
    [{ monthlyBudgetUsd: -1 }, 'monthlyBudgetUsd', 'out_of_range'],
    [{ conflictDistanceMs: 86_400_001 }, 'conflictDistanceMs', 'out_of_range'],
    [{ paused: 'yes' }, 'paused', 'wrong_type'],
    [{ wieght: 2 }, 'wieght', 'unknown_field'],
    [{ username: 'x' }, 'username', 'unknown_field'],
    [{ calendar: { timeZone: 'Europe/Berln', slots: [] } }, 'calendar.slots', 'too_short'],
    [
      { calendar: { timeZone: 'UTC', slots: [{ days: ['mon'], times: ['9:00'] }] } },
      'calendar.slots[0].times[0]',
      'invalid_format',
    ],
    [
      { calendar: { timeZone: 'UTC', slots: [{ days: ['monday'], times: ['09:00'] }] } },
      'calendar.slots[0].days[0]',
      'invalid_value',
    ],
  ] as const)('that is wrong changes nothing: %j', async ([body, path, code], { expect }) => {
    const { id } = await connected();
    const before = (await rig.api.ask(`/v1/accounts/${id}`)).body;
    const answer = await change(id, { ...body, conflictDistanceMs: 1, ...body });
    expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
    expect(answer.body.errors).toContainEqual(expect.objectContaining({ path, code }));
    expect((await rig.api.ask(`/v1/accounts/${id}`)).body).toEqual(before);
  });

  test.for([
    ['Europe/Berln', 'Did you mean Europe/Berlin?'],
    ['+02:00', 'Use an IANA name such as Europe/Berlin or UTC.'],
  ] as const)('names the zone that was meant by %s', async ([timeZone, hint], { expect }) => {
    const { id } = await connected();
    const answer = await change(id, {
      calendar: { timeZone, slots: [{ days: ['mon'], times: ['09:00'] }] },
    });
    expect(answer.body.errors).toEqual([
      expect.objectContaining({ path: 'calendar.timeZone', code: 'unknown_time_zone', hint }),
    ]);
  });
});

describe('an account', () => {
  test('is paused and resumed by its owner, and by nothing else', async ({ expect }) => {
    const { id } = await connected();
    const paused = await change(id, { paused: true });
    expect(paused.body).toMatchObject({
      health: 'paused',
      paused: true,
      blocks: [{ cause: 'paused', until: null }],
    });
    const released = await rig.api.ask(`/v1/accounts/${id}/release`, { method: 'POST' });
    expect(released.body).toMatchObject({ health: 'paused', paused: true });
    expect((await change(id, { paused: false })).body).toMatchObject({
      health: 'active',
      paused: false,
      blocks: [],
    });
  });

  test('that is blocked says why, and is released in one action', async ({ expect }) => {
    const { id } = await connected();
    const since = Date.now();
    await rig.api.blocks.block(id, { cause: 'suspended', since, until: null, detail: 'X: suspended.' });
    const blocked = {
      cause: 'suspended',
      since: new Date(since).toISOString(),
      until: null,
      detail: 'X: suspended.',
      app: null,
    };
    const { body } = await rig.api.ask(`/v1/accounts/${id}`);
    expect(body).toMatchObject({ health: 'suspended', paused: false, blocks: [blocked] });
    const released = await rig.api.ask(`/v1/accounts/${id}/release`, { method: 'POST' });
    expect(released).toMatchObject({ status: 200, body: { health: 'active', blocks: [] } });
    expect((await rig.api.ask(`/v1/accounts/${id}/release`, { method: 'POST' })).status).toBe(200);
  });

  test('whose budget is spent goes on when that is changed', async ({ expect }) => {
    const { id } = await connected();
    const block = { since: Date.now(), until: Date.now() + 86_400_000, detail: 'The budget is spent.' };
    await rig.api.blocks.block(id, { cause: 'budget', ...block });
    expect((await change(id, { weight: 2 })).body).toMatchObject({ health: 'waiting' });
    expect((await change(id, { monthlyBudgetUsd: 5 })).body).toMatchObject({ health: 'active' });
  });

  test('that needs to be connected again is well as soon as it is', async ({ expect }) => {
    const { id, user } = await connected();
    const block = { since: Date.now(), until: null, detail: 'The refresh token is spent.' };
    await rig.api.blocks.block(id, { cause: 'needs_reconnect', ...block });
    expect((await rig.api.ask(`/v1/accounts/${id}`)).body.health).toBe('needs_reconnect');
    expect((await rig.connect(user)).status).toBe(200);
    expect((await rig.api.ask(`/v1/accounts/${id}`)).body).toMatchObject({
      health: 'active',
      scopes: expect.any(Array),
    });
  });
});

describe('an account that is disconnected', () => {
  test('has its tokens revoked by X, and leaves no secret', async ({ expect }) => {
    const { id, username, user } = await connected();
    const answer = await rig.api.ask(`/v1/accounts/@${username}`, { method: 'DELETE' });
    expect(answer).toMatchObject({ status: 200, body: { id, username, revoked: true } });
    expect((await rig.api.ask(`/v1/accounts/${id}`)).status).toBe(404);
    const again = await rig.paste({ oauth2: { accessToken: user.accessToken } });
    expect(again).toMatchObject({ status: 422, body: { code: 'account_refused' } });
    expect((await rig.api.ask(`/v1/accounts/${id}`, { method: 'DELETE' })).status).toBe(404);
    expect(await rig.api.blocks.get(id)).toMatchObject({ block: { cause: 'disconnected' } });
  });

  test('is gone though X does not revoke its tokens, and that is said', async ({ expect }) => {
    const { id } = await connected();
    rig.sim.faults.script({ on: { operation: 'oauth2.revoke' }, do: { answer: 'service_unavailable' } });
    const answer = await rig.api.ask(`/v1/accounts/${id}`, { method: 'DELETE' });
    expect(answer).toMatchObject({ status: 200, body: { revoked: false } });
    expect(answer.body.detail).toContain('X did not revoke the tokens');
    expect((await rig.api.ask(`/v1/accounts/${id}`)).status).toBe(404);
  });

  test('that came from the accounts file comes back under the id that it had there', async ({ expect }) => {
    const { body: filed } = await rig.api.ask('/v1/accounts/@acme');
    await rig.api.ask('/v1/accounts/@acme', { method: 'DELETE' });
    const user = rig.addUser({ id: filed.xUserId, username: 'acme' });
    await rig.connect(user);
    expect((await rig.api.ask('/v1/accounts/@acme')).body).toMatchObject({ id: filed.id, via: 'oauth2' });
  });

  test('comes back under its id, and well', async ({ expect }) => {
    const { id, user } = await connected();
    await rig.api.ask(`/v1/accounts/${id}`, { method: 'DELETE' });
    expect((await rig.connect(user)).status).toBe(200);
    expect((await rig.api.ask(`/v1/accounts/${id}`)).body).toMatchObject({
      id,
      health: 'active',
      blocks: [],
    });
  });
});

describe('a post of an account that is blocked', () => {
  const minutes = (count: number): number => Date.now() + count * 60_000;
  const waitingOf = async (id: string): Promise<Answer['body']> => {
    const { body: post } = await rig.api.ask(`/v1/posts/${id}`);
    const { body: list } = await rig.api.ask(`/v1/posts?account=${post.account}`);
    const listed = list.posts.find((each: { id: string }) => each.id === id);
    if (JSON.stringify(listed) !== JSON.stringify(post)) throw new Error('the list tells it otherwise');
    return post.waiting;
  };

  test.for([
    ['disconnected', null, 'account'],
    ['budget', 60, 'credits'],
    ['unauthorized', 60, 'account'],
    ['unauthorized', 5, null],
  ] as const)(
    'says so where it is in its way: %s for %s minutes',
    async ([cause, forMinutes, reason], { expect }) => {
      const { id: account } = await connected();
      const publishAt = new Date(minutes(10)).toISOString();
      const { body } = await rig.api.ask('/v1/posts', {
        method: 'POST',
        body: { account, text: 'held back', publishAt },
      });
      expect(await waitingOf(body.id)).toBeNull();
      const until = forMinutes === null ? null : minutes(forMinutes);
      await rig.api.blocks.block(account, { cause, since: Date.now(), until, detail: 'X said so.' });
      expect(await waitingOf(body.id)).toEqual(
        reason && {
          reason,
          until: until === null ? null : new Date(until).toISOString(),
          detail: 'X said so.',
        },
      );
      await change(account, { paused: true });
      expect((await waitingOf(body.id)).reason).toBe(reason ?? 'paused');
    },
  );

  test('does not say so when it is over', async ({ expect }) => {
    const { id: account } = await connected();
    const publishAt = new Date(minutes(10)).toISOString();
    const { body } = await rig.api.ask('/v1/posts', {
      method: 'POST',
      body: { account, text: 'canceled', publishAt },
    });
    await rig.api.ask(`/v1/posts/${body.id}/cancel`, { method: 'POST' });
    await change(account, { paused: true });
    expect(await waitingOf(body.id)).toBeNull();
  });
});
