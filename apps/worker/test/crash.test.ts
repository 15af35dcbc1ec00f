import { isTerminal } from '@slipway/pipeline/core';
import { type Media, lifeUntil, makeGif, makeImage, makeVideo } from '@slipway/testkit';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { type LifeRig, startLifeRig } from './life-rig.ts';

// Every effect of the pipeline, and every save, is a moment before which and after which a worker can die. For each kind of post:
// count the moments of a healthy life, then die at each one of them, let another worker resume, and look at X.

let rig: LifeRig;
beforeAll(async () => {
  rig = await startLifeRig();
});
afterAll(() => rig.stop());

const KINDS: { name: string; media: () => Media[]; altText: string | null }[] = [
  { name: 'text', altText: null, media: () => [] },
  {
    name: 'images',
    altText: 'described',
    media: () => [makeImage({ type: 'png', seed: 1 }), makeImage({ type: 'jpeg', seed: 2 })],
  },
  { name: 'GIF', altText: null, media: () => [makeGif({ seed: 3 })] },
  { name: 'video', altText: 'described', media: () => [makeVideo({ bytes: 80 * 1024, seed: 4 })] },
];

describe.for(KINDS)('$name', ({ name, media, altText }) => {
  test('a worker dies before and after every effect and every save, another goes on: one post on X, or none and said so', async ({
    expect,
  }) => {
    const files = media();
    const keys = files.map((_, index) => `${name}-${index}`);
    for (const [index, file] of files.entries()) await rig.put(keys[index] ?? '', file);
    const hashes = new Set(await Promise.all(files.map((file) => file.sha256())));
    const accept = (text: string) => rig.accept(text, keys, { media: { altText } });

    const healthy = lifeUntil(null);
    const first = await rig.live(await accept(`${name} healthy`), { life: healthy });
    expect(first.state).toMatchObject({ status: 'published' });

    for (const [moment] of healthy.moments.entries()) {
      const text = `${name} dies at ${moment}`;
      const id = await accept(text);
      const life = lifeUntil(moment);
      let { end, state } = await rig.live(id, { life });
      const where = `${text}, ${life.moments.at(-1)}`;
      if (end === 'died' && !isTerminal(state.status)) ({ end, state } = await rig.live(id));
      expect(end === 'over' || isTerminal(state.status), where).toBe(true);

      const ledger = rig.sim.ledger();
      const posts = ledger.posts.filter((each) => each.text === text);
      // A text whose create may not have got to X is left to a person; with media it is found, or surely not there.
      if (state.status === 'unconfirmed') {
        expect([files.length, posts.length, state.publish.attempts], where).toEqual([0, 0, 1]);
        continue;
      }
      expect(state.status, where).toBe('published');
      expect(posts, where).toHaveLength(1);
      expect(posts[0]?.id, where).toBe(state.published?.xPostId);
      const received = ledger.uploads.filter(({ mediaId }) => posts[0]?.mediaIds.includes(mediaId));
      expect(new Set(received.map(({ sha256 }) => sha256)), where).toEqual(hashes);
      const texts = received.map((upload) => upload.altText ?? null);
      expect(new Set(texts), where).toEqual(new Set(files.length > 0 ? [altText] : []));
    }
  });
});
