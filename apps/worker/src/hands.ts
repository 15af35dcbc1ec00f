import { LostPost } from '@slipway/pipeline';
import type { HeldPost, HeldPosts } from '@slipway/store';

/** The posts that this worker has in hand, kept so by a heartbeat. */
export interface Hands {
  /** Aborted with `LostPost` when somebody else has taken the post, or when `dropAll` is called. */
  take(post: HeldPost): { abort: AbortSignal; putDown(): void };
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
  const held = new Map<HeldPost, AbortController>();
  let beating = false;

  const beat = async (): Promise<void> => {
    if (beating || held.size === 0) return;
    beating = true;
    try {
      const lost = new Set(await heldPosts.renew([...held.keys()]));
      for (const [post, controller] of held) {
        if (lost.has(post)) controller.abort(new LostPost(`post ${post.id} was taken by somebody else`));
      }
    } catch (error) {
      onTrouble(error);
    } finally {
      beating = false;
    }
  };
  const timer = setInterval(() => void beat(), Math.ceil(leaseMs / 3));

  return {
    take(post) {
      const controller = new AbortController();
      held.set(post, controller);
      return { abort: controller.signal, putDown: () => void held.delete(post) };
    },
    get size() {
      return held.size;
    },
    dropAll() {
      for (const controller of held.values()) controller.abort(new Error('the worker is stopping'));
    },
    stop: () => clearInterval(timer),
  };
}
