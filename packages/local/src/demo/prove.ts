import type { Ledger } from '@slipway/x-sim';

/** What a post of the demo should have become. */
export interface Expected {
  text: string;
  /** SHA-256 of each object, in order. */
  hashes: readonly string[];
}

/** What X's side says of a post: the simulator's ledger, not Slipway's word. */
export interface Proof {
  xPostId: string;
  timesPosted: number;
  bytesSent: number;
  bytesSentTwice: number;
  hashesMatch: boolean;
  holds: boolean;
}

export function prove({ text, hashes }: Expected, ledger: Ledger): Proof {
  const posts = ledger.posts.filter((post) => post.text === text);
  const [post] = posts;
  const uploads = (post?.mediaIds ?? []).map((id) => ledger.uploads.find(({ mediaId }) => mediaId === id));
  const hashesMatch =
    uploads.length === hashes.length && uploads.every((upload, index) => upload?.sha256 === hashes[index]);
  const bytesSent = uploads.reduce((sum, upload) => sum + (upload?.bytesReceived ?? 0), 0);
  const bytesSentTwice = uploads.reduce(
    (sum, upload) => sum + Math.max(0, (upload?.bytesReceived ?? 0) - (upload?.totalBytes ?? 0)),
    0,
  );
  return {
    xPostId: post?.id ?? '-',
    timesPosted: posts.length,
    bytesSent,
    bytesSentTwice,
    hashesMatch,
    holds: posts.length === 1 && hashesMatch,
  };
}
