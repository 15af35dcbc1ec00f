import { estimateCost, startAtOf, type PostRecord } from '@slipway/pipeline/core';
import { findStoreTrouble, type StoreTrouble } from '@slipway/store';
import { acceptPost, type Accepted } from '../accept-post.ts';
import { acceptedPostSchema, viewPost } from '../post-resource.ts';
import { createPostSchema, type CreatePost } from '../post-request.ts';
import { problemResponses } from '../problems.ts';
import type { Api, RouteDeps } from '../route-deps.ts';
import { storeUnavailable } from '../store-away.ts';

/** `POST /v1/posts` */
export function createPostRoute(app: Api, deps: RouteDeps): void {
  app.post(
    '/v1/posts',
    {
      schema: {
        operationId: 'createPost',
        tags: ['posts'],
        summary: 'Post something',
        description:
          'Takes a post and answers as soon as it is safely stored; uploading and publishing follow. Text, account and media are checked first, ' +
          'so that what X would not take is refused here. When S3 cannot be asked, the post is accepted with a warning and checked later.',
        body: createPostSchema,
        response: {
          202: {
            description: 'The post is stored and will be worked on. `Location` is its address.',
            headers: { location: { type: 'string', description: 'Address of the post.' } },
            content: { 'application/json': { schema: acceptedPostSchema } },
          },
          ...problemResponses(
            'invalid_json',
            'invalid_utf8',
            'invalid_request',
            'body_too_large',
            'unsupported_media_type',
            'post_refused',
          ),
        },
      },
    },
    async (request, reply) => {
      // Who hangs up does not learn the id, and would send the post again.
      const gone = new AbortController();
      reply.raw.once('close', () => gone.abort(new Error('the caller hung up')));
      const accepted = await accept(request.body, deps, gone.signal);
      const record = await store(accepted, deps);
      return reply
        .code(202)
        .header('location', `/v1/posts/${record.request.id}`)
        .send({ ...viewPost(record), ...(accepted.warnings.length > 0 && { warnings: accepted.warnings }) });
    },
  );
}

async function accept(body: CreatePost, deps: RouteDeps, signal: AbortSignal): Promise<Accepted> {
  try {
    return await acceptPost(body, { ...deps, ...deps.limits }, signal);
  } catch (error) {
    const trouble = findStoreTrouble(error);
    if (trouble === null) throw error;
    throw storeUnavailable(trouble, error, notAccepted(trouble));
  }
}

function notAccepted({ reason }: StoreTrouble): { detail: string; hint: string } {
  return { detail: `${reason} The post was not accepted.`, hint: 'Send it again in a few seconds.' };
}

async function store({ request }: Accepted, { posts, policy }: RouteDeps): Promise<PostRecord> {
  try {
    return await posts.create(request, {
      startAt: startAtOf(request, policy),
      estimatedMicroUsd: estimateCost(request, policy.prices),
    });
  } catch (error) {
    const trouble = findStoreTrouble(error);
    if (trouble === null) throw error;
    throw storeUnavailable(
      trouble,
      error,
      trouble.maybeWritten
        ? {
            detail: `Redis went away while the post was being stored. It may have been accepted, as ${request.id}.`,
            hint: `GET /v1/posts/${request.id} once this passes; if it is not there, send the post again.`,
          }
        : notAccepted(trouble),
    );
  }
}
