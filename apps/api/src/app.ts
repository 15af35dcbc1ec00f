import { randomUUID } from 'node:crypto';
import { LogController, fastify, type FastifyBaseLogger, type FastifySchema } from 'fastify';
import { serializerCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import type { ApiKeys } from './api-keys.ts';
import { createAuthenticator } from './authenticate.ts';
import { answerClientError, answerProblems, sendProblem, toProblem } from './error-handler.ts';
import { takeJsonBodies } from './json-body.ts';
import { describeApi } from './openapi.ts';
import { problemResponses } from './problems.ts';
import { refuseOtherMethods } from './refuse-other-methods.ts';
import type { Api, RouteDeps } from './route-deps.ts';
import { cancelPostRoute } from './routes/cancel-post.ts';
import { createPostRoute } from './routes/create-post.ts';
import { editPostRoute } from './routes/edit-post.ts';
import { getPostRoute } from './routes/get-post.ts';
import { healthRoutes } from './routes/health.ts';
import { changeAccountRoute } from './routes/change-account.ts';
import { connectAccountRoute } from './routes/connect-account.ts';
import { connectCallbackRoute } from './routes/connect-callback.ts';
import { connectPageRoute } from './routes/connect-page.ts';
import { createAccountRoute } from './routes/create-account.ts';
import { disconnectAccountRoute } from './routes/disconnect-account.ts';
import { getAccountRoute } from './routes/get-account.ts';
import { listAccountsRoute } from './routes/list-accounts.ts';
import { listLimitsRoute } from './routes/list-limits.ts';
import { releaseAppRoute } from './routes/release-app.ts';
import { releaseAccountRoute } from './routes/release-account.ts';
import { listPostsRoute } from './routes/list-posts.ts';
import { postEventsRoute } from './routes/post-events.ts';
import { resolvePostRoute } from './routes/resolve-post.ts';
import { retryPostRoute } from './routes/retry-post.ts';
import { validateRequest } from './validate-request.ts';

export interface AppDeps extends Omit<RouteDeps, 'closing'> {
  keys: ApiKeys;
  logger: FastifyBaseLogger;
  version: string;
}

/** How long a request may take to arrive in full. */
const REQUEST_TIMEOUT_MS = 60_000;

/** The whole API, ready to listen. Closing it ends event streams, lets requests finish, and leaves the deps alone. */
export async function createApp({ keys, logger, version, ...deps }: AppDeps): Promise<Api> {
  const app = fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => `req_${randomUUID()}`,
    requestTimeout: REQUEST_TIMEOUT_MS,
    // While it stops, what still comes in over open connections is served; a bare 503 would be no problem+json.
    return503OnClosing: false,
    clientErrorHandler: answerClientError,
    frameworkErrors: (error, request, reply) => void sendProblem(request, reply, toProblem(error, request)),
  }).withTypeProvider<ZodTypeProvider>();
  app.setValidatorCompiler(validateRequest);
  app.setSerializerCompiler(serializerCompiler);
  takeJsonBodies(app, deps.limits);
  answerProblems(app);

  app.decorateRequest('caller', '');
  const closing = new AbortController();
  app.addHook('preClose', async () => closing.abort());
  app.addHook('onSend', async (_request, reply) => {
    // A connection that falls idle after the closing began would hold it up for as long as its client likes.
    if (closing.signal.aborted) reply.header('connection', 'close');
  });
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id).header('x-content-type-options', 'nosniff');
  });
  app.addHook('onResponse', async (request, reply) => {
    const { method, routeOptions } = request;
    const status = reply.statusCode;
    request.log.info(
      { method, route: routeOptions.url, status, ms: Math.round(reply.elapsedTime) },
      'answered',
    );
  });

  app.addHook('onRequestAbort', async (request) => {
    request.log.info({ method: request.method, route: request.routeOptions.url }, 'the caller hung up');
  });

  await describeApi(app, { version });
  const refuseOthers = refuseOtherMethods(app);
  await app.register(async (scope: Api) => {
    const routeDeps: RouteDeps = { ...deps, closing: closing.signal };
    healthRoutes(scope, routeDeps);
    connectPageRoute(scope, routeDeps);
    await scope.register(async (protectedScope: Api) => {
      protectedScope.addHook('onRequest', createAuthenticator(keys));
      protectedScope.addHook(
        'onRequest',
        async (_request, reply) => void reply.header('cache-control', 'no-store'),
      );
      protectedScope.addHook('onRoute', (route) => {
        route.schema = {
          ...route.schema,
          security: [{ key: [] }],
          response: {
            ...problemResponses('unauthorized', 'internal', 'store_unavailable'),
            ...declaredResponses(route.schema),
          },
        };
      });
      createPostRoute(protectedScope, routeDeps);
      editPostRoute(protectedScope, routeDeps);
      getPostRoute(protectedScope, routeDeps);
      listPostsRoute(protectedScope, routeDeps);
      cancelPostRoute(protectedScope, routeDeps);
      retryPostRoute(protectedScope, routeDeps);
      resolvePostRoute(protectedScope, routeDeps);
      postEventsRoute(protectedScope, routeDeps);
      listAccountsRoute(protectedScope, routeDeps);
      createAccountRoute(protectedScope, routeDeps);
      connectAccountRoute(protectedScope, routeDeps);
      connectCallbackRoute(protectedScope, routeDeps);
      getAccountRoute(protectedScope, routeDeps);
      changeAccountRoute(protectedScope, routeDeps);
      releaseAccountRoute(protectedScope, routeDeps);
      disconnectAccountRoute(protectedScope, routeDeps);
      listLimitsRoute(protectedScope, routeDeps);
      releaseAppRoute(protectedScope, routeDeps);
    });
  });
  refuseOthers();
  await app.ready();
  return app;
}

function declaredResponses(schema: FastifySchema | undefined): object {
  return typeof schema?.response === 'object' && schema.response !== null ? schema.response : {};
}
