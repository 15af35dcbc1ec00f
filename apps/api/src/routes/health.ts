import type { Risk } from '@slipway/store';
import { z } from 'zod';
import { Problem, problemResponses } from '../problems.ts';
import type { Api, RouteDeps } from '../route-deps.ts';

/** `GET /healthz` and `GET /readyz` */
export function healthRoutes(app: Api, { ping, risks, requireSafety, limits }: RouteDeps): void {
  app.get(
    '/healthz',
    {
      logLevel: 'warn',
      schema: {
        operationId: 'health',
        tags: ['operations'],
        summary: 'Is the process up?',
        response: {
          200: {
            description: 'It is.',
            content: { 'application/json': { schema: z.strictObject({ status: z.literal('up') }) } },
          },
        },
      },
    },
    async (_request, reply) => reply.send({ status: 'up' }),
  );

  app.get(
    '/readyz',
    {
      logLevel: 'warn',
      schema: {
        operationId: 'readiness',
        tags: ['operations'],
        summary: 'Can it take posts?',
        description: 'Ready when Redis answers, takes writes and, in production, keeps what it is given.',
        response: {
          200: {
            description: 'It can.',
            content: {
              'application/json': {
                schema: z.strictObject({
                  status: z.literal('ready'),
                  warnings: z.array(z.string()).describe('What of Redis puts posts at risk.'),
                }),
              },
            },
          },
          ...problemResponses('not_ready'),
        },
      },
    },
    async (_request, reply) => {
      const found = await within(limits.readyTimeoutMs, () => ping().then(risks)).catch((cause: unknown) => {
        throw new Problem('not_ready', {
          detail: 'Redis does not answer.',
          hint: 'Start Redis, or correct REDIS_URL; nothing else needs to be done.',
          headers: { 'retry-after': '5' },
          cause,
        });
      });
      const messagesOf = (...effects: Risk['effect'][]): string[] =>
        found.flatMap(({ effect, message }) => (effects.includes(effect) ? [message] : []));
      const stopped = messagesOf('takes_no_posts');
      if (stopped.length > 0) {
        throw new Problem('not_ready', {
          detail: `Redis takes no posts: ${stopped.join(' ')}`,
          hint: 'As soon as Redis takes writes again, so does this server; nothing else needs to be done.',
          headers: { 'retry-after': '5' },
        });
      }
      const losses = messagesOf('loses_posts');
      if (requireSafety && losses.length > 0) {
        throw new Problem('not_ready', {
          detail: `Redis would lose posts: ${losses.join(' ')}`,
          hint: 'Correct these settings of Redis; docs/redis.md says what each is for.',
        });
      }
      return reply.send({
        status: 'ready',
        warnings: [...losses, ...messagesOf('publishes_nothing', 'warning')],
      });
    },
  );
}

async function within<T>(timeoutMs: number, work: () => Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
  try {
    return await Promise.race([work(), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
