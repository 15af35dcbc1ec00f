import { type PostRecord, retryPost } from '@slipway/pipeline/core';
import { checkPostId, postAddressSchema, postNotFound } from '../post-id.ts';
import { retrySchema } from '../post-request.ts';
import { postSchema, viewPost } from '../post-resource.ts';
import { Problem, problemResponses } from '../problems.ts';
import type { Api, RouteDeps } from '../route-deps.ts';

/** `POST /v1/posts/{id}/retry` */
export function retryPostRoute(app: Api, { posts, now }: RouteDeps): void {
  app.post(
    '/v1/posts/:id/retry',
    {
      schema: {
        operationId: 'retryPost',
        tags: ['posts'],
        summary: 'Try a failed post again',
        description:
          'Sets a post going again that failed or was missed, whatever its time was. It goes on at its last checkpoint: what X has acknowledged is not sent again.',
        params: postAddressSchema,
        body: retrySchema.nullish(),
        response: {
          200: {
            description: 'The post, which is being worked on again.',
            content: { 'application/json': { schema: postSchema } },
          },
          ...problemResponses(
            'invalid_json',
            'invalid_utf8',
            'invalid_request',
            'post_not_found',
            'not_retryable',
            'body_too_large',
            'unsupported_media_type',
          ),
        },
      },
    },
    async (request, reply) => {
      const id = checkPostId(request.params.id);
      const from = request.body?.from ?? 'checkpoint';
      const outcome = await posts.change(id, (record) => retryPost(record, now(), from));
      if (!outcome) throw postNotFound(id);
      if (!outcome.changed) throw notRetryable(outcome.record);
      return reply.send(viewPost(outcome.record));
    },
  );
}

function notRetryable({ state: { status, publish } }: PostRecord): Problem {
  const isInDoubt = status === 'unconfirmed' || publish.doubt !== null;
  return new Problem('not_retryable', {
    detail: `Only a post that failed or was missed can be retried; this one is ${status}.`,
    hint: isInDoubt
      ? 'Look at the account on X, then POST /v1/posts/{id}/resolve with what is true.'
      : status === 'published' || status === 'canceled'
        ? 'To post it again, send it as a new post.'
        : 'It is being worked on; there is nothing to be done.',
  });
}
