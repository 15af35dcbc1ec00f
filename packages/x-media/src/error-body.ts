import { z } from 'zod';
import { compact, count, parseJson, text } from './lenient.ts';
import type { XProblem } from './result.ts';

/** What an error body said, whichever of X's dialects it spoke. */
export interface ErrorBody {
  /** Whether the body is one of X's shapes; false for empty, HTML and foreign bodies. */
  known: boolean;
  messages: string[];
  title?: string;
  slug?: string;
  reason?: string;
  oauthError?: string;
  legacyCodes: number[];
  parameters: Record<string, string[]>;
  problems: XProblem[];
}

const parameters = z
  .record(z.string(), z.unknown())
  .optional()
  .catch(() => undefined);

const scalar = z
  .union([z.string(), z.number().transform(String)])
  .optional()
  .catch(() => undefined);

const problem = z.object({
  type: text,
  title: text,
  detail: text,
  message: text,
  reason: text,
  code: count,
  parameter: text,
  value: scalar,
  resource_type: text,
  resource_id: scalar,
  parameters,
  errors: z
    .array(z.unknown())
    .optional()
    .catch(() => undefined),
  error: z.unknown().optional(),
  error_description: text,
});
type Problem = z.infer<typeof problem>;

/**
 * Reads the error dialects of X's backends: RFC 9457 problems, `errors` with messages and parameters, v1 `errors`
 * with codes, `errors` of bare strings, `{code, message}`, `{request, error}`, OAuth's `{error,
 * error_description}`, partial errors beside data; and survives empty, HTML and foreign bodies.
 */
export function readErrorBody(source: string): ErrorBody {
  return readErrorValue(parseJson(source));
}

export function readErrorValue(value: unknown): ErrorBody {
  const parsed = problem.safeParse(Array.isArray(value) ? { errors: value } : value);
  if (!parsed.success) return { known: false, messages: [], legacyCodes: [], parameters: {}, problems: [] };
  const top = parsed.data;
  const entries = (top.errors ?? []).map((entry) =>
    typeof entry === 'string' ? { detail: entry } : (problem.safeParse(entry).data ?? {}),
  ) as Array<Partial<Problem>>;
  const oauthError = readOAuthError(top);
  // The entries are specific ("media type unrecognized."), the top level is often boilerplate.
  const own = [top.detail, top.message, top.error_description, readErrorText(top, oauthError)];
  const messages = [...entries.map((entry) => entry.message ?? entry.detail ?? entry.title), ...own].filter(
    isSaid,
  );
  if (messages.length === 0 && isSaid(top.title)) messages.push(top.title);
  const all = [...entries, top];
  return compact({
    known: messages.length > 0 || oauthError !== undefined || top.type !== undefined,
    messages: [...new Set(messages)],
    title: top.title ?? entries[0]?.title,
    slug: slugOf(top.type) ?? entries.map((entry) => slugOf(entry.type)).find((slug) => slug !== undefined),
    reason: top.reason,
    oauthError,
    legacyCodes: [...new Set(all.flatMap((entry) => (entry.code === undefined ? [] : [entry.code])))],
    parameters: collectParameters(all),
    problems: entries.map(toProblem),
  });
}

function toProblem(entry: Partial<Problem>): XProblem {
  return compact({
    slug: slugOf(entry.type),
    title: entry.title,
    detail: entry.detail ?? entry.message,
    legacyCode: entry.code,
    parameter: entry.parameter,
    value: entry.value,
    resourceType: entry.resource_type,
    resourceId: entry.resource_id,
  });
}

/** The host of a problem type differs between versions (api.twitter.com, api.x.com, a docs anchor); its end does not. */
function slugOf(type: string | undefined): string | undefined {
  const slug = type?.split(/[/#]/).at(-1);
  return slug === undefined || slug === '' || slug === 'about:blank' ? undefined : slug;
}

function readOAuthError({ error, error_description }: Problem): string | undefined {
  if (typeof error !== 'string') return undefined;
  return error_description !== undefined || /^[a-z]+(_[a-z]+)*$/.test(error) ? error : undefined;
}

function readErrorText({ error }: Problem, oauthError: string | undefined): string | undefined {
  if (typeof error === 'string') return oauthError === undefined ? error : undefined;
  return problem.safeParse(error).data?.message;
}

function collectParameters(entries: Array<Partial<Problem>>): Record<string, string[]> {
  const collected = new Map<string, Set<string>>();
  const add = (name: string, values: unknown[]) => {
    const known = collected.get(name) ?? new Set();
    for (const value of values) known.add(typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));
    collected.set(name, known);
  };
  for (const entry of entries) {
    if (entry.parameter !== undefined) add(entry.parameter, entry.value === undefined ? [] : [entry.value]);
    for (const [name, value] of Object.entries(entry.parameters ?? {})) {
      add(name, Array.isArray(value) ? value : [value]);
    }
  }
  return Object.fromEntries([...collected].map(([name, values]) => [name, [...values]]));
}

function isSaid(message: string | undefined): message is string {
  return message !== undefined && message !== '';
}
