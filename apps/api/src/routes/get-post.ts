import { checkPostId, postAddressSchema, postNotFound } from '../post-id.ts';
import { viewWithAccount } from '../held-back-post.ts';
import { postSchema } from '../post-resource.ts';
import { problemResponses } from '../problems.ts';
import type { Api, RouteDeps } from '../route-deps.ts';

/** `GET /v1/posts/{id}` */
export function getPostRoute(app: Api, { posts, blocks }: RouteDeps): void {
  app.get(
    '/v1/posts/:id',
    {
      schema: {
        operationId: 'getPost',
        tags: ['posts'],
        summary: 'Look at a post',
        description: 'How far a post has got. To be told of every step, follow its events.',
        params: postAddressSchema,
        response: {
          200: { description: 'The post.', content: { 'application/json': { schema: postSchema } } },
          ...problemResponses('post_not_found'),
        },
      },
    },
    async (request, reply) => {
      const id = checkPostId(request.params.id);
      const record = await posts.get(id);
      if (!record) throw postNotFound(id);
      return reply.send(await viewWithAccount(record, blocks));
    },
  );
}
