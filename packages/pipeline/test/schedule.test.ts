import { describe, test } from 'vitest';
import { MAX_LEAD_MS, type Paces, leadOf, startAtOf } from '../src/core/index.ts';
import { HOUR, MINUTE, SECOND, T0, policy, requestOf, videoRequest } from './fixtures.ts';

const ID = 'post_01j00000000000000000000000';
const even = { stagingLeadMs: 5 * MINUTE, stagingSpreadMs: 0 };
const video = { category: 'tweet_video', bytes: 512_000_000 } as const;
const image = { category: 'tweet_image', bytes: 2_000_000 } as const;
const slow: Paces = { tweet_video: { bytesPerSecond: 250_000, processingMs: 90 * SECOND } };
const fast: Paces = { tweet_video: { bytesPerSecond: 50_000_000, processingMs: 10 * SECOND } };

describe('the lead of a post', () => {
  test('is longer for a large video on a slow link than for an image, and shorter on a fast one', ({
    expect,
  }) => {
    expect(leadOf(ID, [image], {}, even)).toBe(5 * MINUTE);
    // 512 MB at 250 kB/s take 2,048 s, processing 90 s; twice that, and a minute.
    expect(leadOf(ID, [video], slow, even)).toBe(2 * 2_138 * SECOND + MINUTE);
    expect(leadOf(ID, [video], fast, even)).toBe(5 * MINUTE);
  });

  test('adds up the bytes of all items, and takes the longest processing', ({ expect }) => {
    const paces: Paces = { tweet_image: { bytesPerSecond: 10_000, processingMs: 40 * SECOND } };
    expect(leadOf(ID, [image, image], paces, even)).toBe(2 * (400 + 40) * SECOND + MINUTE);
  });

  test('is no shorter than is configured, and never so long that X forgets the media', ({ expect }) => {
    const crawl: Paces = { tweet_video: { bytesPerSecond: 1, processingMs: 10 * HOUR } };
    for (const stagingSpreadMs of [0, MINUTE, 4 * HOUR, 100 * HOUR]) {
      for (const [item, paces] of [
        [video, crawl],
        [image, {}],
        [video, {}],
      ] as const) {
        const lead = leadOf(ID, [item], paces, { stagingLeadMs: 10 * MINUTE, stagingSpreadMs });
        expect(lead).toBeGreaterThanOrEqual(10 * MINUTE);
        expect(lead).toBeLessThanOrEqual(MAX_LEAD_MS);
      }
    }
    expect(MAX_LEAD_MS).toBeLessThan(24 * HOUR - HOUR);
  });

  test('of media that could not be looked at is that of a middling video', ({ expect }) => {
    const unseen = { category: null, bytes: null };
    expect(leadOf(ID, [unseen], {}, even)).toBe(
      leadOf(ID, [{ category: 'tweet_video', bytes: 50_000_000 }], {}, even),
    );
    // An image is never as large as that.
    expect(leadOf(ID, [{ category: 'tweet_image', bytes: null }], {}, { ...even, stagingLeadMs: 0 })).toBe(
      2 * 5 * SECOND + MINUTE,
    );
  });

  test('spreads a thousand posts that are due together, each always to the same place', ({ expect }) => {
    const spread = { stagingLeadMs: 5 * MINUTE, stagingSpreadMs: 10 * MINUTE };
    const ids = Array.from({ length: 1_000 }, (_, index) => `post_01j0000000${10_000 + index}0000000000`);
    const leads = ids.map((id) => leadOf(id, [image], {}, spread));
    expect(leads).toEqual(ids.map((id) => leadOf(id, [image], {}, spread)));
    const perMinute = Map.groupBy(leads, (lead) => Math.floor(lead / MINUTE));
    expect([...perMinute.keys()].sort((a, b) => a - b)).toEqual([5, 6, 7, 8, 9, 10, 11, 12, 13, 14]);
    for (const each of perMinute.values()) {
      expect(each.length).toBeGreaterThan(60);
      expect(each.length).toBeLessThan(140);
    }
  });

  test('without media is what its hand-off takes', ({ expect }) => {
    expect(leadOf(ID, [], slow, policy)).toBe(10 * SECOND);
  });
});

test('work on a post begins by its own lead, or where it has none by the least', ({ expect }) => {
  const media = [videoRequest()];
  expect(startAtOf(requestOf({ media, leadMs: HOUR }), even)).toBe(T0 - HOUR);
  expect(startAtOf(requestOf({ media }), even)).toBe(T0 - 5 * MINUTE);
  expect(startAtOf(requestOf(), even)).toBe(T0 - 10 * SECOND);
});
