import type { Block } from '@slipway/pipeline/core';
import { eventually } from '@slipway/testkit';
import { afterAll, beforeAll, beforeEach, describe, test } from 'vitest';
import { type AccountBlocks, type HeldPost, createAccountBlocks, layOut } from '../src/index.ts';
import { keysOf } from '../src/keys.ts';
import { ACCOUNT, FAR_FUTURE, type Rig, claimed, postRequest, published, startRig } from './rig.ts';

let rig: Rig;
let blocks: AccountBlocks;
const keys = keysOf(0);
beforeAll(async () => {
  rig = await startRig();
});
beforeEach(async () => {
  await rig.reset();
  blocks = createAccountBlocks(rig.redis, layOut(1), Date.now);
});
afterAll(() => rig.stop());

const blockOf = (given: Partial<Block> = {}): Block => ({
  cause: 'suspended',
  since: 1,
  until: null,
  detail: 'Your account is suspended.',
  ...given,
});

async function due(count: number, accountId = ACCOUNT): Promise<string[]> {
  const ids: string[] = [];
  for (let index = 0; index < count; index += 1) {
    const request = postRequest({ accountId });
    await rig.store().posts.create(request, { startAt: index });
    ids.push(request.id);
  }
  return ids;
}

const admitted = async (share = 100) =>
  (await rig.admissions({ share }).admit(100)).map(({ postId }) => postId);

/** A post in hand of an account that has `more` others waiting. */
async function inHand(more = 0): Promise<{ post: HeldPost; others: string[] }> {
  const [id = '', ...others] = await due(1 + more);
  const [wake] = await rig.admissions({ share: 1 }).admit(1);
  return { post: await claimed(rig.worker(), id, wake?.wake ?? 0), others };
}

/** What the stream of all events has of accounts. */
async function told(): Promise<{ account: string; type: string; cause: string }[]> {
  const entries = await rig.redis.xrange(keys.events, '-', '+');
  return entries.flatMap(([, [field, account = '', , json = '']]) => {
    if (field !== 'a') return [];
    const { type, data }: { type: string; data: Block } = JSON.parse(json);
    return [{ account, type, cause: data.cause }];
  });
}

describe('a pause', () => {
  test('keeps back what is not handed over, until it is released; then it goes on at once', async ({
    expect,
  }) => {
    const ids = await due(2);
    await blocks.pause(ACCOUNT, 'holidays');
    expect(await blocks.get(ACCOUNT)).toMatchObject({
      paused: { cause: 'paused', until: null, detail: 'holidays' },
      block: null,
    });
    expect(await admitted()).toEqual([]);
    expect(await rig.redis.zscore(keys.ring, ACCOUNT)).toBeNull();
    // A new one does not change it.
    ids.push(...(await due(1)));
    expect(await admitted()).toEqual([]);

    const listening = rig.connect('blocking', 'due');
    await listening.subscribe(keys.due);
    let heard = 0;
    listening.on('message', () => (heard += 1));
    expect(await blocks.release(ACCOUNT, 'pause')).toBe(true);
    await eventually(() => heard === 1);
    expect((await admitted()).toSorted()).toEqual(ids.toSorted());
    expect(await blocks.get(ACCOUNT)).toEqual({ paused: null, block: null });
    expect(await blocks.release(ACCOUNT, 'both')).toBe(false);
    expect(await told()).toEqual([
      { account: ACCOUNT, type: 'account.blocked', cause: 'paused' },
      { account: ACCOUNT, type: 'account.released', cause: 'paused' },
    ]);
    expect(await rig.redis.exists(keys.blocks)).toBe(0);
  });

  test('is independent of a block', async ({ expect }) => {
    await due(1);
    await blocks.pause(ACCOUNT, 'holidays');
    await blocks.pause(ACCOUNT, 'again'); // told once
    await blocks.block(ACCOUNT, blockOf());
    expect(await blocks.release(ACCOUNT, 'pause')).toBe(true);
    expect(await blocks.get(ACCOUNT)).toEqual({ paused: null, block: blockOf() });
    expect(await admitted()).toEqual([]);
    expect(await blocks.release(ACCOUNT, 'pause')).toBe(false);
    expect(await blocks.release(ACCOUNT, 'block')).toBe(true);
    expect(await admitted()).toHaveLength(1);
    expect((await told()).map(({ type, cause }) => `${type} ${cause}`)).toEqual([
      'account.blocked paused',
      'account.blocked suspended',
      'account.released paused',
      'account.released suspended',
    ]);
  });
});

describe('a block', () => {
  test('that ends by itself lets one post go ahead; the others follow when it got through', async ({
    expect,
  }) => {
    const ids = await due(4);
    const until = Date.now() + 400;
    await blocks.block(ACCOUNT, blockOf({ cause: 'automated', until }));
    expect(await admitted()).toEqual([]);
    expect(await rig.redis.zscore(keys.ring, ACCOUNT)).toBe(String(until));
    const [first = ''] = await eventually(async () => {
      const some = await admitted();
      return some.length > 0 && some;
    });
    expect(Date.now()).toBeGreaterThanOrEqual(until);
    expect(await blocks.get(ACCOUNT)).toMatchObject({ block: { cause: 'automated', until } });
    expect(first).toBe(ids[0]);
    expect(await admitted()).toEqual([]);
    const post = await claimed(rig.worker(), first, 1);
    await post.save(published(post.state), []);
    expect(await admitted()).toEqual(ids.slice(1));
    expect((await told()).map(({ type }) => type)).toEqual(['account.blocked', 'account.released']);
    expect(await rig.redis.exists(keys.blocks)).toBe(0);
  });

  test('gives way to a stronger one only', async ({ expect }) => {
    const later = Date.now() + 60_000;
    await blocks.block(ACCOUNT, blockOf({ cause: 'automated', until: later }));
    await blocks.block(ACCOUNT, blockOf({ cause: 'unauthorized', until: later - 1 }));
    await blocks.block(ACCOUNT, blockOf({ cause: 'automated', until: later + 1 })); // each of its posts says so
    expect(await blocks.get(ACCOUNT)).toMatchObject({ block: { cause: 'automated', until: later } });
    await blocks.block(ACCOUNT, blockOf());
    await blocks.block(ACCOUNT, blockOf({ cause: 'credits', until: later }));
    expect(await blocks.get(ACCOUNT)).toMatchObject({ block: { cause: 'suspended' } });
    expect(await told()).toHaveLength(2);
  });
});

describe('a post that meets a block', () => {
  test('goes back to its place in the backlog, notes the block, and nobody has it', async ({ expect }) => {
    const { post, others } = await inHand(2);
    const state = { ...post.state, abandoned: 1 };
    expect(await post.save(state, [], { park: { block: blockOf() } })).toBe('saved');
    expect(await rig.store().posts.get(post.id)).toMatchObject({ heldBy: null, state: { abandoned: 1 } });
    expect(await blocks.get(ACCOUNT)).toEqual({ paused: null, block: blockOf() });
    expect(await rig.redis.zscore(keys.admitted, post.id)).toBeNull();
    expect(await rig.redis.scard(keys.busy + ACCOUNT)).toBe(0);
    expect(await rig.redis.zrange(keys.backlog + ACCOUNT, '0', '-1')).toEqual([post.id, ...others]);
    expect(await rig.redis.zscore(keys.ring, ACCOUNT)).toBeNull();
    expect(await admitted()).toEqual([]);
    // The old job, should it run once more, and the old hand do nothing.
    expect(await post.save(state, [])).toBe('lost');
    expect(await told()).toEqual([{ account: ACCOUNT, type: 'account.blocked', cause: 'suspended' }]);

    await blocks.release(ACCOUNT, 'block');
    expect(await admitted()).toEqual([post.id, ...others]);
    expect(await rig.worker().claim(post.id, 1)).toEqual({ refused: 'superseded' });
    expect(await claimed(rig.worker(), post.id, 2)).toMatchObject({ abandoned: false });
  });

  test('beside others of its account: each goes back, and it is told once', async ({ expect }) => {
    const ids = await due(3);
    await admitted();
    for (const id of ids) {
      const post = await claimed(rig.worker(), id, 1);
      await post.save(post.state, [], { park: { block: blockOf({ until: Date.now() + 60_000 }) } });
    }
    expect(await told()).toHaveLength(1);
    expect(await rig.redis.zrange(keys.backlog + ACCOUNT, '0', '-1')).toEqual(ids);
  });

  test('that was released meanwhile does not put it back, and is handed over again', async ({ expect }) => {
    const { post } = await inHand();
    await blocks.block(ACCOUNT, blockOf());
    await blocks.release(ACCOUNT, 'block');
    await post.save(post.state, [], { park: { block: blockOf() } });
    expect(await blocks.get(ACCOUNT)).toEqual({ paused: null, block: null });
    expect(await admitted()).toEqual([post.id]);
  });

  test('that was noted for its app, which was released meanwhile, does not put it back', async ({
    expect,
  }) => {
    const { post } = await inHand();
    expect(await blocks.releaseApp('app-1')).toBe(0);
    await post.save(post.state, [], { park: { block: blockOf({ cause: 'credits', app: 'app-1' }) } });
    expect(await admitted()).toEqual([post.id]);
  });

  test('of its owner notes nothing more', async ({ expect }) => {
    const { post } = await inHand();
    await blocks.pause(ACCOUNT, 'holidays');
    await post.save(post.state, [], { park: { block: null } });
    expect(await admitted()).toEqual([]);
    expect((await blocks.get(ACCOUNT)).block).toBeNull();
    await blocks.release(ACCOUNT, 'pause');
    expect(await admitted()).toEqual([post.id]);
  });
});

test('an app is released with all its accounts, and no others', async ({ expect }) => {
  const account = (index: number): string => `acct_${String(index).padStart(26, '0')}`;
  for (let index = 0; index < 250; index += 1) {
    const app = index % 5 === 0 ? 'app-2' : 'app-1';
    await blocks.block(account(index), blockOf({ cause: 'credits', until: FAR_FUTURE, app }));
  }
  await due(1, account(1));
  await due(1, account(5));
  await blocks.pause(account(2), 'holidays');
  expect(await blocks.releaseApp('app-1')).toBe(200);
  expect(await blocks.get(account(2))).toMatchObject({ paused: { cause: 'paused' }, block: null });
  expect(await blocks.get(account(5))).toMatchObject({ block: { app: 'app-2' } });
  expect(await admitted()).toHaveLength(1);
});
