import { describe, test } from 'vitest';
import { FAULT_NAMES, thingOf } from '../src/plan/plan-faults.ts';
import { makePlan } from '../src/plan/plan.ts';
import { FATES, PROFILES, type PlanOptions, readToken, tokenOf, tokenStem } from '../src/plan/vocabulary.ts';

const options: PlanOptions = {
  seed: 7,
  posts: 200,
  minutes: 1,
  profile: 'always',
  workers: 3,
  without: [],
  settings: {},
};
const plans = Array.from({ length: 50 }, (_, seed) => makePlan({ ...options, seed }));

test('a plan follows from its options, and survives its log', ({ expect }) => {
  const plan = makePlan(options);
  expect(makePlan(options)).toEqual(plan);
  expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
  expect(makePlan({ ...options, seed: 8 }).load).not.toEqual(plan.load);
});

describe('the load', () => {
  test('stays as it is when faults are left out', ({ expect }) => {
    const without = makePlan({ ...options, without: ['redis', 'link.cut'] });
    expect(without.load).toEqual(makePlan(options).load);
    expect(without.faults.filter(({ kind }) => kind.startsWith('redis.') || kind === 'link.cut')).toEqual([]);
  });

  test('has every fate, even when it is small', ({ expect }) => {
    const fates = new Set(makePlan({ ...options, posts: 30 }).load.map(({ fate }) => fate));
    expect(fates).toEqual(new Set(FATES));
  });

  test('has no two media alike', ({ expect }) => {
    for (const { load } of plans) {
      const media = load.flatMap((post) => post.media);
      expect(new Set(media.map(({ seed }) => seed)).size).toBe(media.length);
      const sizes = media.flatMap(({ totalBytes }) => totalBytes ?? []);
      expect(new Set(sizes).size).toBe(sizes.length);
    }
  });

  test('is sent within the time of the faults, and due within it unless it is canceled before', ({
    expect,
  }) => {
    for (const { load } of plans) {
      for (const { sendAtMs, publishAfterMs, cancelAfterMs } of load) {
        expect(sendAtMs).toBeLessThanOrEqual(60_000);
        if (cancelAfterMs === null) expect(sendAtMs + (publishAfterMs ?? 0)).toBeLessThanOrEqual(60_000);
        else expect(cancelAfterMs).toBeLessThan(publishAfterMs ?? 0);
      }
    }
  });
});

describe('the faults', () => {
  test.for(PROFILES)('of profile %s are of every kind that may befall it', (profile, { expect }) => {
    const others = { always: ['cut_tail', 'failover'], everysec: ['failover'], failover: ['cut_tail'] }[
      profile
    ];
    // Resets in the middle of appends are a case of their own in the draw, and one kind in the plan.
    const kinds = FAULT_NAMES.filter(
      (name) => name !== 'link.reset_append' && !others.includes(name.slice(6)),
    );
    const planned = makePlan({ ...options, profile }).faults.map(({ kind }) => kind);
    expect(new Set(planned)).toEqual(new Set(kinds));
  });

  test('end when the campaign wants to settle', ({ expect }) => {
    for (const { faults } of plans) {
      expect(Math.max(...faults.map(({ atMs, forMs }) => atMs + forMs))).toBeLessThanOrEqual(60_000);
    }
  });

  test('of one thing do not overlap', ({ expect }) => {
    const overlaps = plans.flatMap(({ seed, faults }) =>
      [...Map.groupBy(faults, thingOf)].flatMap(([thing, same]) =>
        same.flatMap((fault, index) => {
          const before = same[index - 1];
          return before && fault.atMs < before.atMs + before.forMs ? [`seed ${seed}: ${thing}`] : [];
        }),
      ),
    );
    expect(overlaps).toEqual([]);
  });

  test('hide no post from two looks at the timeline that are far apart', ({ expect }) => {
    for (const { faults } of plans) {
      const hiding = faults.filter((fault) => thingOf(fault) === 'x.timeline');
      for (const [index, fault] of hiding.entries()) {
        const before = hiding[index - 1];
        expect(fault.forMs).toBeLessThanOrEqual(4_000);
        if (before) expect(fault.atMs - before.atMs - before.forMs).toBeGreaterThanOrEqual(9_000);
      }
    }
  });
});

test('a token is read from the text it stands in, and belongs to one post only', ({ expect }) => {
  expect(readToken(`${tokenOf(1_295, 12, 1)} and words [sic]`)).toBe('[zz.12.1]');
  expect(readToken('no token')).toBeUndefined();
  expect(tokenOf(7, 12, 0).startsWith(tokenStem(7, 12))).toBe(true);
  expect(tokenOf(7, 120, 0).startsWith(tokenStem(7, 12))).toBe(false);
});
