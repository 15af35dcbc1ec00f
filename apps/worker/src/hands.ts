import { LostPost } from '@slipway/pipeline';
import type { HeldPost, HeldPosts } from '@slipway/store';

/** One post in hand. */
export interface Hand {
  /** Aborted with `LostPost` when somebody else has taken the post, or when `dropAll` is called. */
  abort: AbortSignal;
  /**
   * Resolves at once while the lease surely holds, otherwise when it was renewed: a worker that was paused, or cut off from
   * Redis, learns here that it has been replaced. Rejects with `LostPost`.
   */
  confirm(): Promise<void>;
  /** The post was saved under its fence at this instant, and with that the lease was renewed. */
  renewed(at: number): void;
  putDown(): void;
}

/** The posts that this worker has in hand, kept so by a heartbeat. */
export interface Hands {
  take(post: HeldPost): Hand;
  readonly size: number;
  /** Cuts every run off where it is. */
  dropAll(): void;
  stop(): void;
}

export function createHands(
  heldPosts: HeldPosts,
  leaseMs: number,
  onTrouble: (error: unknown) => void,
): Hands {
  const held = new Map<HeldPost, { controller: AbortController; renewedAt: number }>();
  let beating = false;
  // A clock that nobody sets, and that goes on while the process is stopped.
  const now = (): number => performance.now();

  const lost = (post: HeldPost): LostPost => new LostPost(`post ${post.id} was taken by somebody else`);

  const renew = async (posts: HeldPost[]): Promise<void> => {
    const askedAt = now();
    const gone = new Set(await heldPosts.renew(posts));
    for (const post of posts) {
      const hand = held.get(post);
      if (gone.has(post)) hand?.controller.abort(lost(post));
      else if (hand) hand.renewedAt = askedAt;
    }
  };

  const beat = async (): Promise<void> => {
    if (beating || held.size === 0) return;
    beating = true;
    try {
      await renew([...held.keys()]);
    } catch (error) {
      onTrouble(error);
    } finally {
      beating = false;
    }
  };
  const timer = setInterval(() => void beat(), Math.ceil(leaseMs / 3));

  return {
    take(post) {
      const hand = { controller: new AbortController(), renewedAt: now() };
      const { signal } = hand.controller;
      held.set(post, hand);
      return {
        abort: signal,
        async confirm() {
          if (now() - hand.renewedAt > leaseMs / 2) await renew([post]);
          if (signal.reason instanceof LostPost) throw signal.reason;
        },
        renewed(at) {
          hand.renewedAt = at;
        },
        putDown: () => void held.delete(post),
      };
    },
    get size() {
      return held.size;
    },
    dropAll() {
      for (const { controller } of held.values()) controller.abort(new Error('the worker is stopping'));
    },
    stop: () => clearInterval(timer),
  };
}
