import type { Wake } from './admissions.ts';

/** The BullMQ queue of each partition; its keys carry the partition's hash tag as their prefix. */
export const POST_QUEUE = 'posts';

/** BullMQ allows no ':' in a job id. One id per wake, so that a kept job of an earlier wake never swallows a new one. */
export function jobIdOf({ postId, wake }: Wake): string {
  return `${postId}-${wake}`;
}
