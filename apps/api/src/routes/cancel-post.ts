import { cancelPost, isTerminal } from '@slipway/pipeline/core';
import { checkPostId, postAddressSchema, postNotFound } from '../post-id.ts';
import { postSchema, viewPost } from '../post-resource.ts';
import { Problem, problemResponses } from '../problems.ts';
import type { Api, RouteDeps } from '../route-deps.ts';

/** `POST /v1/posts/{id}/cancel` */
export function cancelPostRoute(app: Api, { posts, now }: RouteDeps): void {
  app.post(
    '/v1/posts/:id/cancel',
    {
      schema: {
        operationId: 'cancelPost',
        tags: ['posts'],
        summary: 'Cancel a post',
        description:
          'Stops a post for good, whatever is being done for it, unless its creation on X has begun. Canceling a canceled post changes nothing.',
        params: postAddressSchema,
        response: {
          200: { description: 'The canceled post.', content: { 'application/json': { schema: postSchema } } },
          ...problemResponses(
            'invalid_json',
            'invalid_utf8',
            'post_not_found',
            'too_late',
            'too_early',
            'body_too_large',
            'unsupported_media_type',
          ),
        },
      },
    },
    async (request, reply) => {
      const id = checkPostId(request.params.id);
      const outcome = await posts.change(id, (record, changedSince) =>
        cancelPost(record, now(), changedSince),
      );
      if (!outcome) throw postNotFound(id);
      const { status } = outcome.record.state;
      if (status === 'canceled') return reply.send(viewPost(outcome.record));
      if (status === 'publishing' || isTerminal(status)) {
        throw new Problem('too_late', {
          detail: `The post cannot be canceled any more: it is ${status}.`,
          hint:
            status === 'publishing' || status === 'published' || status === 'unconfirmed'
              ? 'If it must not stay on X, delete it there.'
              : 'Nothing is left to be canceled.',
        });
      }
      throw new Problem('too_early', {
        detail:
          'Redis was restarted or failed over, and may have forgotten that the post was created; it is looked for first.',
        hint: 'Cancel it again in a few seconds, or see what was found out: GET /v1/posts/{id}.',
        headers: { 'retry-after': '5' },
      });
    },
  );
}
