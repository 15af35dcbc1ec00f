import { STATUSES } from '@slipway/pipeline/core';
import { isPostId } from '@slipway/store';
import { z } from 'zod';
import { resolveAccount } from '../accept-post.ts';
import { staleCursor } from '../cursor.ts';
import { viewWithAccount } from '../held-back-post.ts';
import { postSchema } from '../post-resource.ts';
import { Problem, problemResponses } from '../problems.ts';
import type { Api, RouteDeps } from '../route-deps.ts';

const querySchema = z.strictObject({
  account: z
    .string()
    .min(1)
    .max(64)
    .optional()
    .describe('Only posts of this account: its id, or its `@username`.'),
  status: z.enum(STATUSES).optional().describe('Only posts with this status.'),
  limit: z.coerce.number().int().min(1).max(100).default(20).describe('Posts on a page.'),
  cursor: z.string().min(1).max(200).optional().describe('`nextCursor` of the page before.'),
});

const pageSchema = z
  .strictObject({
    posts: z.array(postSchema).describe('Newest first.'),
    nextCursor: z
      .string()
      .nullable()
      .describe('Asks for the next page; null on the last one. It stays right while posts change.'),
  })
  .meta({ id: 'PostPage', description: 'A page of posts.' });

/** `GET /v1/posts` */
export function listPostsRoute(app: Api, { posts, accounts, blocks }: RouteDeps): void {
  app.get(
    '/v1/posts',
    {
      schema: {
        operationId: 'listPosts',
        tags: ['posts'],
        summary: 'List posts',
        description: 'Posts, newest first, page by page.',
        querystring: querySchema,
        response: {
          200: { description: 'A page of posts.', content: { 'application/json': { schema: pageSchema } } },
          ...problemResponses('invalid_request'),
        },
      },
    },
    async (request, reply) => {
      const { account, status, limit, cursor = null } = request.query;
      if (cursor !== null && !isPostId(cursor)) throw staleCursor(cursor);
      const accountId = account?.startsWith('@') ? await idOf(account) : account;
      const page = await posts.list({
        ...(accountId !== undefined && { accountId }),
        ...(status !== undefined && { status }),
        limit,
        cursor,
      });
      return reply.send({
        posts: await Promise.all(page.posts.map((record) => viewWithAccount(record, blocks))),
        nextCursor: page.nextCursor,
      });
    },
  );

  async function idOf(username: string): Promise<string> {
    const found = await resolveAccount(username, accounts);
    if ('account' in found) return found.account.profile.id;
    const { detail, hint } = found.error;
    throw new Problem('invalid_request', { detail, hint, errors: [found.error] });
  }
}
