import type { Stack } from '@slipway/local';
import { makeGif, makeImage, makeVideo, type Media } from '@slipway/testkit';
import { setTimeout as wait } from 'node:timers/promises';
import type { ApiClient } from './api-client.ts';
import type { Submission } from './evidence.ts';
import { tokenOf, tokenStem, type Plan, type PlannedMedia, type PlannedPost } from './plan/vocabulary.ts';
import type { Sightings } from './sightings.ts';

const BUCKET = 'media';
/** A post whose answer is unclear is given up and sent anew, under another token, after so long. */
const RESEND_MS = 500;
/** An upload that has not begun so long after its post is due is hindered by some fault; its object is left as it is. */
const UPLOAD_BEGINS_MS = 15_000;
/** When the faults are over, the API takes every post again. */
const ACKNOWLEDGED_WITHIN_MS = 60_000;
/** A seed that no other object of a campaign has. */
const SWAP_SALT = 1_000_003;

export interface Load {
  readonly submissions: readonly Submission[];
  /** By post: for each media item, the hashes of what its object was. */
  readonly hashes: ReadonlyMap<number, string[][]>;
  /** Resolves when all posts of the plan have been acknowledged. */
  readonly done: Promise<void>;
}

export interface LoadDeps {
  stack: Stack;
  /** Through the link that faults are done to. */
  api: ApiClient;
  sightings: Sightings;
  plan: Plan;
  startedAt: number;
  onAcknowledged: (id: string) => void;
}

/** The caller: sends every post of the plan at its time, until it is acknowledged, and does what owners do to their posts. */
export function startLoad({ stack, api, sightings, plan, startedAt, onAcknowledged }: LoadDeps): Load {
  const submissions: Submission[] = [];
  const hashes = new Map<number, string[][]>();
  const giveUpAt = startedAt + plan.minutes * 60_000 + ACKNOWLEDGED_WITHIN_MS;

  const play = async (post: PlannedPost): Promise<void> => {
    await wait(Math.max(0, startedAt + post.sendAtMs - Date.now()));
    hashes.set(post.index, await Promise.all(post.media.map((media, item) => put(media, keyOf(post, item)))));
    const on = { operation: 'posts.create', textIncludes: tokenStem(plan.seed, post.index) };
    for (const effect of post.createFaults) await stack.sim.script({ on, do: effect });
    if (post.fate === 'refused') {
      await stack.sim.script({ on, times: 'always', do: { answer: 'not_permitted' } });
    }
    const id = await send(post);
    onAcknowledged(id);
    if (post.fate === 'swapped') await swap(post, id);
    if (post.cancelAfterMs !== null) await cancel(id, post.cancelAfterMs);
  };

  const send = async (post: PlannedPost): Promise<string> => {
    for (let attempt = 0; ; attempt += 1) {
      const token = tokenOf(plan.seed, post.index, attempt);
      const text = `${token} ${post.words}`;
      const answer = await api.post({
        account: stack.accounts[post.account]?.id,
        text,
        media: post.media.map(({ altText, ifChanged }, item) => ({
          bucket: BUCKET,
          key: keyOf(post, item),
          ifChanged,
          ...(altText !== null && { altText }),
        })),
        ifLate: post.ifLate,
        ...(post.onUnknown !== null && { onUnknown: post.onUnknown }),
        ...(post.publishAfterMs !== null && {
          publishAt: new Date(Date.now() + post.publishAfterMs).toISOString(),
        }),
      });
      if (answer.outcome === 'refused') {
        throw new Error(`the API refused post ${post.index}: ${answer.status} ${answer.body}`);
      }
      const id = answer.outcome === 'acknowledged' ? answer.id : null;
      submissions.push({ post: post.index, token, text, outcome: answer.outcome, id });
      if (id !== null) return id;
      if (Date.now() > giveUpAt)
        throw new Error(`post ${post.index} was not acknowledged: ${answer.outcome}`);
      await wait(RESEND_MS);
    }
  };

  const put = async (media: PlannedMedia, key: string): Promise<string[]> => {
    const made = make(media);
    await stack.s3.putObject({ bucket: BUCKET, key, body: made.stream(), contentType: made.contentType });
    return [await made.sha256()];
  };

  /** Replaces the object in the middle of its upload, by another of the same size. */
  const swap = async (post: PlannedPost, postId: string): Promise<void> => {
    const [media] = post.media;
    const timeoutMs = (post.publishAfterMs ?? 0) + UPLOAD_BEGINS_MS;
    if (!media || !(await sightings.uploading(postId, { timeoutMs }))) return;
    const [hash = ''] = await put({ ...media, seed: media.seed + SWAP_SALT }, keyOf(post, 0));
    hashes.get(post.index)?.[0]?.push(hash);
  };

  const cancel = async (id: string, afterMs: number): Promise<void> => {
    await wait(afterMs);
    while (!(await api.cancel(id))) await wait(RESEND_MS);
  };

  return { submissions, hashes, done: Promise.all(plan.load.map(play)).then(() => undefined) };
}

function keyOf({ index }: PlannedPost, item: number): string {
  return `post-${index}-${item}`;
}

function make({ type, seed, totalBytes }: PlannedMedia): Media {
  if (type === 'gif') return makeGif({ seed });
  return type === 'video' ? makeVideo({ bytes: totalBytes ?? 0, seed }) : makeImage({ type, seed });
}
