import type { PostRecord } from '@slipway/pipeline/core';
import { editAcceptedPost } from '../edit-post.ts';
import { checkPostId, postAddressSchema, postNotFound } from '../post-id.ts';
import { acceptedPostSchema, viewPost } from '../post-resource.ts';
import { editPostSchema } from '../post-request.ts';
import { Problem, problemResponses } from '../problems.ts';
import type { Api, RouteDeps } from '../route-deps.ts';

/** `PATCH /v1/posts/{id}` */
export function editPostRoute(app: Api, deps: RouteDeps): void {
  app.patch(
    '/v1/posts/:id',
    {
      schema: {
        operationId: 'editPost',
        tags: ['posts'],
        summary: 'Edit or move a post',
        description:
          'Changes a post, or its time, until its creation on X begins. Media that are still asked for keep what was uploaded of them. ' +
          'What is sent is checked as for a new post.',
        params: postAddressSchema,
        body: editPostSchema,
        response: {
          200: {
            description: 'The post as it is now.',
            content: { 'application/json': { schema: acceptedPostSchema } },
          },
          ...problemResponses(
            'invalid_json',
            'invalid_utf8',
            'invalid_request',
            'post_not_found',
            'too_late',
            'too_early',
            'body_too_large',
            'unsupported_media_type',
            'post_refused',
          ),
        },
      },
    },
    async (request, reply) => {
      const id = checkPostId(request.params.id);
      const gone = new AbortController();
      reply.raw.once('close', () => gone.abort(new Error('the caller hung up')));
      const outcome = await editAcceptedPost(id, request.body, { ...deps, ...deps.limits }, gone.signal);
      if (!outcome) throw postNotFound(id);
      if ('refused' in outcome) throw outcome.refused === 'too_late' ? tooLate(outcome.record) : tooEarly();
      const { record, warnings } = outcome;
      return reply.send({ ...viewPost(record), ...(warnings.length > 0 && { warnings }) });
    },
  );
}

function tooLate({ state: { status } }: PostRecord): Problem {
  const isOver = ['published', 'failed', 'canceled', 'missed', 'unconfirmed'].includes(status);
  return new Problem('too_late', {
    detail: isOver
      ? `The post cannot be edited any more: it is ${status}.`
      : 'The post cannot be edited any more: its creation on X has begun, and it may be there as it was.',
    hint:
      status === 'failed' || status === 'canceled' || status === 'missed'
        ? 'Send it as a new post.'
        : 'See what becomes of it: GET /v1/posts/{id}. If it must not stay on X, delete it there.',
  });
}

function tooEarly(): Problem {
  return new Problem('too_early', {
    detail:
      'Redis was restarted or failed over, and may have forgotten that the post was created; it is looked for first.',
    hint: 'Edit it again in a few seconds, or see what was found out: GET /v1/posts/{id}.',
    headers: { 'retry-after': '5' },
  });
}
