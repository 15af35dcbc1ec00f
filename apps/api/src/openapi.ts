import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';

const DESCRIPTION = `Posts media from S3 to X, durably: uploads in resumable chunks, exactly one post, on time, whatever crashes on the way.

Instants are RFC 3339 in UTC, sizes are bytes, ids are strings. Bodies are closed: an unknown field is refused by name.
Whatever is not a success is \`application/problem+json\` with a code to branch on, a detail to read and a hint to act on.`;

/** The plugin's own policy sends browsers to https, where a server inside a network has nothing, and lets in a foreign host. */
const PAGE_POLICY = {
  'default-src': "'self'",
  'img-src': "'self' data:",
  'object-src': "'none'",
  'frame-ancestors': "'self'",
};

/** Describes every route that is registered after this, at /openapi.json and, for people, at /docs. */
export async function describeApi(app: FastifyInstance, { version }: { version: string }): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Slipway', version, description: DESCRIPTION },
      tags: [
        { name: 'posts', description: 'What is to be posted, and how far it has got.' },
        { name: 'accounts', description: 'The X users to post as.' },
        { name: 'operations', description: 'For load balancers and operators; no key is needed.' },
      ],
      components: {
        securitySchemes: {
          key: {
            type: 'http',
            scheme: 'bearer',
            description: 'An API key of this server: `Authorization: Bearer sk_...`',
          },
        },
      },
    },
    transform: (route) => keepHeaders(jsonSchemaTransform(route), route.schema?.response),
    transformObject: (document) => tidyComponents(jsonSchemaTransformObject(document)),
  });
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: PAGE_POLICY,
    // The standalone layout has the framework's logo and a box for other people's documents.
    uiConfig: { docExpansion: 'list', layout: 'BaseLayout' },
    theme: { title: 'Slipway API' },
  });
  app.get('/openapi.json', { schema: { hide: true } }, () => app.swagger());
}

type Described = ReturnType<typeof jsonSchemaTransform>;

/** The transform leaves the headers of responses out; they are plain JSON Schema and go through as they are. */
function keepHeaders(described: Described, responses: unknown): Described {
  for (const [status, declared] of Object.entries(responses ?? {})) {
    const target: unknown = Object.entries(described.schema.response ?? {}).find(
      ([each]) => each === status,
    )?.[1];
    if (isObject(declared) && isObject(target) && isObject(declared['headers']))
      target['headers'] = declared['headers'];
  }
  return described;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

const COMPONENT = '#/components/schemas/';

/** The generator writes every schema twice, as input and as output: keep what is used, under one name where there is one. */
function tidyComponents<Document extends { paths?: unknown; components?: { schemas?: object } }>(
  document: Document,
): Document {
  const schemas = new Map<string, unknown>(Object.entries(document.components?.schemas ?? {}));
  const used = new Set<string>();
  const visit = (value: unknown): void => {
    for (const name of referencesIn(value)) {
      if (used.has(name)) continue;
      used.add(name);
      visit(schemas.get(name));
    }
  };
  visit(document.paths);

  const nameOf = (name: string): string => {
    const short = name.replace(/Input$/, '');
    return used.has(short) && !isSame(schemas.get(short), schemas.get(name)) ? name : short;
  };
  const kept = Object.fromEntries([...used].sort().map((name) => [nameOf(name), schemas.get(name)]));
  const tidy: Document = { ...document, components: { ...document.components, schemas: kept } };
  return JSON.parse(JSON.stringify(tidy), (key, value: unknown) =>
    key === '$ref' && typeof value === 'string' && value.startsWith(COMPONENT)
      ? COMPONENT + nameOf(value.slice(COMPONENT.length))
      : value,
  );
}

function referencesIn(value: unknown): string[] {
  const text = JSON.stringify(value) ?? '';
  return Array.from(text.matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g), ([, name]) => name ?? '');
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
