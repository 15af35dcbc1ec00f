import { test } from 'vitest';
import { type Action, type PostState, type Progress, newPostState } from '../src/core/index.ts';
import { createProgress } from '../src/progress.ts';
import { videoAt } from './failure-cases.ts';
import { MIB, T0, requestOf, video, videoRequest } from './fixtures.ts';

const bytes = 9 * MIB; // Three segments, the last of 1 MiB.
const stateWith = (acknowledged: [number, number][]): PostState => {
  const media = videoAt({ source: { ...video, bytes } });
  return {
    ...newPostState(requestOf({ media: [videoRequest()] })),
    media: [{ ...media, upload: media.upload && { ...media.upload, acknowledged } }],
  };
};
const segment = (index: number): Action => ({
  do: 'append',
  item: 0,
  mediaId: '1',
  segment: { index, offset: index * 4 * MIB, bytes: 4 * MIB },
  encoding: 'multipart',
});

function watch(state: PostState) {
  const told: Progress[] = [];
  const watched = { now: T0, state };
  const progress = createProgress(
    'post_1',
    () => watched.now,
    () => watched.state,
    (each) => told.push(each),
  );
  return { progress, told, watched };
}

test('counts what is acknowledged and what is on its way', ({ expect }) => {
  const { progress, told } = watch(stateWith([[0, 0]]));
  progress.sending(segment(1))(1000);
  expect(told).toEqual([
    {
      postId: 'post_1',
      at: T0,
      media: [
        {
          item: 0,
          step: 'append',
          bytesSent: 4 * MIB + 1000,
          totalBytes: bytes,
          segmentsDone: 1,
          segments: 3,
        },
      ],
    },
  ]);
});

test('is told twice a second at most', ({ expect }) => {
  const { progress, told, watched } = watch(stateWith([]));
  const send = progress.sending(segment(0));
  for (let piece = 0; piece < 100; piece++) {
    send(10);
    watched.now += 10;
  }
  expect(told.map(({ at, media }) => [at - T0, media[0]?.bytesSent])).toEqual([
    [0, 10],
    [500, 510],
  ]);
});

test('forgets what was on its way when that has ended, well or not', ({ expect }) => {
  const { progress, told, watched } = watch(stateWith([]));
  const lost = segment(0);
  progress.sending(lost)(MIB);
  progress.ended(lost);
  watched.now += 1_000;
  progress.sending(segment(0))(10);
  expect(told.at(-1)?.media[0]?.bytesSent).toBe(10);
});

test('is never more than there is: the last segment is short', ({ expect }) => {
  const { progress, told } = watch(stateWith([[1, 2]]));
  progress.sending(segment(0))(4 * MIB);
  expect(told[0]?.media[0]).toMatchObject({ bytesSent: bytes, totalBytes: bytes });
});

test('is nothing before the object was looked at', ({ expect }) => {
  const { progress, told } = watch(newPostState(requestOf({ media: [videoRequest()] })));
  progress.sending({ do: 'inspect', item: 0 })(5);
  expect(told[0]?.media[0]).toEqual({
    item: 0,
    step: 'inspect',
    bytesSent: 0,
    totalBytes: 0,
    segmentsDone: 0,
    segments: 0,
  });
});
