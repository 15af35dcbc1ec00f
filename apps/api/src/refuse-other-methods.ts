import type { FastifyInstance, HTTPMethods } from 'fastify';
import { Problem } from './problems.ts';

/** Answers 405 with `Allow` where the address exists and the method does not. It watches the routes registered after it; call what it returns when they are all there. */
export function refuseOtherMethods(app: FastifyInstance): () => void {
  const methodsByUrl = new Map<string, Set<string>>();
  app.addHook('onRoute', ({ url, method }) => {
    const methods = methodsByUrl.get(url) ?? new Set();
    for (const each of [method].flat()) methods.add(each);
    methodsByUrl.set(url, methods);
  });
  return () => {
    for (const [url, methods] of Array.from(methodsByUrl)) {
      const others = app.supportedMethods.filter((method) => !methods.has(method)) as HTTPMethods[];
      const allow = [...methods].sort().join(', ');
      app.route({
        url,
        method: others,
        schema: { hide: true },
        handler: (request) => {
          throw new Problem('method_not_allowed', {
            detail: `${request.url.split('?')[0]} does not take ${request.method}.`,
            hint: `Use ${allow}.`,
            headers: { allow },
          });
        },
      });
    }
  };
}
