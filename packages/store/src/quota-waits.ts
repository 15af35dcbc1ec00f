import type { QuotaCall } from '@slipway/pipeline';
import { type Block, type Waiting, toUsd, waitingReasonOf } from '@slipway/pipeline/core';
import { z } from 'zod';
import { causeOf } from './app-parks.ts';

/** Beyond an instant that X named: its clock and ours are not one, and not all who wait are to come at once. */
const SPARE_MS = { least: 1_000, spread: 4_000 };

/** What take-account.lua and take-app.lua say. */
const replySchema = z.union([
  z.tuple([z.literal('taken')]),
  z.tuple([z.literal('blocked'), z.string(), z.coerce.number()]),
  z.tuple([z.literal('parked'), z.string(), z.string(), z.coerce.number()]),
  z.tuple([z.literal('budget'), z.coerce.number(), z.coerce.number(), z.coerce.number()]),
  z.tuple([z.literal('window'), z.string(), z.coerce.number(), z.coerce.number()]),
]);
const blockSchema = z.custom<Block>();

const LENGTHS: Record<string, string> = {
  '15m': 'in 15 minutes',
  '3h': 'in 3 hours',
  '24h': 'in 24 hours',
};

interface Asked {
  call: QuotaCall;
  owner: 'account' | 'app';
  /** Epoch ms by the clock of whoever waits. */
  now: number;
  /** In [0, 1). */
  jitter: number;
}

/** Why and until when a call has to wait, by what a script said; null where it was taken. */
export function waitingOf(reply: unknown, { call, owner, now, jitter }: Asked): Waiting | null {
  const said = replySchema.parse(reply);
  switch (said[0]) {
    case 'taken':
      return null;
    case 'blocked': {
      const { cause, detail, until, app } = blockSchema.parse(JSON.parse(said[1]));
      return {
        reason: waitingReasonOf(cause),
        until: until === null ? null : now + until - said[2],
        detail,
        cause,
        ...(app !== undefined && { app }),
      };
    }
    case 'parked': {
      const [, text, detail, waitMs] = said;
      const cause = causeOf(text);
      return { reason: waitingReasonOf(cause), until: now + waitMs, detail, cause, app: call.app };
    }
    case 'budget': {
      const [, budget, spent, waitMs] = said;
      const detail = `${toUsd(spent)} of this month's budget of ${toUsd(budget)} USD for the ${owner} are spent, and ${toUsd(call.costMicroUsd)} more would exceed it. Raise it, or wait for the next month.`;
      const app = owner === 'app' ? { app: call.app } : {};
      return { reason: 'credits', until: now + waitMs, detail, cause: 'budget', ...app };
    }
    case 'window': {
      const [, window, limit, waitMs] = said;
      const what = limit < 0 ? 'X takes no more calls' : `X's limit of ${limit} calls is used up`;
      const detail = `${what}: ${call.endpoint}, ${LENGTHS[window] ?? window}, for the ${owner}.`;
      const spareMs = Math.round(SPARE_MS.least + jitter * SPARE_MS.spread);
      return { reason: 'rate_limit', until: now + waitMs + spareMs, detail };
    }
  }
}

/** What to wait for where both are in the way: a block says more than a limit; of two limits the later one. */
export function strongerOf(account: Waiting | null, app: Waiting | null): Waiting | null {
  if (!account || !app) return account ?? app;
  if (account.cause) return account;
  if (app.cause) return app;
  return (account.until ?? Infinity) > (app.until ?? Infinity) ? account : app;
}
