import { z } from 'zod';
import { closestName } from './closest-name.ts';

/**
 * Settings by their names in the environment; each says what it means, its unit, and its default. One whose default depends on
 * the machine says so in words, as `defaultIs` of its `meta()`.
 */
export type SettingsShape = Record<string, z.ZodType>;

/** An environment that cannot be run with. The message names every setting at fault, what is wrong, and what it means. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** Parses the environment, once, into a frozen object. An empty value counts as not set. Throws `ConfigError`. */
export function parseEnvironment<Shape extends SettingsShape>(
  shape: Shape,
  environment: Readonly<Record<string, string | undefined>>,
): Readonly<z.output<z.ZodObject<Shape>>> {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const parsed = z.object(shape).safeParse(given);
  if (!parsed.success) throw new ConfigError(explain(shape, parsed.error.issues, given));
  return Object.freeze(parsed.data);
}

function explain(
  shape: SettingsShape,
  issues: readonly z.core.$ZodIssue[],
  given: Record<string, string | undefined>,
): string {
  const lines = issues.map((issue) => {
    const name = String(issue.path[0]);
    const meaning = shape[name]?.description ?? '';
    if (given[name] !== undefined) return `  ${name}: ${issue.message}. ${meaning}`;
    const others = Object.keys(given).filter((each) => each.startsWith('SLIPWAY_') && !(each in shape));
    const near = closestName(name, others);
    return `  ${name}: is not set${near ? ` (${near} is; is it that?)` : ''}. ${meaning}`;
  });
  return `The environment is not right:\n${lines.join('\n')}`;
}
