import type { FaultInput } from '@slipway/x-sim';
import { eventually } from '@slipway/testkit';
import { afterAll, beforeAll, beforeEach, describe, test } from 'vitest';
import { type Connected, type Fellow, type Rig, startRig } from './rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
});
beforeEach(async () => {
  rig.sim.faults.clear();
  await rig.redis.flushall();
});
afterAll(() => rig.stop());

const LONG = 60 * 60_000;
const DEAD = -1_000;
const MINUTE = 60_000;

/** How many token calls the work made. */
async function callsOf(work: () => Promise<unknown>): Promise<number> {
  const before = rig.tokenCalls();
  await work();
  return rig.tokenCalls() - before;
}

const answerToken = (answer: FaultInput['do']): string =>
  rig.sim.faults.script({ on: { operation: 'oauth2.token' }, do: answer });

describe('tokens', () => {
  test('that live are used as they are', async ({ expect }) => {
    const { id, accessToken } = await rig.connect(LONG);
    const { accounts } = rig.fellow();
    const calls = await callsOf(async () => {
      expect(await accounts.credentialsOf(id)).toEqual({ credentials: { type: 'oauth2', accessToken } });
    });
    expect(calls).toBe(0);
  });

  test.for([
    ['that end soon', MINUTE],
    ['that have ended', DEAD],
  ] as const)(
    '%s are refreshed first, once, and the new pair can be refreshed again',
    async ([, livesMs], { expect }) => {
      const { id, accessToken } = await rig.connect(livesMs);
      for (let before = accessToken; ;) {
        const fellow = rig.fellow();
        const found = await fellow.accounts.credentialsOf(id);
        if (!('credentials' in found) || found.credentials.type !== 'oauth2') throw new Error('none');
        expect(found.credentials.accessToken).not.toBe(before);
        expect(await rig.works(found)).toBe(true);
        const again = await callsOf(() => rig.fellow().accounts.credentialsOf(id));
        expect(again).toBe(0);
        if (before !== accessToken) break;
        before = found.credentials.accessToken;
        await fellow.accounts.refused(id, found.credentials);
      }
      expect((await rig.records.get(id))?.grant).toMatchObject({
        refreshable: true,
        scopes: expect.arrayContaining(['media.write']),
      });
      const livesFor = ((await rig.records.get(id))?.grant.expiresAt ?? 0) - Date.now();
      expect(livesFor).toBeGreaterThan(7_190_000);
      expect(livesFor).toBeLessThanOrEqual(7_200_000);
    },
  );

  test.for([
    ['without a refresh token', { refreshToken: null }],
    ['of OAuth 1.0a', 'oauth1'],
  ] as const)('%s are used to their end, also when X refuses them', async ([, kind], { expect }) => {
    const { id, user } = await rig.connect(kind === 'oauth1' ? null : MINUTE, kind === 'oauth1' ? {} : kind);
    if (kind === 'oauth1') {
      const { consumerKey, consumerSecret, token, tokenSecret } = user.oauth1;
      await rig.vault.connect({
        username: user.username,
        xUserId: user.id,
        app: null,
        scopes: null,
        expiresAt: null,
        secret: {
          type: 'oauth1',
          consumerKey,
          consumerSecret,
          accessToken: token,
          accessTokenSecret: tokenSecret,
        },
      });
    }
    const { accounts } = rig.fellow();
    const found = await accounts.credentialsOf(id);
    expect(await rig.works(found)).toBe(true);
    if ('credentials' in found) await accounts.refused(id, found.credentials);
    expect(await callsOf(async () => expect(await accounts.credentialsOf(id)).toEqual(found))).toBe(0);
  });

  test('that have ended without a refresh token need their owner', async ({ expect }) => {
    const { id } = await rig.connect(DEAD, { refreshToken: null });
    expect(await rig.fellow().accounts.credentialsOf(id)).toMatchObject({
      waiting: {
        reason: 'account',
        cause: 'needs_reconnect',
        detail: expect.stringContaining('offline.access'),
      },
    });
    expect((await rig.blocks.get(id)).block).toMatchObject({ cause: 'needs_reconnect', until: null });
  });

  test('of an account that was removed are gone', async ({ expect }) => {
    const { id } = await rig.connect(LONG);
    await rig.records.remove(id);
    const { accounts } = rig.fellow();
    expect(await accounts.credentialsOf(id)).toMatchObject({ waiting: { cause: 'disconnected' } });
    expect(await accounts.find(id)).toBeNull();
  });

  test.for([-5, 5])(
    'do not depend on the clock of a worker that is %i minutes off',
    async (minutes, { expect }) => {
      const skewed = (): Fellow => rig.fellow({ now: () => Date.now() + minutes * MINUTE });
      const alive = await rig.connect(4 * MINUTE);
      expect(await callsOf(() => skewed().accounts.credentialsOf(alive.id))).toBe(0);
      const ending = await rig.connect(MINUTE);
      expect(await callsOf(async () => rig.works(await skewed().accounts.credentialsOf(ending.id)))).toBe(1);
      // What the skewed one stored is right for the others.
      expect(await callsOf(() => rig.fellow().accounts.credentialsOf(ending.id))).toBe(0);
    },
  );

  test('whose end nobody knows, or knows wrongly, are refreshed when X refuses them', async ({ expect }) => {
    for (const livesMs of [null, LONG]) {
      const { id, accessToken } = await rig.connect(livesMs);
      const { accounts } = rig.fellow();
      await accounts.credentialsOf(id);
      await accounts.refused(id, { type: 'oauth2', accessToken });
      expect(await callsOf(async () => rig.works(await accounts.credentialsOf(id)))).toBe(1);
    }
  });
});

describe('one refresh', () => {
  test.for([
    ['tokens that end soon', MINUTE],
    ['tokens that have ended', DEAD],
    ['tokens that X has refused', LONG],
  ] as const)('serves 50 workers that ask at once, with %s', async ([, livesMs], { expect }) => {
    const { id, accessToken } = await rig.connect(livesMs);
    const fellows = Array.from({ length: 50 }, () => rig.fellow());
    answerToken({ delayMs: 150 });
    const calls = await callsOf(async () => {
      if (livesMs === LONG) {
        await Promise.all(
          fellows.map(({ accounts }) => accounts.refused(id, { type: 'oauth2', accessToken })),
        );
      }
      const found = await Promise.all(fellows.map(({ accounts }) => accounts.credentialsOf(id)));
      expect(new Set(found.map((each) => JSON.stringify(each))).size).toBe(1);
      expect(JSON.stringify(found[0])).not.toContain(accessToken);
      expect(await rig.works(found[0] ?? { waiting: { reason: 'account', until: 0, detail: null } })).toBe(
        true,
      );
    });
    expect(calls).toBe(1);
  });

  test('that fails is not tried by each of 50 that ask at once', async ({ expect }) => {
    const { id } = await rig.connect(DEAD, { refreshToken: 'spent' });
    const calls = await callsOf(async () => {
      const found = await Promise.all(
        Array.from({ length: 50 }, () => rig.fellow().accounts.credentialsOf(id)),
      );
      for (const each of found) expect(each).toMatchObject({ waiting: { cause: 'needs_reconnect' } });
    });
    expect(calls).toBe(1);
  });

  test('is not waited for where the old token still lives and X takes its time', async ({ expect }) => {
    const { id, accessToken } = await rig.connect(MINUTE);
    rig.sim.configure({ refreshedAccessToken: 'lives' });
    answerToken({ delayMs: 5_000 });
    const [one, other] = [rig.fellow(), rig.fellow()];
    const [first, second] = await Promise.all([one, other].map(({ accounts }) => accounts.credentialsOf(id)));
    expect([first, second]).toEqual([
      { credentials: { type: 'oauth2', accessToken } },
      { credentials: { type: 'oauth2', accessToken } },
    ]);
    await Promise.all([one.refresher.idle(), other.refresher.idle()]);
    rig.sim.configure({ refreshedAccessToken: 'dies' });
    expect(await rig.works(await rig.fellow().accounts.credentialsOf(id))).toBe(true);
  });

  test('goes on when whoever began it has died', async ({ expect }) => {
    const { id } = await rig.connect(DEAD);
    const { rev } = (await rig.secrets.read(id)) ?? { rev: 0 };
    expect(await rig.secrets.lease(id, { rev, by: 'the dead', leaseMs: 400 })).toBe('taken');
    expect(await rig.secrets.lease(id, { rev, by: 'another', leaseMs: 400 })).toBe('busy');
    expect(await rig.works(await rig.fellow().accounts.credentialsOf(id))).toBe(true);
  });

  test('keeps its pair in hand until Redis takes it', async ({ expect }) => {
    const { id } = await rig.connect(DEAD);
    answerToken({ delayMs: 300 });
    const found = rig.fellow().accounts.credentialsOf(id);
    await eventually(() => rig.sim.openRequests() > 0);
    await rig.redis.config('SET', 'maxmemory', 1);
    await rig.sim.waitFor(
      ({ requests }) => requests['oauth2.token']?.['200'] !== undefined && rig.sim.openRequests() === 0,
    );
    await rig.redis.config('SET', 'maxmemory', 0);
    expect(await rig.works(await found)).toBe(true);
  });

  test('gives way to an account that is connected anew meanwhile', async ({ expect }) => {
    const { id, user } = await rig.connect(DEAD);
    rig.sim.faults.script({ on: { operation: 'oauth2.token' }, do: { delayMs: 300 } });
    const found = rig.fellow().accounts.credentialsOf(id);
    await eventually(() => rig.sim.openRequests() > 0);
    const secret = { type: 'oauth2', accessToken: 'newer', refreshToken: 'newest' } as const;
    await rig.vault.connect({
      username: user.username,
      xUserId: user.id,
      app: rig.app.clientId,
      scopes: null,
      expiresAt: Date.now() + LONG,
      secret,
    });
    expect(await found).toEqual({ credentials: { type: 'oauth2', accessToken: 'newer' } });
    expect(await rig.vault.secretOf(id)).toEqual(secret);
  });

  test('that lost against another one uses what that one got', async ({ expect }) => {
    const { id } = await rig.connect(DEAD);
    answerToken({ delayMs: 300 });
    const late = rig.fellow().accounts.credentialsOf(id);
    await eventually(() => rig.sim.openRequests() > 0);
    // Its lease is lost, as by a Redis that forgot it, and another one is quicker.
    const [key = ''] = await rig.redis.keys('*:account:*');
    await rig.redis.hdel(key, 'leaseBy', 'leaseUntil');
    const quick = await rig.fellow().accounts.credentialsOf(id);
    expect(await rig.works(quick)).toBe(true);
    expect(await late).toEqual(quick);
    expect((await rig.blocks.get(id)).block).toBeNull();
  });
});

describe('a fresh pair', () => {
  test('is not used before it is as durable as it can be, by nobody', async ({ expect }) => {
    const { id } = await rig.connect(DEAD);
    let isDurable = false;
    const durable = async (): Promise<boolean> => isDurable;
    const fellows = [rig.fellow({ durable }), rig.fellow({ durable })];
    for (const { accounts } of fellows) {
      expect(await accounts.credentialsOf(id)).toMatchObject({ waiting: { reason: 'backoff' } });
    }
    isDurable = true;
    for (const { accounts } of fellows) expect(await rig.works(await accounts.credentialsOf(id))).toBe(true);
  });

  test('is stored in the order: answer of X, store, durable, use', async ({ expect }) => {
    const { id } = await rig.connect(DEAD);
    const told: string[] = [];
    const { accounts } = rig.fellow({
      durable: async () => {
        told.push((await rig.vault.secretOf(id))?.accessToken ?? '');
        return true;
      },
    });
    const found = await accounts.credentialsOf(id);
    const used =
      'credentials' in found && found.credentials.type === 'oauth2' ? found.credentials.accessToken : '';
    expect(told.at(-1)).toBe(used);
  });
});

describe('what X answers instead of tokens', () => {
  const passes: [string, FaultInput['do']][] = [
    ['503', { answer: 'service_unavailable' }],
    ['500', { answer: 'internal_error' }],
    ['429', { answer: 'rate_limited_bare' }],
    ['nothing, as the request was lost', { resetBeforeReading: true }],
    ['a page of something in front of X', { answer: 'html' }],
  ];
  test.for(passes)(
    '%s passes: the same refresh token is used later, and nothing is blocked',
    async ([, fault], { expect }) => {
      const { id } = await rig.connect(DEAD);
      const fault1 = answerToken(fault);
      const fellow = rig.fellow();
      const calls = await callsOf(async () => {
        for (const { accounts } of [fellow, rig.fellow()]) {
          expect(await accounts.credentialsOf(id)).toMatchObject({
            waiting: { reason: 'backoff', detail: expect.stringContaining('could not be asked') },
          });
        }
      });
      expect(calls).toBeLessThanOrEqual(1);
      expect(rig.sim.faults.remove(fault1)?.fired).toBe(1);
      expect((await rig.blocks.get(id)).block).toBeNull();
      await eventually(async () => rig.works(await fellow.accounts.credentialsOf(id)));
    },
  );

  test('backs off longer each time, and shows as blocked when it does not end', async ({ expect }) => {
    const { id } = await rig.connect(DEAD);
    rig.sim.faults.script({
      on: { operation: 'oauth2.token' },
      times: 'always',
      do: { answer: 'service_unavailable' },
    });
    const [key = ''] = await rig.redis.keys('*:account:*');
    const waits: number[] = [];
    const { accounts } = rig.fellow({ now: () => 0 });
    for (let tries = 0; tries < 6; tries++) {
      const found = await accounts.credentialsOf(id);
      if ('waiting' in found) waits.push(found.waiting.until ?? 0);
      await rig.redis.hset(key, 'failedUntil', 1);
    }
    const [first = 0, second = 0, third = 0] = waits;
    expect(second).toBeGreaterThan(1.5 * first);
    expect(third).toBeGreaterThan(1.5 * second);
    expect((await rig.blocks.get(id)).block).toMatchObject({
      cause: 'unauthorized',
      until: expect.any(Number),
    });
  });

  const refusals: [
    string,
    () => { id: Promise<Connected>; fellow?: Fellow; fault?: FaultInput['do'] },
    object,
  ][] = [
    [
      'a spent refresh token',
      () => ({ id: rig.connect(DEAD, { refreshToken: 'spent' }) }),
      { cause: 'needs_reconnect', until: null },
    ],
    [
      'invalid_grant, as RFC 6749 has it',
      () => ({ id: rig.connect(DEAD), fault: { answer: { status: 400, body: { error: 'invalid_grant' } } } }),
      { cause: 'needs_reconnect', until: null },
    ],
    [
      'a wrong client secret',
      () => ({ id: rig.connect(DEAD), fellow: rig.fellow({ clientSecret: 'wrong' }) }),
      { cause: 'app_refused', until: null },
    ],
    [
      'a 401 without a reason',
      () => ({ id: rig.connect(DEAD), fault: { answer: 'unauthorized' } }),
      { cause: 'unauthorized' },
    ],
    [
      'an app that is not enrolled',
      () => ({ id: rig.connect(DEAD), fault: { answer: 'client_not_enrolled' } }),
      { cause: 'app_refused', until: null },
    ],
  ];
  test.for(refusals)('%s blocks the account, and says what to do', async ([, begin, block], { expect }) => {
    const { id: connected, fault, fellow = rig.fellow() } = begin();
    const { id } = await connected;
    if (fault) answerToken(fault);
    const found = await fellow.accounts.credentialsOf(id);
    const blocked = (await rig.blocks.get(id)).block;
    expect(blocked).toMatchObject(block);
    if (blocked?.cause === 'app_refused') expect(blocked.app).toBe(rig.app.clientId);
    // Its posts ask no more.
    rig.sim.faults.clear();
    const more = await callsOf(async () => {
      for (let times = 0; times < 3; times++) {
        expect(await rig.fellow().accounts.credentialsOf(id)).toMatchObject({
          waiting: { reason: 'account', cause: blocked?.cause, detail: blocked?.detail },
        });
      }
    });
    expect(more).toBe(0);
    expect(found).toMatchObject({ waiting: { reason: 'account', cause: blocked?.cause } });
    // And once somebody has released it, X is asked again.
    await rig.blocks.release(id, 'block');
    await eventually(async () => (await callsOf(() => rig.fellow().accounts.credentialsOf(id))) > 0);
  });

  test('an answer that is lost after X rotated ends in needs_reconnect with a plain message', async ({
    expect,
  }) => {
    const { id } = await rig.connect(DEAD);
    answerToken({ acceptThenDrop: true });
    const { accounts } = rig.fellow();
    expect(await accounts.credentialsOf(id)).toMatchObject({ waiting: { reason: 'backoff' } });
    await eventually(
      async () => (await rig.blocks.get(id)).block ?? (await accounts.credentialsOf(id), null),
    );
    expect((await rig.blocks.get(id)).block).toMatchObject({
      cause: 'needs_reconnect',
      detail: expect.stringMatching(/answer to the last refresh was lost.*Connect the account again/),
    });
  });

  test('one that never answers is given up after the time that it was given', async ({ expect }) => {
    const { id } = await rig.connect(DEAD);
    answerToken({ hang: true });
    const { accounts } = rig.fellow({ callMs: 300 });
    expect(await accounts.credentialsOf(id)).toMatchObject({ waiting: { reason: 'backoff' } });
    await eventually(async () => rig.works(await accounts.credentialsOf(id)));
  });
});

describe('a 401', () => {
  test('to fresh tokens is an incident at X: no more refreshes, and nobody is asked to reconnect', async ({
    expect,
  }) => {
    const { id, accessToken } = await rig.connect(LONG);
    const { accounts } = rig.fellow();
    await accounts.refused(id, { type: 'oauth2', accessToken });
    const fresh = await accounts.credentialsOf(id);
    if (!('credentials' in fresh)) throw new Error('no credentials');
    const calls = await callsOf(async () => {
      for (let times = 0; times < 3; times++) {
        await accounts.refused(id, fresh.credentials);
        expect(await accounts.credentialsOf(id)).toMatchObject({
          waiting: { reason: 'account', cause: 'unauthorized' },
        });
      }
    });
    expect(calls).toBe(0);
    const { block } = await rig.blocks.get(id);
    expect(block).toMatchObject({ cause: 'unauthorized' });
    expect((block?.until ?? 0) - (block?.since ?? 0)).toBe(15 * MINUTE);
    await rig.blocks.release(id, 'block');
    expect(await rig.works(await accounts.credentialsOf(id))).toBe(true);
  });

  test('to the tokens before the last ones changes nothing', async ({ expect }) => {
    const { id, accessToken } = await rig.connect(LONG);
    const { accounts } = rig.fellow();
    await accounts.refused(id, { type: 'oauth2', accessToken });
    await accounts.credentialsOf(id);
    // Segments that were under way with the old one.
    await accounts.refused(id, { type: 'oauth2', accessToken });
    expect(await callsOf(async () => rig.works(await accounts.credentialsOf(id)))).toBe(0);
    expect((await rig.blocks.get(id)).block).toBeNull();
  });
});

test('fresh tokens end a block that had to do with tokens, and no other', async ({ expect }) => {
  for (const [cause, ends] of [
    ['unauthorized', true],
    ['suspended', false],
  ] as const) {
    const { id } = await rig.connect(MINUTE);
    await rig.blocks.block(id, { cause, since: 1, until: cause === 'unauthorized' ? 2 : null, detail: 'x' });
    await rig.works(await rig.fellow().accounts.credentialsOf(id));
    expect((await rig.blocks.get(id)).block === null, cause).toBe(ends);
  }
});

test('no token, old or new, is in Redis in clear', async ({ expect }) => {
  const { id, user } = await rig.connect(DEAD);
  const found = await rig.fellow().accounts.credentialsOf(id);
  const fresh =
    'credentials' in found && found.credentials.type === 'oauth2' ? found.credentials.accessToken : '';
  const secret = await rig.vault.secretOf(id);
  const planted = [
    user.accessToken,
    user.refreshToken,
    fresh,
    secret?.type === 'oauth2' ? secret.refreshToken : '',
    rig.app.clientSecret,
  ];
  const all: string[] = [];
  for (const key of await rig.redis.keys('*')) {
    all.push(
      key,
      JSON.stringify((await rig.redis.type(key)) === 'hash' ? await rig.redis.hgetall(key) : null),
    );
  }
  expect(all.join('\n')).toContain(id);
  for (const value of planted) {
    expect(value).toMatch(/.{10}/);
    expect(all.join('\n')).not.toContain(value);
  }
});
