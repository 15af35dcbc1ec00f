import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

export interface Answered {
  method: string;
  path: string;
  status: number;
  type: string;
  body: unknown;
}

export interface Contract {
  /** Throws when an answer is not one that the description of the API promises. */
  check(answer: Answered): void;
}

interface Described {
  paths: Record<string, Record<string, { responses: Record<string, { content?: Record<string, object> }> }>>;
}

/** Problems that any address may answer with; they are not repeated at every operation. */
const EVERYWHERE = new Set([404, 405]);

/** Holds answers to an OpenAPI 3.1 document. */
export function createContractCheck(document: unknown): Contract {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the shape is asserted by the test of the document itself
  const described = document as Described;
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats.default(ajv);
  ajv.addSchema({ ...described, $id: 'api' });

  return {
    check({ method, path, status, type, body }) {
      const mime = type.split(';')[0] ?? '';
      const where = `${method} ${path} -> ${status} ${mime}`;
      const template = findTemplate(described, path.split('?')[0] ?? '');
      const declared =
        template && described.paths[template]?.[method.toLowerCase()]?.responses[String(status)];
      if (!declared) {
        if (!EVERYWHERE.has(status)) throw new Error(`${where} is not in the description`);
        hold(ajv.getSchema('api#/components/schemas/Problem'), body, where);
        return;
      }
      if (declared.content === undefined) {
        if (body !== '') throw new Error(`${where} has a body that is not in the description`);
        return;
      }
      if (!declared.content[mime])
        throw new Error(`${where} has a content type that is not in the description`);
      if (mime === 'text/event-stream') return;
      const pointer = [
        'paths',
        template,
        method.toLowerCase(),
        'responses',
        String(status),
        'content',
        mime,
        'schema',
      ];
      hold(ajv.getSchema(`api#/${pointer.map(escapePointer).join('/')}`), body, where);
    },
  };
}

function findTemplate(described: Described, path: string): string | undefined {
  if (path in described.paths) return path;
  return Object.keys(described.paths).find((template) =>
    new RegExp(`^${template.replaceAll(/\{[^}]+\}/g, '[^/]+')}$`).test(path),
  );
}

function hold(validate: ValidateFunction | undefined, body: unknown, where: string): void {
  if (!validate) throw new Error(`${where} has no schema`);
  if (!validate(body)) {
    throw new Error(
      `${where} is not as described: ${JSON.stringify(validate.errors)}\n${JSON.stringify(body)}`,
    );
  }
}

function escapePointer(part: string): string {
  return encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'));
}
