import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Ajv } from 'ajv';
import type { ValidateFunction } from 'ajv';
import formats from 'ajv-formats';
import type { Exchange } from '../src/index.ts';

/** X's published description (OpenAPI 2.167). It is X's document and not part of this repository. */
const DOCUMENT_PATH =
  process.env['SLIPWAY_X_OPENAPI'] ?? resolve(import.meta.dirname, '../../../../shared/x-openapi.json');

/**
 * Whether answers go unchecked for want of the document. Only a person's machine may be without it, and is told; in CI its
 * absence is a failure.
 */
export const isOpenApiLeftOut = !existsSync(DOCUMENT_PATH) && !process.env['CI'];
if (isOpenApiLeftOut) {
  console.warn(`No ${DOCUMENT_PATH}: answers are not held to X's OpenAPI document (SLIPWAY_X_OPENAPI).`);
}

interface OpenApiDocument {
  paths: Record<string, Record<string, { responses: Record<string, ResponseObject> }>>;
}
interface ResponseObject {
  content?: Record<string, { schema: { $ref: string } }>;
}

/** An answer of the simulator that X's description does not allow. */
export interface Violation {
  request: string;
  status: number;
  why: string;
  body: string;
}

type Json = Record<string, unknown>;

/**
 * Where X itself departs from its description, and the simulator with it. `adapt` returns the body as the description
 * would have it, or undefined when there is nothing in the description to hold it against.
 */
const EXCEPTIONS: readonly {
  name: string;
  reason: string;
  applies(exchange: Exchange, body: unknown): boolean;
  adapt(body: unknown): unknown;
}[] = [
  {
    name: 'about:blank',
    reason: 'X answers most errors with a generic problem that the description does not list.',
    applies: (exchange, body) => isError(exchange) && isJson(body) && body['type'] === 'about:blank',
    adapt: () => undefined,
  },
  {
    name: 'codes of v1',
    reason: 'Rate limits, locked accounts and bad timestamps still come as {errors: [{code, message}]}.',
    applies: (exchange, body) =>
      isError(exchange) && isJson(body) && errorsOf(body).some((error) => isJson(error) && 'code' in error),
    adapt: () => undefined,
  },
  {
    name: 'array of strings',
    reason: 'The media backend answers 500 with {errors: ["internal server error"]}.',
    applies: (exchange, body) =>
      isError(exchange) && isJson(body) && errorsOf(body).some((error) => typeof error === 'string'),
    adapt: () => undefined,
  },
  {
    name: 'empty or HTML error',
    reason: 'The edge answers 404, 413, 431 and 5xx with nothing or with a page.',
    applies: (exchange, body) => isError(exchange) && !isJson(body),
    adapt: () => undefined,
  },
  {
    name: 'problems of 2.166',
    reason:
      'client-forbidden, unsupported-authentication, oauth1-permissions, usage-capped and credits are still sent.',
    applies: (exchange, body) =>
      isError(exchange) &&
      isJson(body) &&
      /\/(?:client-forbidden|unsupported-authentication|oauth1-permissions|usage-capped|credits)$/.test(
        String(body['type']),
      ),
    adapt: () => undefined,
  },
  {
    name: 'old problem host',
    reason: 'Live captures to mid-2026 show problem URIs on api.twitter.com.',
    applies: (_exchange, body) =>
      JSON.stringify(body ?? null).includes('https://api.twitter.com/2/problems/'),
    adapt: (body) =>
      JSON.parse(
        JSON.stringify(body).replaceAll(
          'https://api.twitter.com/2/problems/',
          'https://api.x.com/2/problems/',
        ),
      ),
  },
  {
    name: 'processing error',
    reason: 'The description closes processing_info without the error that failed processing carries.',
    applies: (_exchange, body) => processingOf(body) !== undefined && 'error' in (processingOf(body) ?? {}),
    adapt: (body) => {
      const copy: unknown = structuredClone(body);
      delete processingOf(copy)?.['error'];
      return copy;
    },
  },
  {
    name: 'empty append',
    reason: 'Append answered 204 with nothing on v1.1, and X’s own playground still does.',
    applies: (exchange) => exchange.operation === 'media.append' && exchange.status === 204,
    adapt: () => undefined,
  },
  {
    name: 'old subtitles array',
    reason: '2.166 answered associated_subtitles as an array.',
    applies: (exchange, body) =>
      exchange.operation === 'media.subtitles.create' &&
      isJson(body) &&
      isJson(body['data']) &&
      Array.isArray(body['data']['associated_subtitles']),
    adapt: () => undefined,
  },
  {
    name: 'old usage integers',
    reason: '2.166 had integers where 2.167 has strings.',
    applies: (exchange, body) =>
      exchange.operation === 'usage' &&
      isJson(body) &&
      isJson(body['data']) &&
      typeof body['data']['project_usage'] === 'number',
    adapt: () => undefined,
  },
  {
    name: 'scripted success without sense',
    reason: 'A 2xx that is HTML or lacks data.id: an edge’s doing, played by a fault.',
    applies: (exchange, body) =>
      !isError(exchange) &&
      (!isJson(body) || (isJson(body['data']) && Object.keys(body['data']).length === 0)),
    adapt: () => undefined,
  },
];

/** Checks every answer it is shown against X's description. */
export interface Conformance {
  onExchange(exchange: Exchange): void;
  violations: Violation[];
  /** How many answers were held against a schema, by operation. */
  checked: Map<string, number>;
}

/** X's description with its schemas compiled on first use; read once for all simulators of a test file. */
const description = (() => {
  if (isOpenApiLeftOut) return undefined;
  const document = loadDocument();
  const ajv = new Ajv({ strict: false, allErrors: true });
  formats.default(ajv);
  ajv.addFormat('binary', true).addFormat('byte', true);
  ajv.addSchema(document, 'x');
  const compiled = new Map<string, ValidateFunction>();
  return {
    document,
    /** What is wrong with `body` by the schema at `ref`; undefined: nothing. */
    check(ref: string, body: unknown): string | undefined {
      const validate = compiled.get(ref) ?? ajv.compile({ $ref: `x${ref}` });
      compiled.set(ref, validate);
      return validate(body) ? undefined : ajv.errorsText(validate.errors);
    },
  };
})();

export function createConformance(): Conformance {
  const violations: Violation[] = [];
  const checked = new Map<string, number>();

  function check(exchange: Exchange & { status: number }): string | undefined {
    if (description === undefined) return undefined;
    const operation = findOperation(description.document, exchange);
    if (operation === undefined) return undefined;
    let body = parse(exchange.body);
    for (const exception of EXCEPTIONS) {
      if (!exception.applies(exchange, body)) continue;
      body = exception.adapt(body);
      if (body === undefined) return undefined;
    }
    const { responses } = operation;
    if (exchange.status < 300 && responses[String(exchange.status)] === undefined)
      return `a success with ${exchange.status} is not described`;
    const response = responses[String(exchange.status)] ?? responses['default'];
    const contentType = exchange.headers['content-type']?.split(';')[0] ?? '';
    const schema = response?.content?.[contentType]?.schema;
    if (schema === undefined) return `content type ${contentType} is not described`;
    checked.set(exchange.operation, (checked.get(exchange.operation) ?? 0) + 1);
    return description.check(schema.$ref, body);
  }

  return {
    violations,
    checked,
    onExchange(exchange) {
      const { status } = exchange;
      if (typeof status !== 'number') return;
      const why = safely(() => check({ ...exchange, status }));
      if (why === undefined) return;
      violations.push({
        request: `${exchange.method} ${exchange.path}`,
        status,
        why,
        body: exchange.body.slice(0, 500),
      });
    },
  };
}

/** A description that cannot be used is a violation, too. */
function safely(check: () => string | undefined): string | undefined {
  try {
    return check();
  } catch (error) {
    return String(error);
  }
}

function loadDocument(): OpenApiDocument {
  try {
    return JSON.parse(readFileSync(DOCUMENT_PATH, 'utf8'), allowNull);
  } catch (cause) {
    throw new Error(
      `X's OpenAPI document could not be read at ${DOCUMENT_PATH}; set SLIPWAY_X_OPENAPI to its place`,
      { cause },
    );
  }
}

/** Ajv takes OpenAPI's `nullable` only beside a `type`; X also writes it beside `oneOf`. */
function allowNull(_key: string, value: unknown): unknown {
  if (!isJson(value) || value['nullable'] !== true || 'type' in value) return value;
  const { nullable: _nullable, ...rest } = value;
  return { anyOf: [rest, { type: 'null' }] };
}

/** The operation of the description whose path fits; fixed paths come before those with parameters. */
function findOperation(document: OpenApiDocument, exchange: Exchange) {
  const given = exchange.path.split('/');
  const fitting = Object.keys(document.paths)
    .filter((template) => {
      const parts = template.split('/');
      return (
        parts.length === given.length && parts.every((part, at) => part.startsWith('{') || part === given[at])
      );
    })
    .sort((a, b) => Number(a.includes('{')) - Number(b.includes('{')));
  const [path] = fitting;
  return path === undefined ? undefined : document.paths[path]?.[exchange.method.toLowerCase()];
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text === '' ? undefined : text;
  }
}

function isError(exchange: Exchange): boolean {
  return typeof exchange.status === 'number' && exchange.status >= 400;
}

function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null;
}

function errorsOf(body: Json): unknown[] {
  return Array.isArray(body['errors']) ? body['errors'] : [];
}

function processingOf(body: unknown): Json | undefined {
  const data = isJson(body) ? body['data'] : undefined;
  const info = isJson(data) ? data['processing_info'] : undefined;
  return isJson(info) ? info : undefined;
}
