import { describe, test } from 'vitest';
import {
  type PostState,
  type StepEvent,
  estimateCost,
  evolve,
  newPostState,
  priceOfCreate,
  pricesSchema,
} from '../src/core/index.ts';
import { T0, imageRequest, policy, requestOf, reset } from './fixtures.ts';

const prices = pricesSchema.parse({});

describe('the price of a post', () => {
  test.for<[text: string, micros: number]>([
    ['hello', 15_000],
    ['see https://example.com/a', 200_000],
    ['see example.com', 200_000],
    ['(news.example.co.uk)', 200_000],
    ['ask ada@example.com, or @ada', 15_000],
    ['It costs 3.50 e.g. today. Yes.No?', 200_000],
    ['It costs 3.50, e.g. today. No', 15_000],
  ])('%s', ([text, micros], { expect }) => {
    expect(priceOfCreate(requestOf({ text }), prices)).toBe(micros);
  });

  test('is less for a reply, and as much for one with a link', ({ expect }) => {
    const options = { inReplyToPostId: '1' };
    expect(priceOfCreate(requestOf({ options }), prices)).toBe(10_000);
    expect(priceOfCreate(requestOf({ options, text: 'http://a.example' }), prices)).toBe(200_000);
  });

  test('is estimated with its alt texts', ({ expect }) => {
    const media = [imageRequest({ altText: 'a' }), imageRequest(), imageRequest({ altText: 'b' })];
    expect(estimateCost(requestOf({ media }), prices)).toBe(25_000);
    const own = pricesSchema.parse({ create: 0.000_001, metadata: 0 });
    expect(estimateCost(requestOf({ media }), own)).toBe(1);
  });
});

describe('what a post has cost', () => {
  const request = requestOf({ media: [imageRequest({ altText: 'a' })] });
  const start = newPostState(request, 20_000);
  const after = (events: StepEvent[], from: PostState = start): PostState['cost'] =>
    events.reduce((state, event) => evolve(request, state, event, policy), from).cost;
  const staged = (): PostState => ({
    ...start,
    status: 'staging',
    media: start.media.map((media) => ({ ...media, step: 'describe' })),
  });
  const described: StepEvent = { type: 'described', at: T0, item: 0, mediaId: '1' };
  const intended: StepEvent = { type: 'intended', at: T0, deadline: T0 + 1 };

  test('is what X has done', ({ expect }) => {
    expect(start.cost).toEqual({ estimatedMicroUsd: 20_000, actualMicroUsd: 0 });
    expect(after([{ type: 'created', at: T0, xPostId: '1' }])).toEqual({
      estimatedMicroUsd: 20_000,
      actualMicroUsd: 15_000,
    });
  });

  test('is nothing for what X has refused, and does not forget what it has not', ({ expect }) => {
    const upload = { mediaId: '1', mediaKey: '3_1', expiresAt: T0 + 1, chunkBytes: 1, acknowledged: [] };
    const media = staged().media.map((each) => ({
      ...each,
      upload: { ...upload, finalizeInDoubt: false, processing: null },
    }));
    const doubtful = after(
      [
        described,
        intended,
        { type: 'failed', at: T0, action: { do: 'create' }, problem: reset, jitter: 0 },
        { type: 'looked', at: T0 + 1, found: null, reads: 3 },
        { type: 'looked', at: T0 + 2, found: { xPostId: '1', publishedAt: T0 }, reads: 4 },
      ],
      { ...staged(), media },
    );
    // Described, seven posts read, and the one that was there after all.
    expect(doubtful.actualMicroUsd).toBe(5_000 + 7 * 5_000 + 15_000);
  });
});
