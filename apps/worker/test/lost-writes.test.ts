import type { PostRequest } from '@slipway/pipeline/core';
import { makeImage } from '@slipway/testkit';
import { afterEach, beforeEach, describe, test } from 'vitest';
import { type WorkerRig, createsOnX, postsOnX, startRig } from './worker-rig.ts';

// Redis forgets that a post was created: it is killed and comes back without the end of its append-only file. X's own check for
// duplicates is off, so that a second create would make a second post.

let rig: WorkerRig;
// Its Redis writes its file without waiting for the disk, so that a mark stands behind all that was answered.
beforeEach(async () => {
  rig = await startRig({
    sim: { config: { duplicateWindowMs: 0 } },
    policy: { createTimeoutMs: 900, confirmWindowMs: 1_200 },
  });
});
afterEach(() => rig.stop());

/** As after a power cut: what was written after the mark is gone. */
async function loseSince(mark: ReturnType<WorkerRig['redisServer']['aofMark']>): Promise<void> {
  await rig.redisServer.kill('SIGKILL');
  rig.redisServer.cutAofTail(mark);
  await rig.redisServer.restart();
}

const KINDS: { kind: string; keys: string[]; given: Partial<PostRequest> }[] = [
  { kind: 'a text', keys: [], given: {} },
  { kind: 'a text with an image, whose upload is forgotten as well', keys: ['image'], given: {} },
];

describe.for(KINDS)('$kind', ({ kind, keys, given }) => {
  test('that is forgotten while X creates it is found on X', async ({ expect }) => {
    await rig.put('image', makeImage({ type: 'png', seed: 1 }));
    const id = await rig.accept(kind, keys, given);
    const mark = rig.redisServer.aofMark();
    rig.sim.faults.script({ on: { operation: 'posts.create' }, do: { acceptThenHang: true } });
    await rig.startWorker({ leaseMs: 1_000 });
    await rig.sim.waitFor(({ posts }) => posts.some(({ text }) => text === kind));

    await loseSince(mark);
    expect(await rig.ended(id)).toMatchObject({
      status: 'published',
      published: { xPostId: postsOnX(rig, kind)[0]?.id },
    });
    expect(postsOnX(rig, kind)).toHaveLength(1);
    expect(createsOnX(rig)).toBe(1);
  });

  test('that is forgotten after it was published is found on X, though timelines lag', async ({ expect }) => {
    await rig.put('image', makeImage({ type: 'png', seed: 1 }));
    rig.sim.configure({ timelineLagMs: 800 });
    const id = await rig.accept(kind, keys, given);
    const mark = rig.redisServer.aofMark();
    await rig.startWorker({ leaseMs: 1_000 });
    await rig.sim.waitFor(({ posts }) => posts.some(({ text }) => text === kind));
    await loseSince(mark);
    expect(await rig.ended(id)).toMatchObject({ status: 'published' });
    expect(postsOnX(rig, kind)).toHaveLength(1);
  });

  test('that was forgotten before X was called is created once', async ({ expect }) => {
    await rig.put('image', makeImage({ type: 'png', seed: 1 }));
    const id = await rig.accept(kind, keys, given);
    const mark = rig.redisServer.aofMark();
    await loseSince(mark);
    await rig.startWorker();
    expect(await rig.ended(id)).toMatchObject({ status: 'published', publish: { attempts: 1 } });
    expect(createsOnX(rig)).toBe(1);
  });
});

describe('an image without a text, whose upload is forgotten as well,', () => {
  test('is left to a person where X has another such post: it may be this one', async ({ expect }) => {
    await rig.put('image', makeImage({ type: 'png', seed: 1 }));
    const id = await rig.accept('', ['image']);
    const mark = rig.redisServer.aofMark();
    await rig.startWorker({ leaseMs: 1_000 });
    await rig.sim.waitFor(({ posts }) => posts.length === 1);
    await loseSince(mark);
    const { status, failure } = await rig.ended(id);
    expect(status).toBe('unconfirmed');
    expect(failure?.message).toContain(rig.sim.ledger().posts[0]?.id);
    expect(createsOnX(rig)).toBe(1);
  });

  test('is created where there is none', async ({ expect }) => {
    await rig.put('image', makeImage({ type: 'png', seed: 1 }));
    const id = await rig.accept('', ['image']);
    await loseSince(rig.redisServer.aofMark());
    await rig.startWorker();
    expect(await rig.ended(id)).toMatchObject({ status: 'published' });
    expect(createsOnX(rig)).toBe(1);
  });
});

test('a post whose time comes after Redis was restarted is published without a look', async ({ expect }) => {
  const id = await rig.accept('later', [], { publishAt: Date.now() + 61_500 });
  await loseSince(rig.redisServer.aofMark());
  await rig.startWorker();
  await rig.delayed(id);
  const { publish } = await rig.stateOf(id);
  expect(publish.doubt).toBeNull();
  expect(rig.sim.ledger().requests['users.timeline']).toBeUndefined();
});
