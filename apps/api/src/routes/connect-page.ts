import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { CONNECT_PAGE_HEADERS, type ConnectPage, renderConnectPage } from '../connect-page.ts';
import { logDefect, toProblem } from '../error-handler.ts';
import { Problem } from '../problems.ts';
import type { Api, RouteDeps } from '../route-deps.ts';

/** X may send more than these; what is too long to be X's is not looked at. */
const querySchema = z.object({
  state: z.string().max(512).optional().describe('The `state` of the attempt.'),
  code: z.string().max(4_096).optional().describe('What X gives out where the person authorized the app.'),
  error: z
    .string()
    .max(512)
    .optional()
    .describe('Why X gives out nothing: `access_denied` where the person said no.'),
});

const page = (description: string): object => ({
  description,
  content: { 'text/html': { schema: z.string() } },
});

/** `GET /v1/accounts/callback`, where X sends the browser: it has no API key, and gets a page and not JSON. */
export function connectPageRoute(app: Api, { connecting }: RouteDeps): void {
  app.get(
    '/v1/accounts/callback',
    {
      exposeHeadRoute: false,
      errorHandler(error, request, reply) {
        const problem = toProblem(error, request);
        logDefect(request, reply, problem);
        const says = [problem.message, problem.hint, `Request ${request.id}.`];
        void send(reply, problem.status, { title: 'The account was not connected', says });
      },
      schema: {
        operationId: 'connectPage',
        tags: ['accounts'],
        summary: 'The page that X sends people back to',
        description:
          'Connects the account, for attempts whose redirect URI is this address. For browsers: it takes no key, and says in a page what happened.',
        querystring: querySchema,
        response: {
          200: page('The account is connected.'),
          400: page('The address is not one that X sends people to.'),
          409: page('The attempt is not open, or the person said no.'),
          422: page('X did not take the code, or the token is not good for posting.'),
          500: page('A defect of Slipway.'),
          502: page('X does not let the app in.'),
          503: page('X or Redis does not answer well.'),
        },
      },
    },
    async (request, reply) => {
      const { state = '', code, error } = request.query;
      if (code === undefined) {
        await connecting.abandon(state);
        throw denied(error);
      }
      const { profile } = await connecting.finish({ state, code, caller: null });
      return send(reply, 200, {
        title: `@${profile.username} is connected`,
        says: ['Slipway can post as this account now. You can close this page.'],
      });
    },
  );
}

function send(reply: FastifyReply, status: number, content: ConnectPage): FastifyReply {
  return reply
    .code(status)
    .headers(CONNECT_PAGE_HEADERS)
    .type('text/html; charset=utf-8')
    .send(renderConnectPage(content));
}

function denied(error: string | undefined): Problem {
  return new Problem('connect_denied', {
    detail:
      error === 'access_denied'
        ? 'The app was not authorized on X.'
        : `X sent no code${error === undefined ? '' : `, but the error ${JSON.stringify(error)}`}.`,
    hint: 'To connect the account after all, begin again where you came from.',
  });
}
