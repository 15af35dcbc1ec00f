import { describe, test } from 'vitest';
import {
  CLOCK_SKEW_MS,
  type ChangedHistory,
  type PostRequest,
  type PostState,
  type TimelineEntry,
  deadlineOf,
  evolve,
  findOurs,
} from '../src/core/index.ts';
import {
  HOUR,
  MINUTE,
  SECOND,
  T0,
  answer,
  image,
  imageRequest,
  policy,
  requestOf,
  reset,
} from './fixtures.ts';
import { type Story, type StoryOptions, dies, tell } from './story.ts';

const textPost = requestOf();
const imagePost = requestOf({ media: [imageRequest()] });
const lossy: ChangedHistory = { history: 'new', since: T0 + SECOND, lossy: true };
const restart: ChangedHistory = { ...lossy, lossy: false };

/** The post is taken in hand by the first worker after Redis has changed. */
const of = (request: PostRequest, changedHistory: ChangedHistory, options: StoryOptions = {}) =>
  tell(request, { sources: [image], now: T0 + 2 * SECOND, changedHistory, ...options });

const creates = ({ actions }: Story): number => actions.filter((key) => key === 'create').length;
const looks = ({ folded }: Story): number[] =>
  folded.flatMap((event) => (event.type === 'looked' ? [event.at - T0] : []));
const shows =
  (request: PostRequest, entry: Partial<TimelineEntry>) =>
  (_now: number, { publish }: PostState): boolean =>
    findOurs(request, publish, [{ id: '9', text: request.text, mediaKeys: [], createdAt: T0, ...entry }]) !==
    null;

/** From when on a create of the old history can not be under way any more. */
const FROM = deadlineOf(lossy.since, policy) - T0;
const LOOKS = [0, 5 * SECOND, 30 * SECOND, 2 * MINUTE, 10 * MINUTE].map((after) => FROM + after);

describe('a Redis that may have lost writes', () => {
  test('says nothing against a post whose time came later, however the clocks differ', ({ expect }) => {
    const publishAt = lossy.since + CLOCK_SKEW_MS + 1;
    const story = of(requestOf({ publishAt }), lossy, { now: publishAt });
    expect(story.actions).toEqual(['create']);
    expect(story.state.publish).toMatchObject({ history: 'new', forgottenSince: null });
  });

  test('makes a post in doubt whose time had come, or may have by another clock', ({ expect }) => {
    for (const publishAt of [T0 - HOUR, T0, lossy.since + CLOCK_SKEW_MS]) {
      const story = of(requestOf({ publishAt }), lossy, { isOnX: () => true });
      expect([story.state.status, creates(story)]).toEqual(['published', 0]);
    }
  });

  test('a post that no look finds is created, as if nothing had been', ({ expect }) => {
    for (const request of [textPost, imagePost]) {
      const story = of(request, lossy);
      expect(looks(story)).toEqual(LOOKS);
      expect(story.state).toMatchObject({
        status: 'published',
        publish: { attempts: 1, history: 'new', forgottenSince: T0, unclearSince: null },
      });
      expect(creates(story)).toBe(1);
    }
  });

  test('a post that is found is published under X’s id and time', ({ expect }) => {
    const story = of(textPost, lossy, { isOnX: shows(textPost, {}) });
    expect(story.state.published).toEqual({ xPostId: '1', at: T0 + FROM });
    expect(story.actions).toEqual(['confirm']);
  });

  test('media whose keys are known are known by them, whatever the text', ({ expect }) => {
    const staged = tell(imagePost, { sources: [image] }).states.find(({ status }) => status === 'staged');
    if (!staged) throw new Error('it was never staged');
    const entry = { mediaKeys: ['3_m1'], text: 'as somebody edited it' };
    const story = of(imagePost, lossy, { state: staged, isOnX: shows(imagePost, entry) });
    expect([story.state.status, creates(story)]).toEqual(['published', 0]);
  });

  test('media whose keys are forgotten are known by text and number', ({ expect }) => {
    const at = (entry: Partial<TimelineEntry>, request = imagePost) =>
      creates(of(request, lossy, { isOnX: shows(request, entry) }));
    expect(at({ mediaKeys: ['3_77'] })).toBe(0);
    expect(at({ mediaKeys: ['3_77', '3_78'] })).toBe(1);
    expect(at({ mediaKeys: [] })).toBe(1);
    expect(at({ mediaKeys: ['3_77'], text: 'hello there' })).toBe(1);
    expect(at({ mediaKeys: ['3_77'], createdAt: T0 - CLOCK_SKEW_MS - 1 })).toBe(1);
    expect(at({ mediaKeys: ['3_77'] }, requestOf({ text: ' ', media: [imageRequest()] }))).toBe(1);
  });

  test('media without text that may be those of another post are left to a person', ({ expect }) => {
    const request = requestOf({ text: '', media: [imageRequest()] });
    const state = stateInDoubt(of(request, lossy));
    const at = T0 + FROM;
    const looked = evolve(request, state, { type: 'looked', at, found: null, alike: '77' }, policy);
    expect(looked).toMatchObject({ status: 'unconfirmed', failure: { code: 'unconfirmed', at } });
    expect(looked.failure?.message).toContain('Post 77');
  });

  test('one that timelines do not show is left to a person', ({ expect }) => {
    const story = of(requestOf({ options: { nullcast: true } }), lossy);
    expect(story.state).toMatchObject({ status: 'unconfirmed', failure: { step: 'confirm' } });
    expect(creates(story)).toBe(0);
  });

  test('X’s refusal of a duplicate is then proof of a forgotten create', ({ expect }) => {
    const duplicate = answer(403, 'You are not allowed to create a Tweet with duplicate content.');
    const never = of(imagePost, lossy, { script: { create: [duplicate] } });
    expect(never.state).toMatchObject({ status: 'unconfirmed', publish: { attempts: 1 } });
    expect(never.state.failure?.message).toMatch(/duplicate content.*should be on X/);
    // The keys of the forgotten upload stay unknown.
    const late = of(imagePost, lossy, {
      script: { create: [duplicate] },
      isOnX: (now, state) => now > T0 + HOUR / 4 && shows(imagePost, { mediaKeys: ['3_77'] })(now, state),
    });
    expect([late.state.status, creates(late)]).toEqual(['published', 1]);
  });

  test('adds to a doubt that is open: the looks of both are waited for', ({ expect }) => {
    const before = tell(imagePost, { sources: [image], script: { create: [reset] }, isOnX: () => true });
    const since = T0 + 5 * MINUTE;
    const story = of(
      imagePost,
      { ...lossy, since },
      {
        now: since,
        state: stateInDoubt(before),
      },
    );
    expect(creates(story)).toBe(1);
    expect(looks(story).length).toBe(10);
    expect(looks(story).at(-1)).toBeGreaterThanOrEqual(
      deadlineOf(since, policy) + policy.confirmWindowMs - T0,
    );
    // One create was unclear, and another may be forgotten: the next one is the repeat of it.
    expect(story.state.publish).toMatchObject({ unclearSince: T0, forgottenSince: T0, repeats: 1 });
  });
});

describe('a Redis that was restarted with every write on disk', () => {
  test('is worth one look, at once', ({ expect }) => {
    const story = of(textPost, restart);
    expect(looks(story)).toEqual([2 * SECOND]);
    expect(story.state).toMatchObject({
      status: 'published',
      publish: { attempts: 1, forgottenSince: null },
    });
    const found = of(imagePost, restart, { isOnX: shows(imagePost, { mediaKeys: ['3_77'] }) });
    expect([found.state.status, creates(found)]).toEqual(['published', 0]);
  });

  test('leaves a post that timelines do not show as it is', ({ expect }) => {
    expect(of(requestOf({ options: { nullcast: true } }), restart).state.status).toBe('published');
  });

  test('leaves a doubt as it is: nothing is forgotten', ({ expect }) => {
    const state = stateInDoubt(tell(textPost, { script: { create: [reset] }, isOnX: () => true }));
    const story = of(textPost, restart, { state });
    expect(looks(story)).toEqual([40, 45, 70, 160, 640].map((seconds) => seconds * SECOND));
    expect(story.state).toMatchObject({ status: 'unconfirmed', publish: { history: 'new' } });
  });

  test('does not settle an intent that another worker left', ({ expect }) => {
    const { state } = tell(textPost, { script: { create: [dies] }, isOnX: () => true });
    const intended: PostState = {
      ...state,
      status: 'publishing',
      published: null,
      publish: { ...state.publish, doubt: null, unclearSince: null },
    };
    const story = of(textPost, restart, { state: intended });
    expect(looks(story)).toHaveLength(5);
    expect(story.state.status).toBe('unconfirmed');
  });
});

/** The post of a story as it was when its first create had become unclear. */
function stateInDoubt({ states }: Story): PostState {
  const state = states.find(({ publish }) => publish.doubt);
  if (!state) throw new Error('nothing was unclear in this story');
  return state;
}
