import { describe, test } from 'vitest';
import type { Evidence } from '../src/evidence.ts';
import { findViolations } from '../src/invariants/check.ts';
import { countLost } from '../src/invariants/outcomes.ts';
import { CHUNK_BYTES, SEGMENTS_IN_FLIGHT } from '../src/plan/campaign-settings.ts';
import { type Doctored, event, onX, soundEvidence, T0, textOf, upload, view } from './sound-evidence.ts';

interface Case {
  name: string;
  doctor: (evidence: Doctored) => void;
  /** `<invariant> <rule>` of each violation; none when what was done is allowed. */
  finds: string[];
  profile?: Evidence['plan']['profile'];
}

const rulesOf = (evidence: Evidence): string[] =>
  findViolations(evidence).map(({ invariant, rule }) => `${invariant} ${rule}`);

test('a sound campaign violates nothing', ({ expect }) => {
  expect(findViolations(soundEvidence())).toEqual([]);
});

const unconfirmed = { status: 'unconfirmed', failure: { code: 'unconfirmed', message: 'Nobody knows' } };
const CRASH = { fault: 'worker.kill', from: T0 - 15_000, to: T0 - 14_000, worker: 'worker-1' };
/** What else is missed when a post is not what it was: its last event tells another status. */
const LAST_EVENT = '6 last event is missing';

const cases: Case[] = [
  {
    name: 'an acknowledged post that Slipway does not know',
    doctor: (it) => it.posts.splice(1, 1),
    finds: ['1 acknowledged and lost'],
  },
  {
    name: 'a post that was answered unclearly and is not there',
    doctor(it) {
      it.posts.splice(1, 1);
      it.submissions = it.submissions.map((each) =>
        each.post === 1 ? { ...each, outcome: 'unclear', id: null } : each,
      );
    },
    finds: [],
  },
  {
    name: 'an acknowledged post that was lost where that may be',
    profile: 'everysec',
    doctor: (it) => it.posts.splice(1, 1),
    finds: [],
  },
  {
    name: 'a published post that was lost where that may be, and is on X',
    profile: 'failover',
    doctor: (it) => it.posts.splice(0, 1),
    finds: [],
  },
  {
    name: 'a post that never ended',
    doctor: (it) => void (it.posts[1] = view(1, { status: 'staging' })),
    finds: ['1 never ended', LAST_EVENT],
  },
  {
    name: 'a post that is said to be published and is not on X',
    doctor: (it) => it.ledger.posts.splice(0, 1),
    finds: ['1 published, but not on X'],
  },
  {
    name: 'a post that is on X under another id',
    doctor: (it) => void (it.posts[0] = view(0, { xPostId: '101' })),
    finds: ['1 published, but not on X'],
  },
  {
    name: 'a failed post that is on X',
    doctor: (it) => it.ledger.posts.push(onX({ id: '101', text: textOf(1), mediaIds: [], mediaKeys: [] })),
    finds: ['1 failed, but on X'],
  },
  {
    name: 'a canceled post that is on X',
    doctor: (it) => it.ledger.posts.push(onX({ id: '101', text: textOf(2), mediaIds: [], mediaKeys: [] })),
    finds: ['1 canceled, but on X'],
  },
  {
    name: 'a post that failed with nothing to fail of',
    doctor(it) {
      it.posts[0] = view(0, { status: 'failed', failure: { code: 'x_unavailable', message: '503' } });
      it.ledger.posts = [];
    },
    finds: ['1 failed without a cause', LAST_EVENT],
  },
  {
    name: 'a post that failed of something else than what was done to it',
    doctor: (it) =>
      void (it.posts[1] = view(1, { status: 'failed', failure: { code: 'upload_failed', message: '429' } })),
    finds: ['1 failed without a cause'],
  },
  {
    name: 'a missed post that was to be published late',
    doctor: (it) => void (it.posts[2] = view(2, { status: 'missed' })),
    finds: ['1 failed without a cause', LAST_EVENT],
  },
  {
    name: 'a missed post that was to be skipped',
    doctor(it) {
      it.posts[2] = view(2, { status: 'missed' });
      it.plan.load = it.plan.load.map((post) => ({ ...post, ifLate: 'skip' }));
    },
    finds: [LAST_EVENT],
  },
  {
    name: 'an unconfirmed post whose creation nothing was done to',
    doctor: (it) => void (it.posts[0] = view(0, unconfirmed)),
    finds: ['1 unconfirmed without a cause', LAST_EVENT],
  },
  {
    name: 'an unconfirmed post whose creation X has spoilt',
    doctor(it) {
      it.posts[0] = view(0, unconfirmed);
      it.plan.load = it.plan.load.map((post) => ({ ...post, createFaults: [{ acceptThenDrop: true }] }));
    },
    finds: [LAST_EVENT],
  },
  {
    name: 'an unconfirmed post whose worker was killed at its creation',
    doctor(it) {
      it.posts[0] = view(0, unconfirmed);
      it.disturbances = [{ ...CRASH, from: T0 - 100, to: T0 + 1_000 }];
    },
    finds: [LAST_EVENT],
  },
  {
    name: 'a post twice on X',
    doctor: (it) => it.ledger.posts.push(onX({ id: '101' })),
    finds: ['2 text twice on X', '2 media twice on X'],
  },
  {
    name: 'a post on X twice, each time with an upload of its own',
    doctor(it) {
      it.ledger.posts.push(onX({ id: '101', mediaIds: ['media-1'], mediaKeys: ['7_media-1'] }));
      it.ledger.uploads.push(upload({ mediaId: 'media-1', mediaKey: '7_media-1' }));
    },
    finds: ['2 text twice on X'],
  },
  {
    name: 'a double where posts may be lost',
    profile: 'failover',
    doctor: (it) => it.ledger.posts.push(onX({ id: '101' })),
    finds: ['2 text twice on X', '2 media twice on X'],
  },
  {
    name: 'a post on X that nobody sent',
    doctor: (it) => it.ledger.posts.push(onX({ id: '101', text: 'Buy gold', mediaIds: [], mediaKeys: [] })),
    finds: ['2 on X, but unknown to Slipway'],
  },
  {
    name: 'a post on X of which Slipway knows nothing, sent by a caller who was told nothing',
    doctor(it) {
      it.posts.splice(0, 1);
      it.submissions = it.submissions.map((each) =>
        each.post === 0 ? { ...each, outcome: 'unclear', id: null } : each,
      );
    },
    finds: ['2 on X, but unknown to Slipway'],
  },
  {
    name: 'the same, where Redis may have forgotten it',
    doctor(it) {
      it.plan = { ...it.plan, profile: 'failover' };
      it.posts.splice(0, 1);
      it.submissions = it.submissions.map((each) =>
        each.post === 0 ? { ...each, outcome: 'unclear', id: null } : each,
      );
    },
    finds: [],
  },
  {
    name: 'another text',
    doctor: (it) => void (it.ledger.posts[0] = onX({ text: `${textOf(0)}!` })),
    finds: ['3 another text'],
  },
  {
    name: 'bytes that are not those of the object',
    doctor: (it) => void (it.ledger.uploads[0] = upload({ sha256: 'another' })),
    finds: ['3 other bytes'],
  },
  {
    name: 'the bytes that the object has now',
    doctor: (it) => void (it.hashes = new Map([[0, [['before', 'hash-0']]]])),
    finds: [],
  },
  {
    name: 'a post without its media',
    doctor: (it) => void (it.ledger.posts[0] = onX({ mediaIds: [], mediaKeys: [] })),
    finds: ['3 other media'],
  },
  {
    name: "somebody else's media",
    doctor: (it) => void (it.ledger.uploads[0] = upload({ userId: 'somebody' })),
    finds: ['3 media of nobody'],
  },
  {
    name: 'no alt text',
    doctor(it) {
      const { altText: _, ...without } = upload();
      it.ledger.uploads[0] = without;
    },
    finds: ['3 another alt text'],
  },
  {
    name: 'no alt text, and the owner was warned',
    doctor(it) {
      const { altText: _, ...without } = upload();
      it.ledger.uploads[0] = without;
      it.posts[0] = view(0, {
        xPostId: '100',
        media: [{ step: 'ready', altText: 'Alt', warnings: ['no alt text'] }],
      });
    },
    finds: [],
  },
  {
    name: 'a segment sent again for no reason',
    doctor: (it) => void (it.ledger.uploads[0] = upload({ bytesRepeated: CHUNK_BYTES })),
    finds: ['4 sent again too much'],
  },
  {
    name: 'the segments in flight sent again after a crash',
    doctor(it) {
      it.ledger.uploads[0] = upload({ bytesRepeated: SEGMENTS_IN_FLIGHT * CHUNK_BYTES });
      it.disturbances = [CRASH];
    },
    finds: [],
  },
  {
    name: 'more than the segments in flight sent again after a crash',
    doctor(it) {
      it.ledger.uploads[0] = upload({ bytesRepeated: (SEGMENTS_IN_FLIGHT + 1) * CHUNK_BYTES });
      it.disturbances = [CRASH];
    },
    finds: ['4 sent again too much'],
  },
  {
    name: 'a segment sent again while X was slow',
    doctor(it) {
      it.ledger.uploads[0] = upload({ bytesRepeated: CHUNK_BYTES });
      it.disturbances = [{ ...CRASH, fault: 'x.slow', worker: null }];
    },
    finds: ['4 sent again too much'],
  },
  {
    name: 'segments sent again after a crash that came when the upload was over',
    doctor(it) {
      it.ledger.uploads[0] = upload({ bytesRepeated: CHUNK_BYTES });
      it.disturbances = [{ ...CRASH, from: T0, to: T0 + 1 }];
    },
    finds: ['4 sent again too much'],
  },
  {
    name: 'a segment sent again whose answer X has lost',
    doctor(it) {
      it.ledger.uploads[0] = upload({ bytesRepeated: CHUNK_BYTES });
      it.appendsLost = 1;
    },
    finds: [],
  },
  {
    name: 'calls on and on in a storm of 429s',
    doctor: (it) =>
      void (it.storms = [{ account: 0, from: T0, to: T0 + 10_000, resetAfterMs: 3_500, rejected: 1_000 }]),
    finds: ['5 asked on while X said 429'],
  },
  {
    name: 'one call for each post and reset in a storm of 429s',
    doctor: (it) =>
      void (it.storms = [{ account: 0, from: T0, to: T0 + 10_000, resetAfterMs: 3_500, rejected: 9 }]),
    finds: [],
  },
  {
    name: 'an event that the subscriber did not get',
    doctor: (it) => seen(it, [event(0, 'post.scheduled'), event(2, 'post.published')]),
    finds: ['6 events not delivered'],
  },
  {
    name: 'an event that the subscriber got twice',
    doctor: (it) => seen(it, [event(0, 'post.scheduled'), event(0, 'post.scheduled')]),
    finds: ['6 events out of order'],
  },
  {
    name: 'events in the wrong order',
    doctor: (it) =>
      seen(it, [event(1, 'post.publishing'), event(0, 'post.scheduled'), event(2, 'post.published')]),
    finds: ['6 events out of order'],
  },
  {
    name: 'events in the wrong order where writes may be lost',
    profile: 'everysec',
    doctor: (it) => seen(it, [event(2, 'post.published'), event(1, 'post.publishing')]),
    finds: ['6 events out of order'],
  },
  {
    name: 'an event that the store forgot, and the subscriber has',
    doctor: (it) =>
      it.events.set('post_0', {
        seen: [0, 1, 2, 3].map((sequence) => event(sequence, 'post.published')),
        told: [event(0, 'post.scheduled'), event(3, 'post.published')],
        ended: true,
      }),
    finds: ['6 events that never happened'],
  },
  {
    name: 'a post whose first event is gone',
    doctor(it) {
      const told = [event(2, 'post.published')];
      it.events.set('post_0', { seen: told, told, ended: true });
    },
    finds: ['6 first event is missing'],
  },
  {
    name: 'a subscriber that was never told that it was over',
    doctor(it) {
      const found = it.events.get('post_0');
      if (found) it.events.set('post_0', { ...found, ended: false });
    },
    finds: ['6 a stream without an end'],
  },
  {
    name: 'a worker that does not end when it is told to',
    doctor: (it) => void (it.neverStopped = ['worker-1']),
    finds: ['7 did not end after SIGTERM'],
  },
];

function seen(evidence: Doctored, events: ReturnType<typeof event>[]): void {
  const found = evidence.events.get('post_0');
  if (found) evidence.events.set('post_0', { ...found, seen: events });
}

describe('what a campaign finds, and what it allows', () => {
  test.for(cases)('$name', ({ doctor, finds, profile }, { expect }) => {
    const evidence = soundEvidence(profile);
    doctor(evidence);
    expect(rulesOf(evidence)).toEqual(finds);
  });
});

test('what was acknowledged and is unknown is counted as lost', ({ expect }) => {
  const evidence = soundEvidence('everysec');
  evidence.posts.splice(0, 2);
  expect(countLost(evidence)).toBe(2);
});
