import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { PROBLEM_CODES } from '../src/problems.ts';
import { startApi, type ApiUnderTest } from './start-api.ts';

let api: ApiUnderTest;
// oxlint-disable-next-line typescript/no-explicit-any -- its shape is what is tested
let document: any;

beforeAll(async () => {
  api = await startApi();
  document = await (await fetch(`${api.url}/openapi.json`)).json();
});
afterAll(() => api.stop());

/** Where X sends people: it takes no key, and all its answers are pages. */
const FOR_BROWSERS = 'get /v1/accounts/callback';

interface Operation {
  operationId: string;
  summary: string;
  tags: string[];
  security?: object[];
  parameters?: { in: string; name: string; description?: string; schema: object }[];
  responses: Record<string, { description: string; content?: Record<string, { schema: object }> }>;
}

function operations(): [string, Operation][] {
  const paths: [string, Record<string, Operation>][] = Object.entries(document.paths);
  return paths.flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): [string, Operation] => [
      `${method} ${path}`,
      operation,
    ]),
  );
}

describe('the description', () => {
  test('is OpenAPI 3.1 and has every route', ({ expect }) => {
    expect(document.openapi).toBe('3.1.0');
    expect(document.info).toMatchObject({ title: 'Slipway', version: '0.0.0' });
    expect(
      operations()
        .map(([name]) => name)
        .toSorted(),
    ).toEqual([
      'delete /v1/accounts/{id}',
      'get /healthz',
      'get /readyz',
      'get /v1/accounts',
      'get /v1/accounts/callback',
      'get /v1/accounts/{id}',
      'get /v1/limits',
      'get /v1/posts',
      'get /v1/posts/{id}',
      'get /v1/posts/{id}/events',
      'patch /v1/accounts/{id}',
      'patch /v1/posts/{id}',
      'post /v1/accounts',
      'post /v1/accounts/callback',
      'post /v1/accounts/connect',
      'post /v1/accounts/{id}/release',
      'post /v1/apps/{app}/release',
      'post /v1/posts',
      'post /v1/posts/{id}/cancel',
      'post /v1/posts/{id}/resolve',
      'post /v1/posts/{id}/retry',
    ]);
  });

  test('resolves every reference and uses every component', ({ expect }) => {
    const names = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)].map(
      ([, name]) => name,
    );
    expect(new Set(names)).toEqual(new Set(Object.keys(document.components.schemas)));
    expect(JSON.stringify(document)).not.toContain('__');
  });

  test('gives every operation an id, a summary, described answers and a lock', ({ expect }) => {
    const ids = operations().map(([, { operationId }]) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [name, { summary, tags, security, responses }] of operations()) {
      expect(summary, name).toMatch(/./);
      expect(document.tags.map((tag: { name: string }) => tag.name)).toEqual(expect.arrayContaining(tags));
      const isLocked = name.includes('/v1/') && name !== FOR_BROWSERS;
      expect(security, name).toEqual(isLocked ? [{ key: [] }] : undefined);
      for (const [status, { description }] of Object.entries(responses)) {
        expect(description, `${name} ${status}`).toMatch(/^(?!Default Response)./);
      }
    }
  });

  test('describes errors as problems, with the headers that matter', ({ expect }) => {
    for (const [name, { responses }] of operations()) {
      for (const [status, { content }] of Object.entries(responses)) {
        if (Number(status) < 400 || name === FOR_BROWSERS) continue;
        expect(content, `${name} ${status}`).toEqual({
          'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } },
        });
      }
    }
    const { responses } = document.paths['/v1/posts'].post;
    expect(Object.keys(responses)).toEqual(['202', '400', '401', '413', '415', '422', '500', '503']);
    expect(responses['202'].headers).toHaveProperty('location');
    expect(responses['503'].headers).toHaveProperty('retry-after');
    expect(document.components.schemas.Problem.properties.code.enum).toEqual([...PROBLEM_CODES]);
  });

  test('describes every field of every body, and every parameter', ({ expect }) => {
    for (const name of [
      'CreatePost',
      'MediaRequest',
      'PostOptions',
      'Post',
      'Media',
      'Waiting',
      'Failure',
      'Problem',
      'FieldError',
      'Account',
      'Block',
      'Spending',
      'BeginConnect',
      'BegunConnect',
      'FinishConnect',
      'CreateAccount',
      'ChangeAccount',
      'Disconnected',
    ]) {
      const schema = document.components.schemas[name];
      expect(schema, name).toMatchObject({ type: 'object', additionalProperties: false });
      for (const [field, property] of Object.entries<{ description?: string; $ref?: string }>(
        schema.properties,
      )) {
        expect(property.description ?? property.$ref, `${name}.${field}`).toMatch(/./);
      }
    }
    for (const [name, { parameters = [] }] of operations()) {
      for (const parameter of parameters)
        expect(parameter.description, `${name} ${parameter.name}`).toMatch(/./);
    }
  });

  test('gives examples that its own schemas take', ({ expect }) => {
    const ajv = new Ajv2020({ strict: false });
    addFormats.default(ajv);
    ajv.addSchema({ ...document, $id: 'api' });
    let count = 0;
    for (const [name, { examples = [] }] of Object.entries<{ examples?: unknown[] }>(
      document.components.schemas,
    )) {
      for (const example of examples) {
        count += 1;
        const validate = ajv.getSchema(`api#/components/schemas/${name}`);
        expect(validate?.(example), `${name}: ${JSON.stringify(validate?.errors)}`).toBe(true);
      }
    }
    expect(count).toBeGreaterThanOrEqual(3);
  });

  test('tells limits and units', ({ expect }) => {
    const { CreatePost, MediaRequest, PostOptions } = document.components.schemas;
    expect(CreatePost.required).toEqual(['account']);
    expect(CreatePost.properties.media.maxItems).toBe(4);
    expect(CreatePost.properties.publishAt.anyOf).toMatchObject([
      { type: 'string', format: 'date-time' },
      { const: 'next-slot' },
      { $ref: '#/components/schemas/LocalTime' },
    ]);
    expect(MediaRequest.required).toEqual(['bucket', 'key']);
    expect(MediaRequest.properties.altText.maxLength).toBe(1000);
    expect(PostOptions.properties.taggedUserIds.maxItems).toBe(10);
  });
});

test('the reference page needs nothing from elsewhere and no key', async ({ expect }) => {
  const page = await fetch(`${api.url}/docs`);
  expect(page.status).toBe(200);
  const html = await page.text();
  for (const [, source = ''] of html.matchAll(/(?:src|href)="([^"]+)"/g)) {
    const part = await fetch(new URL(source, `${api.url}/docs/`));
    expect(part.status, source).toBe(200);
    // An answer that is not read to its end would keep its connection, and the server, from closing.
    expect((await part.arrayBuffer()).byteLength).toBeGreaterThan(0);
    expect(part.url.startsWith(api.url)).toBe(true);
  }
});
