import { isTerminal } from '@slipway/pipeline/core';
import type { FeedItem } from '@slipway/store';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { postEventSchema, statusOf, viewEvent, viewProgress } from '../post-event-view.ts';
import { checkPostId, postAddressSchema, postNotFound } from '../post-id.ts';
import { Problem, problemResponses } from '../problems.ts';
import type { Api, RouteDeps } from '../route-deps.ts';
import { openEventStream, type EventStream } from '../server-sent-events.ts';

const RETRY_MS = 1_000;
const EVENT_ID = /^\d{1,16}-\d{1,16}$/;

const querySchema = z.strictObject({
  after: z
    .string()
    .optional()
    .describe('The last event that is known already. The `Last-Event-ID` header goes before it.'),
});
const headersSchema = z.looseObject({
  'last-event-id': z
    .string()
    .optional()
    .describe('The last event that was received; browsers send it by themselves.'),
});

/** `GET /v1/posts/{id}/events` */
export function postEventsRoute(app: Api, deps: RouteDeps): void {
  app.get(
    '/v1/posts/:id/events',
    {
      exposeHeadRoute: false,
      schema: {
        operationId: 'followPost',
        tags: ['posts'],
        summary: 'Follow a post',
        description:
          'What happens to a post, as server-sent events: all that has happened, then what happens, each event once and in order. ' +
          'The stream ends after the event of a final status. A stream that breaks is resumed by `Last-Event-ID`; ' +
          '204 says that there is nothing more to come. `progress` events have no id and are lost when nobody listens.',
        params: postAddressSchema,
        querystring: querySchema,
        headers: headersSchema,
        response: {
          200: {
            description: 'Events; the schema is that of their `data`.',
            content: { 'text/event-stream': { schema: postEventSchema } },
          },
          204: z.null().describe('The post is over, and its last event is known already.'),
          ...problemResponses('invalid_request', 'post_not_found'),
        },
      },
    },
    async (request, reply) => {
      const id = checkPostId(request.params.id);
      const after = checkEventId(request.headers['last-event-id'] ?? request.query.after ?? null);
      const record = await deps.posts.get(id);
      if (!record) throw postNotFound(id);
      if (isTerminal(record.state.status)) {
        const rest = await deps.posts.events(id, after);
        // To an EventSource, 204 means: do not come back.
        if (rest.length === 0) return reply.code(204).send(null);
        const stream = open(reply, id);
        for (const event of rest) await forward(stream, { kind: 'event', ...event });
        stream.end();
        return reply;
      }
      const stream = open(reply, id);
      const signal = AbortSignal.any([stream.closed, deps.closing]);
      // The feed may be waiting for Redis just then; the reader is let go at once.
      signal.addEventListener('abort', () => stream.end(), { once: true });
      try {
        for await (const item of deps.feed.follow(id, { after, signal })) {
          await forward(stream, item);
          // One that was over may have been set going again since.
          if (isLast(item) && (await isOver(id))) break;
        }
      } catch (error) {
        if (!signal.aborted)
          request.log.warn({ err: error, postId: id }, 'an event stream broke; its reader will resume');
      }
      stream.end();
      return reply;
    },
  );

  async function isOver(id: string): Promise<boolean> {
    const record = await deps.posts.get(id);
    return record === null || isTerminal(record.state.status);
  }

  function open(reply: FastifyReply, id: string): EventStream {
    for (const [name, value] of Object.entries(reply.getHeaders())) {
      if (value !== undefined) reply.raw.setHeader(name, value);
    }
    const onStall = (): void => {
      reply.log.info({ postId: id }, 'the reader of an event stream takes nothing: it is cut off');
    };
    return openEventStream(reply.hijack().raw, { ...deps.limits, onStall, retryMs: RETRY_MS });
  }
}

function forward(stream: EventStream, item: FeedItem): Promise<void> {
  if (item.kind === 'progress') {
    return stream.send({ event: 'progress', data: JSON.stringify(viewProgress(item.progress)) });
  }
  return stream.send({ id: item.id, event: item.event.type, data: JSON.stringify(viewEvent(item)) });
}

function isLast(item: FeedItem): boolean {
  const status = item.kind === 'event' ? statusOf(item.event) : null;
  return status !== null && isTerminal(status);
}

function checkEventId(id: string | null): string | null {
  if (id === null || EVENT_ID.test(id)) return id;
  const detail = `${JSON.stringify(id)} is not the id of an event.`;
  const hint = 'Send the id of the last event that you received, or nothing to start from the beginning.';
  throw new Problem('invalid_request', {
    detail,
    hint,
    errors: [{ path: 'after', code: 'invalid_format', detail, hint }],
  });
}
