import type { FaultInput } from '@slipway/local';
import { chance, type Chance } from './chance.ts';
import type { Fate, PlannedMedia, PlannedPost } from './vocabulary.ts';

export interface LoadOptions {
  seed: number;
  posts: number;
  /** Posts are sent and due within this. */
  windowMs: number;
  /** Accounts that posts are spread over. */
  accounts: number;
  unluckyAccount: number;
}

const KIB = 1024;
/** Share of posts whose first creates X spoils. */
const SPOILED = 0.15;
/** Large enough that its upload can be caught in the middle. */
const SWAPPED_KIB = 4 * KIB;

/** What X may do with a create so that nobody can tell from its answer whether the post was made. */
const SPOILT_CREATES: readonly FaultInput['do'][] = [
  { acceptThenDrop: true },
  { acceptThenHang: true },
  { acceptThenAnswer: 'service_unavailable' },
  { acceptThenAnswer: 'no_id' },
  { acceptThenAnswer: 'html_ok' },
  { answer: 'service_unavailable' },
  { answer: 'bad_gateway' },
  { hang: true },
  { resetBeforeReading: true },
];

export function planLoad(options: LoadOptions): PlannedPost[] {
  const { seed, posts, windowMs, accounts, unluckyAccount } = options;
  const draw = chance(seed, 'load');
  return Array.from({ length: posts }, (_, index): PlannedPost => {
    const fate = planFate(draw, index);
    const sendAtMs = draw.integer(0, Math.round(windowMs * 0.8));
    const publishAfterMs = planDelay(draw, fate, windowMs - sendAtMs);
    return {
      index,
      account: fate === 'unprocessable' ? unluckyAccount : draw.integer(0, accounts - 1),
      sendAtMs,
      publishAfterMs,
      cancelAfterMs: fate === 'canceled' ? draw.integer(0, Math.round((windowMs - sendAtMs) / 2)) : null,
      onUnknown: draw.pick(['retry', 'hold', null, null] as const),
      // One that is late when it reaches the API is refused; none of a campaign is held up for so long.
      ifLate: (publishAfterMs ?? Infinity) > 15_000 && draw.happens(0.15) ? 'skip' : 'publish',
      words: draw.pick(WORDS),
      media: planMedia(draw, fate, seed, index),
      fate,
      createFaults: fate === 'published' && draw.happens(SPOILED) ? planSpoiling(draw) : [],
    };
  });
}

/** Text as people write it: what X renders differently must still be recognized as ours. */
const WORDS = [
  'Plain words.',
  'Fish & chips, 1 < 2 > 0',
  'A link https://example.com/a?b=c&d=e and more',
  'Ünïcödé, 日本語, and an emoji 🚢',
  'Two\nlines',
];

/** The first posts take every fate once, so that even a small campaign has all of them. */
function planFate(draw: Chance, index: number): Fate {
  const rare = ['refused', 'unprocessable', 'swapped', 'canceled'] as const;
  const first = rare[index];
  if (first !== undefined) return first;
  return draw.happens(0.08) ? draw.pick(rare) : 'published';
}

function planDelay(draw: Chance, fate: Fate, leftMs: number): number | null {
  if (fate === 'canceled') return leftMs + 60_000;
  return draw.happens(0.5) ? draw.integer(0, leftMs) : null;
}

function planMedia(draw: Chance, fate: Fate, seed: number, index: number): PlannedMedia[] {
  const media = (type: PlannedMedia['type'], nth = 0): PlannedMedia => ({
    type,
    seed: (seed * 10_000 + index * 8 + nth) % 2 ** 31,
    // The post's number makes the size its own.
    totalBytes:
      type === 'video' ? (fate === 'swapped' ? SWAPPED_KIB : draw.integer(256, 2 * KIB)) * KIB + index : null,
    altText: type !== 'video' && draw.happens(0.4) ? `What is to be seen in ${index}.${nth}` : null,
    ifChanged: draw.happens(0.5) ? 'restart' : 'fail',
  });
  if (fate === 'swapped' || fate === 'unprocessable') return [media('video')];
  const share = draw.integer(1, 100);
  if (share <= 35) return [];
  if (share <= 70) {
    return Array.from({ length: draw.integer(1, 4) }, (_, nth) =>
      media(draw.pick(['png', 'jpeg', 'webp'] as const), nth),
    );
  }
  return [media(share <= 80 ? 'gif' : 'video')];
}

function planSpoiling(draw: Chance): FaultInput['do'][] {
  return Array.from({ length: draw.happens(0.15) ? 2 : 1 }, () => draw.pick(SPOILT_CREATES));
}
