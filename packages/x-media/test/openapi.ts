import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import type { SeenRequest } from './x-server.ts';

/** X's published API description. It is X's document and not part of this repository. */
function openApiPath(): string {
  const root = resolve(import.meta.dirname, '../../..');
  return resolve(root, process.env['SLIPWAY_X_OPENAPI'] ?? '../shared/x-openapi.json');
}

/**
 * Whether the tests that need the document are left out. Only a person's machine may be without it, and is told; in CI its
 * absence is a failure.
 */
export function isOpenApiLeftOut(): boolean {
  const leftOut = !existsSync(openApiPath()) && !process.env['CI'];
  if (leftOut)
    console.warn(`No ${openApiPath()}: requests are not held to X's OpenAPI document (SLIPWAY_X_OPENAPI).`);
  return leftOut;
}

interface Parameter {
  $ref?: string;
  name: string;
  in: 'query' | 'path';
  required?: boolean;
  schema: { type?: string };
}

interface Operation {
  parameters?: Parameter[];
  requestBody?: { content: Record<string, { schema: object }> };
  security: Array<Record<string, string[]>>;
}

interface Document {
  paths: Record<string, Record<string, Operation>>;
  components: { parameters: Record<string, Parameter> };
}

/** Says what is wrong with a request by X's published description of its API; nothing wrong: empty. */
export function createConformanceCheck(): (request: SeenRequest) => string[] {
  const document = load();
  const ajv = new Ajv({ strict: false, allErrors: true });
  addFormats.default(ajv);
  ajv.addFormat('binary', true);
  ajv.addFormat('byte', /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/);
  ajv.addSchema(document, 'x');
  const isOf = (schema: object, value: unknown, where: string): string[] => {
    const validate = ajv.compile(absolute(schema));
    return validate(value) ? [] : [`${where}: ${ajv.errorsText(validate.errors)}`];
  };

  return (request) => {
    const found = findOperation(document, request);
    if (found === undefined) return [`no operation ${request.method} ${request.path}`];
    const { operation, id } = found;
    const parameters = (operation.parameters ?? []).map((parameter) => deref(document, parameter));
    const problems = parameters
      .filter((parameter) => parameter.in === 'path')
      .flatMap((parameter) => isOf(parameter.schema, id, parameter.name));
    const queries = parameters.filter((parameter) => parameter.in === 'query');
    for (const [name, value] of request.query) {
      const parameter = queries.find((known) => known.name === name);
      if (parameter === undefined) problems.push(`unknown query parameter ${name}`);
      else problems.push(...isOf(parameter.schema, readValue(parameter, value), name));
    }
    for (const { name, required } of queries) {
      if (required === true && !request.query.has(name)) problems.push(`query parameter ${name} is missing`);
    }
    return [...problems, ...checkBody(operation, request, isOf)];
  };
}

function checkBody(
  { requestBody }: Operation,
  request: SeenRequest,
  isOf: (schema: object, value: unknown, where: string) => string[],
): string[] {
  const contentType = request.headers['content-type'];
  if (requestBody === undefined) {
    return request.body.byteLength === 0 && contentType === undefined
      ? []
      : ['a body where none is expected'];
  }
  const length = Number(request.headers['content-length']);
  const problems = length === request.body.byteLength ? [] : [`content-length ${length}`];
  const mediaType = contentType?.split(';')[0] ?? '';
  const schema = requestBody.content[mediaType]?.schema;
  if (schema === undefined) return [...problems, `content-type ${mediaType} is not accepted`];
  const value =
    mediaType === 'multipart/form-data'
      ? Object.fromEntries(
          readMultipart(request).map(({ name, content }) => [
            name,
            name === 'segment_index' ? Number(content.toString()) : content.toString('latin1'),
          ]),
        )
      : (JSON.parse(request.body.toString()) as unknown);
  return [...problems, ...isOf(schema, value, 'body')];
}

export interface Part {
  name: string;
  headers: string;
  content: Buffer;
}

/** A strict reader: every boundary line ends in CRLF, nothing before the first or after the last. */
export function readMultipart(request: SeenRequest): Part[] {
  const boundary = /boundary=(.+)$/.exec(request.headers['content-type'] ?? '')?.[1] ?? '';
  const text = request.body.toString('latin1');
  const pieces = text.split(`--${boundary}`);
  if (pieces.shift() !== '' || pieces.pop() !== '--\r\n') throw new Error('The multipart body is not framed');
  return pieces.map((piece) => {
    const end = piece.indexOf('\r\n\r\n');
    if (!piece.startsWith('\r\n') || !piece.endsWith('\r\n') || end < 0)
      throw new Error('A part is not framed');
    const headers = piece.slice(2, end);
    return {
      name: /name="([^"]*)"/.exec(headers)?.[1] ?? '',
      headers,
      content: Buffer.from(piece.slice(end + 4, -2), 'latin1'),
    };
  });
}

function load(): Document {
  const path = openApiPath();
  try {
    const document: Document = JSON.parse(readFileSync(path, 'utf8'));
    return document;
  } catch (cause) {
    throw new Error(
      `These tests hold requests to X's published OpenAPI document. Put it at ${path} or name it in SLIPWAY_X_OPENAPI.`,
      { cause },
    );
  }
}

function findOperation(
  document: Document,
  request: SeenRequest,
): { operation: Operation; id: string | undefined } | undefined {
  const templates = Object.keys(document.paths).sort(
    (a, b) => Number(a.includes('{')) - Number(b.includes('{')),
  );
  for (const template of templates) {
    const match = new RegExp(`^${template.replace(/\{[^}]+\}/, '([^/]+)')}$`).exec(request.path);
    const operation = document.paths[template]?.[request.method.toLowerCase()];
    if (match !== null && operation !== undefined) return { operation, id: match[1] };
  }
  return undefined;
}

function deref(document: Document, parameter: Parameter): Parameter {
  const name = parameter.$ref?.split('/').at(-1);
  const target = name === undefined ? parameter : document.components.parameters[name];
  if (target === undefined) throw new Error(`Dangling reference ${parameter.$ref}`);
  return target;
}

/** Lists travel as one comma-separated value. */
function readValue({ schema }: Parameter, value: string): unknown {
  if (schema.type === 'array') return value.split(',');
  return schema.type === 'integer' ? Number(value) : value;
}

/** References inside the document, made to resolve from outside it. */
function absolute(schema: object): object {
  const copy: object = JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"x#/'));
  return copy;
}
