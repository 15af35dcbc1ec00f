import { z } from 'zod';

/** How Redis is reached and laid out; the same for every process of an installation. */
export const storeSettings = z.object({
  redisUrl: z
    .url({ protocol: /^rediss?$/, error: 'must be a redis:// or rediss:// URL' })
    .default('redis://127.0.0.1:6379')
    .describe('Redis 6.2+ or Valkey 7.2+ with an append-only file and noeviction.'),
  partitions: z.coerce
    .number()
    .int()
    .min(1)
    .max(1024)
    .default(1)
    .describe('Partitions that posts are spread over, by account; never change it while posts are stored.'),
});
export type StoreSettings = z.infer<typeof storeSettings>;
