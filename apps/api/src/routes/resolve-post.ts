import { type PostRecord, type Resolution, type Resolved, resolvePost } from '@slipway/pipeline/core';
import { timeOfPostId } from '@slipway/x-media';
import type { z } from 'zod';
import { formatInstant } from '../instants.ts';
import { checkPostId, postAddressSchema, postNotFound } from '../post-id.ts';
import { resolveSchema } from '../post-request.ts';
import { postSchema, viewPost } from '../post-resource.ts';
import { Problem, problemResponses } from '../problems.ts';
import type { Api, RouteDeps } from '../route-deps.ts';

/** Clocks differ, and a person may have posted it by hand before its time; an id of another day is a slip. */
const TOLERANCE_MS = 24 * 60 * 60_000;

/** `POST /v1/posts/{id}/resolve` */
export function resolvePostRoute(app: Api, { posts, now }: RouteDeps): void {
  app.post(
    '/v1/posts/:id/resolve',
    {
      schema: {
        operationId: 'resolvePost',
        tags: ['posts'],
        summary: 'Say what became of a post in doubt',
        description:
          'Settles a post that is unconfirmed, or that is still being looked for on X, by the word of a person who has looked at the account.',
        params: postAddressSchema,
        body: resolveSchema,
        response: {
          200: {
            description: 'The post as it is now.',
            content: { 'application/json': { schema: postSchema } },
          },
          ...problemResponses(
            'invalid_json',
            'invalid_utf8',
            'invalid_request',
            'post_not_found',
            'not_in_doubt',
            'too_early',
            'body_too_large',
            'unsupported_media_type',
          ),
        },
      },
    },
    async (request, reply) => {
      const id = checkPostId(request.params.id);
      let resolved: Resolved | undefined;
      const outcome = await posts.change(id, (record) => {
        resolved = resolvePost(record, now(), resolutionOf(request.body, record, now()));
        return 'refused' in resolved ? null : resolved;
      });
      if (!outcome || !resolved) throw postNotFound(id);
      if ('refused' in resolved) throw refusal(resolved, outcome.record, now());
      return reply.send(viewPost(outcome.record));
    },
  );
}

function resolutionOf(body: z.output<typeof resolveSchema>, record: PostRecord, now: number): Resolution {
  if (body.outcome !== 'published') return body;
  const publishedAt = timeOfPostId(body.xPostId);
  const earliest = record.request.createdAt - TOLERANCE_MS;
  if (publishedAt >= earliest && publishedAt <= now + TOLERANCE_MS) return { ...body, publishedAt };
  const detail = `By its id, X made this post at ${formatInstant(publishedAt)}; this post was accepted at ${formatInstant(record.request.createdAt)}.`;
  const hint = 'Copy the id from the address of the post on X: the digits at its end.';
  throw new Problem('invalid_request', {
    detail,
    hint,
    errors: [{ path: 'xPostId', code: 'out_of_range', detail, hint }],
  });
}

function refusal(
  resolved: Extract<Resolved, { refused: string }>,
  { state }: PostRecord,
  now: number,
): Problem {
  if (resolved.refused === 'too_early') {
    return new Problem('too_early', {
      detail: `The call that creates the post may be under way until ${formatInstant(resolved.until)}.`,
      hint: 'Look at the account after that, and then say what is true.',
      headers: { 'retry-after': String(Math.ceil((resolved.until - now) / 1000)) },
    });
  }
  return new Problem('not_in_doubt', {
    detail: `The post is ${state.status}; there is no doubt about that.`,
    hint:
      state.status === 'failed' || state.status === 'missed'
        ? 'To try it again: POST /v1/posts/{id}/retry.'
        : state.status === 'publishing'
          ? 'X is creating it just now; if its answer stays away, you can say what became of the post.'
          : 'Nothing needs to be done.',
  });
}
