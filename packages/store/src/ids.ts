import { createHash, randomFillSync } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { ulid } from 'ulid';

/** Every account has one of these; a partition owns those that are equal to it modulo the number of partitions. */
const SLOTS = 1024;
const BASE32 = '0123456789abcdefghjkmnpqrstvwxyz';
const POST_ID = /^post_[0-7][0-9a-hjkmnp-tv-z]{25}$/;

/** `post_` and a lower-case ULID whose last two characters are the routing slot of its account. Sorts by time. */
export function newPostId(accountId: string, now: number): string {
  const slot = slotOfAccount(accountId);
  const routing = `${BASE32[slot >> 5]}${BASE32[slot & 31]}`;
  return `post_${ulid(now, fraction).toLowerCase().slice(0, 24)}${routing}`;
}

export function isPostId(text: string): boolean {
  return POST_ID.test(text);
}

/** The same X user is always the same account, wherever and however often it is connected. */
export function accountIdOf(xUserId: string): string {
  const digest = createHash('sha256').update(`x:${xUserId}`).digest();
  const letters = Array.from({ length: 26 }, (_, index) => BASE32[(digest[index] ?? 0) & 31]);
  return `acct_${letters.join('')}`;
}

export function slotOfAccount(accountId: string): number {
  return crc32(accountId) % SLOTS;
}

/** The slot is in the id, so that a post is found without knowing its account. */
export function slotOfPost(postId: string): number {
  const [high = '0', low = '0'] = postId.slice(-2);
  return BASE32.indexOf(high) * 32 + BASE32.indexOf(low);
}

const pool = new Uint32Array(1024);
let drawn = pool.length;

/** In [0, 1), from the system's source of randomness. Drawn in bulk: ulid's own way asks for every letter and is 50 times slower. */
function fraction(): number {
  if (drawn === pool.length) {
    randomFillSync(pool);
    drawn = 0;
  }
  return (pool[drawn++] ?? 0) / 2 ** 32;
}
