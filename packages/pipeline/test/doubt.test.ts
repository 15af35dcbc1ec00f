import { describe, test } from 'vitest';
import {
  type PostRequest,
  type PostState,
  type Problem,
  deadlineOf,
  findOurs,
  freshnessMs,
  newPostState,
} from '../src/core/index.ts';
import {
  DAY,
  HOUR,
  MINUTE,
  SECOND,
  T0,
  answer,
  image,
  imageRequest,
  policy,
  refused,
  requestOf,
  reset,
  xProblem,
} from './fixtures.ts';
import { type Script, type Story, type StoryOptions, goesWell, tell } from './story.ts';

const textPost = requestOf();
const imagePost = requestOf({ media: [imageRequest()] });
const of = (request: PostRequest, options: StoryOptions = {}) =>
  tell(request, { sources: [image], ...options });

const TIMEOUT = policy.createTimeoutMs + freshnessMs(policy);
/** When it is looked for a post of which X was asked at T0, and never answered. */
const LOOKS = [0, 5 * SECOND, 30 * SECOND, 2 * MINUTE, 10 * MINUTE].map((after) => TIMEOUT + after);
const duplicate = answer(403, 'You are not allowed to create a Tweet with duplicate content.');

const creates = ({ actions }: Story): number => actions.filter((key) => key === 'create').length;
/** Clear looks, from T0. */
const looks = ({ folded }: Story): number[] =>
  folded.flatMap((event) => (event.type === 'looked' ? [event.at - T0] : []));
const many = (problem: Problem, times: number): Problem[] => Array.from({ length: times }, () => problem);

describe('a post whose creation got no clear answer', () => {
  const unclear: [string, Problem][] = [
    ['a broken connection', reset],
    ['503', answer(503, 'Service Unavailable')],
    ['500', answer(500, 'internal server error')],
    ['408', answer(408)],
    ['a success without an id', xProblem({ status: 201, cause: 'the answer has no id' })],
    ['403 from something in front of X', answer(403)],
  ];
  test.for(unclear)('is looked for once the call is over, five times: %s', ([, problem], { expect }) => {
    const story = of(textPost, { script: { create: [problem] } });
    expect(looks(story)).toEqual(LOOKS);
    expect(story.waits.map(({ reason }) => reason)).toEqual(LOOKS.map(() => 'confirming'));
    expect(story.state).toMatchObject({
      status: 'unconfirmed',
      publish: { attempts: 1, unclearSince: T0 },
      failure: { code: 'unconfirmed', step: 'confirm', retryable: false, at: T0 + (LOOKS.at(-1) ?? 0) },
    });
    expect(story.state.failure?.hint).toContain('/resolve');
  });

  test.for([1, 3, 5])('and found at look %i is published, as what it is on X', (which, { expect }) => {
    const seenAt = T0 + (LOOKS[which - 1] ?? 0);
    for (const request of [textPost, imagePost]) {
      const story = of(request, { script: { create: [reset] }, isOnX: (now) => now >= seenAt });
      expect(creates(story)).toBe(1);
      expect(looks(story)).toHaveLength(which);
      expect(story.state).toMatchObject({
        status: 'published',
        published: { xPostId: '1', at: seenAt },
        failure: null,
        publish: { doubt: null },
      });
    }
  });

  const again: [string, PostRequest][] = [
    ['media', imagePost],
    ['a text that is to be tried again', requestOf({ onUnknown: 'retry' })],
  ];
  test.for(again)('is created once more when no look has found it: %s', ([, request], { expect }) => {
    const story = of(request, { script: { create: [reset] } });
    expect(story.state).toMatchObject({ status: 'published', publish: { attempts: 2, repeats: 1 } });
    expect(story.actions.slice(-7)).toEqual(['create', ...LOOKS.map(() => 'confirm'), 'create']);

    const twice = of(request, { script: { create: [reset, reset] } });
    expect(twice.state).toMatchObject({ status: 'unconfirmed', publish: { attempts: 2 } });
    expect([creates(twice), looks(twice).length]).toEqual([2, 10]);
  });

  const left: [string, PostRequest][] = [
    ['a text', textPost],
    ['media that are to be left alone', requestOf({ media: [imageRequest()], onUnknown: 'hold' })],
    ['nullcast', requestOf({ media: [imageRequest()], options: { nullcast: true }, onUnknown: 'retry' })],
    [
      'in a community',
      requestOf({ media: [imageRequest()], options: { communityId: '8' }, onUnknown: 'retry' }),
    ],
  ];
  test.for(left)('is left to a person when no look has found it: %s', ([, request], { expect }) => {
    const story = of(request, { script: { create: [reset] } });
    expect(story.state).toMatchObject({ status: 'unconfirmed', failure: { code: 'unconfirmed' } });
    expect(story.state.failure?.message).toContain('ECONNRESET');
    expect(creates(story)).toBe(1);
  });

  test('is created no third time, whatever the second one was refused for', ({ expect }) => {
    const limits = many(xProblem({ status: 429, messages: ['Too Many Requests'] }), 3);
    const story = of(imagePost, { script: { create: [reset, ...limits, reset] } });
    // A definite refusal is not a create: the second one is still to come.
    expect([creates(story), looks(story).length]).toEqual([5, 10]);
    expect(story.state).toMatchObject({ status: 'unconfirmed', publish: { attempts: 2, repeats: 1 } });
  });
});

describe('X’s refusal of a duplicate', () => {
  test('of the first create is final', ({ expect }) => {
    const story = of(imagePost, { script: { create: [duplicate] } });
    expect(story.state.failure).toMatchObject({ code: 'duplicate_content', step: 'publish' });
    expect(looks(story)).toEqual([]);
  });

  test('of another one is proof of the first: it is looked for again, and published', ({ expect }) => {
    const story = of(imagePost, {
      script: { create: [reset, duplicate] },
      isOnX: (now) => now >= T0 + HOUR / 4,
    });
    expect(story.state).toMatchObject({ status: 'published', publish: { attempts: 2 } });
    expect(creates(story)).toBe(2);
  });

  test('and a post that no look finds is left to a person, with X’s words', ({ expect }) => {
    const story = of(imagePost, { script: { create: [reset, duplicate] } });
    expect(story.state).toMatchObject({ status: 'unconfirmed', failure: { code: 'unconfirmed' } });
    expect(story.state.failure?.message).toMatch(/duplicate content.*should be on X/);
    expect([creates(story), looks(story).length]).toEqual([2, 10]);
  });
});

describe('a look that fails', () => {
  const failures: [string, Problem, string][] = [
    ['404', answer(404, 'Not Found'), 'confirming'],
    ['404 without a word', answer(404), 'confirming'],
    ['403', answer(403, 'Forbidden'), 'confirming'],
    ['500', answer(500, 'internal server error'), 'confirming'],
    ['503', answer(503), 'confirming'],
    ['a broken connection', reset, 'confirming'],
    ['no connection', refused, 'confirming'],
    ['an answer that makes no sense', xProblem({ status: 200, cause: 'no data' }), 'confirming'],
    ['401', answer(401, 'Unauthorized'), 'backoff'],
    ['429', answer(429, 'Too Many Requests'), 'rate_limit'],
    ['402', answer(402, 'CreditsDepleted'), 'credits'],
    [
      'an account that is gone',
      { from: 'slipway', code: 'account_missing', message: 'gone', hint: 'put it back' },
      'account',
    ],
  ];
  test.for(failures)('never counts as one that did not find it: %s', ([, problem, reason], { expect }) => {
    // Every look fails three times before it is clear; the post shows up for the last one.
    const confirm = LOOKS.flatMap(() => [...many(problem, 3), goesWell]);
    let clear = 0;
    const story = of(imagePost, { script: { create: [reset], confirm }, isOnX: () => ++clear === 5 });
    expect(story.state).toMatchObject({ status: 'published', publish: { attempts: 1 } });
    expect(looks(story)).toHaveLength(5);
    expect(
      story.waits.filter((wait) => wait.reason === (reason === 'backoff' ? 'confirming' : reason)),
    ).not.toEqual([]);
  });

  test('puts off those that follow: only looks that are apart prove anything', ({ expect }) => {
    const story = of(imagePost, { script: { create: [reset], confirm: many(answer(404), 60) } });
    const [first = 0, ...rest] = looks(story);
    expect(first).toBeGreaterThan(10 * MINUTE);
    const planned = LOOKS.slice(1).map((look) => look - (LOOKS[0] ?? 0));
    for (const [index, look] of rest.entries())
      expect(look - first).toBeGreaterThanOrEqual(planned[index] ?? Infinity);
  });

  test('for longer than configured leaves the post to a person', ({ expect }) => {
    const story = of(imagePost, {
      turnOf: ({ do: what }) =>
        what === 'create' ? reset : what === 'confirm' ? answer(404, 'Not Found') : goesWell,
    });
    expect(story.state.status).toBe('unconfirmed');
    expect(story.state.failure?.message).toMatch(/ECONNRESET.*could not be read: Not Found/);
    expect(story.now - T0).toBeGreaterThanOrEqual(policy.confirmLimitMs);
    expect(story.now - T0).toBeLessThan(policy.confirmLimitMs + 10 * MINUTE);
    expect(creates(story)).toBe(1);
  });

  test('for a while, and then not, gives the next failures all their time', ({ expect }) => {
    const hours20 = many(answer(503), 20 * 120);
    const story = of(imagePost, {
      script: { create: [reset], confirm: [...hours20, goesWell, ...hours20, goesWell] },
      isOnX: (now) => now > T0 + policy.confirmLimitMs,
    });
    expect(story.state.status).toBe('published');
  });

  test('for want of credits waits for them, however long', ({ expect }) => {
    const story = of(imagePost, {
      script: { create: [reset], confirm: many(answer(402, 'CreditsDepleted'), 300) },
      isOnX: () => true,
    });
    expect(story.now - T0).toBeGreaterThan(2 * DAY);
    expect(story.state.status).toBe('published');
  });

  test.for(['internal', 'timeline_too_long'] as const)(
    'for a reason of ours does not hide the doubt: %s',
    (code, { expect }) => {
      const problem = { from: 'slipway', code, message: 'cannot be asked', hint: 'h' } as const;
      const story = of(imagePost, {
        turnOf: ({ do: what }) => (what === 'create' ? reset : what === 'confirm' ? problem : goesWell),
      });
      expect(story.state).toMatchObject({ status: 'unconfirmed', failure: { code: 'unconfirmed' } });
      expect(story.state.failure?.message).toContain('cannot be asked');
    },
  );
});

describe('another worker', () => {
  const intended = (startedAt: number): PostState => {
    const state = newPostState(textPost);
    const intent = { attempt: 1, startedAt, deadline: deadlineOf(startedAt, policy) };
    return { ...state, status: 'publishing', publish: { ...state.publish, attempts: 1, intent } };
  };

  test('that finds an intent looks when the call of it is over', ({ expect }) => {
    const story = of(textPost, { state: intended(T0 - 7 * SECOND), abandoned: true });
    expect(looks(story)).toEqual(LOOKS.map((look) => look - 7 * SECOND));
    expect(creates(story)).toBe(0);
    expect(story.state.publish).toMatchObject({ attempts: 1, unclearSince: T0 - 7 * SECOND });
  });

  test('looks at once where the call was over long ago, and again as long after', ({ expect }) => {
    const story = of(textPost, { state: intended(T0 - HOUR), abandoned: true });
    expect(looks(story)).toEqual(LOOKS.map((look) => look - TIMEOUT));
  });

  test('waits no longer than by its own clock, however far ahead the other’s is', ({ expect }) => {
    const story = of(textPost, { state: intended(T0 + 5 * HOUR), abandoned: true });
    expect(looks(story)).toEqual(LOOKS);
  });

  test('that was handed the post doubts the intent just the same', ({ expect }) => {
    const story = of(textPost, { state: intended(T0), isOnX: () => true });
    expect([story.state.status, creates(story), looks(story)]).toEqual(['published', 0, [TIMEOUT]]);
  });

  test('goes on with the looks that are left, however many workers die: it is no poison', ({ expect }) => {
    let deaths = 0;
    const story = of(imagePost, {
      policy: { ...policy, abandonLimit: 3 },
      turnOf: ({ do: what }) => {
        if (what === 'create' && deaths === 0) return reset;
        return what === 'confirm' && deaths++ % 9 !== 8 ? { dies: true } : goesWell;
      },
    });
    expect(looks(story)).toEqual(LOOKS);
    expect(deaths).toBe(45);
    expect(story.state).toMatchObject({ status: 'published', abandoned: 0, publish: { attempts: 2 } });
  });
});

describe('media that expire while the post is looked for', () => {
  test('are uploaded anew for another create, and both uploads are looked for', ({ expect }) => {
    const entry = (mediaKey: string) => ({ id: '9', text: '', mediaKeys: [mediaKey], createdAt: T0 });
    const found: string[][] = [];
    const story = of(imagePost, {
      lifetimeMs: 5 * MINUTE,
      script: { create: [reset, reset] },
      isOnX: (_now, { publish }) => {
        const keys = ['3_m1', '3_m2', '3_m3'];
        found.push(keys.filter((key) => findOurs(imagePost, publish, [entry(key)])));
        return false;
      },
    });
    expect(story.actions.filter((key) => key === 'upload_once:0')).toHaveLength(2);
    expect(found).toEqual([...LOOKS.map(() => ['3_m1']), ...LOOKS.map(() => ['3_m1', '3_m2'])]);
    expect(story.state.publish.doubt?.since).toBe(T0);
  });

  test('are known by the last upload alone where no create may have happened', ({ expect }) => {
    const invalid = answer(400, 'Your media IDs are invalid.');
    const story = of(imagePost, { script: { create: [invalid, reset] }, isOnX: () => true });
    expect(story.state.publish.sought).toEqual([['3_m2']]);
  });
});

describe('a create that says nothing against the post', () => {
  const free: [string, Problem][] = [
    ['429', answer(429, 'Too Many Requests')],
    ['402', answer(402, 'CreditsDepleted')],
    ['401', answer(401, 'Unauthorized')],
    ['a locked account', answer(403, 'Your account is temporarily locked.')],
    ['no connection', refused],
    [
      'an account that is gone',
      { from: 'slipway', code: 'account_missing', message: 'gone', hint: 'put it back' },
    ],
  ];
  test.for(free)('uses no attempt: %s', ([, problem], { expect }) => {
    const story = of(textPost, { script: { create: many(problem, 5) } });
    expect(story.state).toMatchObject({ status: 'published', publish: { attempts: 1, unclearSince: null } });
    expect(creates(story)).toBe(6);
  });

  test('uses one where X refused the post for what it is', ({ expect }) => {
    const script: Script = { create: [answer(400, 'Your media IDs are invalid.')] };
    expect(of(imagePost, { script }).state.publish.attempts).toBe(2);
  });
});
