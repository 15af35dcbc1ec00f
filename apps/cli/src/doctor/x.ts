import { request } from 'undici';
import { compareClocks } from './clock.ts';
import type { Settings } from './examine.ts';
import type { Finding } from './finding.ts';

/** Whether X answers at all, and what its clock says. No credentials are sent. */
export async function examineX(
  { SLIPWAY_X_BASE_URL: url }: Settings,
  signal: AbortSignal,
): Promise<Finding[]> {
  const asked = Date.now();
  const answer = await request(url, { method: 'HEAD', signal }).catch((error: unknown) => {
    const reason = reasonOf(error);
    const remedy = 'see to the network, or correct SLIPWAY_X_BASE_URL';
    throw new Error(`${url} cannot be reached (${reason}): ${remedy}.`, { cause: error });
  });
  await answer.body.dump();
  const answered = Date.now();
  const found: Finding[] = [{ level: 'ok', check: 'x', message: `${url} answers (${answer.statusCode}).` }];
  const date = Date.parse(String(answer.headers['date']));
  if (!Number.isNaN(date)) {
    // A date of HTTP is cut to the second.
    const uncertaintyMs = 500 + (answered - asked) / 2;
    found.push(compareClocks('X', date + 500, { ours: (asked + answered) / 2, uncertaintyMs }));
  }
  return found;
}

/** Where a name has several addresses, each has failed in its own way. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return reasonOf(error.errors[0]);
  return error instanceof Error ? error.message : String(error);
}
