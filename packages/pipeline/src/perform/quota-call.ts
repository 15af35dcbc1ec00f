import type { XResponse } from '@slipway/x-media';
import {
  type Action,
  type PostRequest,
  type PostState,
  type Problem,
  appRefusalOf,
  endpointOf,
  isDefinite,
  priceOfCreate,
} from '../core/index.ts';
import type { Account } from '../accounts.ts';
import type { QuotaCall, Settlement } from '../quota.ts';
import type { World } from '../world.ts';

/** What an action takes of X's limits and of the budgets. A create is known by its intent: it is taken before that is written. */
export function quotaCallOf(
  { policy: { prices }, clock }: World,
  action: Exclude<Action, { do: 'inspect' }>,
  { request, state }: { request: PostRequest; state: PostState },
  account: Account | null,
): QuotaCall {
  const isCreate = action.do === 'create';
  const fee = action.do === 'describe' ? prices.metadata : 0;
  return {
    accountId: request.accountId,
    app: account?.app ?? 'default',
    endpoint: endpointOf(action),
    costMicroUsd: isCreate ? priceOfCreate(request, prices) : fee,
    at: (isCreate ? state.publish.intent?.startedAt : undefined) ?? clock.now(),
    isLook: action.do === 'confirm',
  };
}

/** Of a call that was taken and not made. */
export const NOT_MADE: Settlement = { outcome: 'not_sent', answer: null, appRefusal: null };

/** What is settled of a call that failed. */
export function settlementOf(problem: Problem | null, answer: XResponse | null): Settlement {
  const appRefusal = problem && appRefusalOf(problem);
  if (problem?.from === 'slipway' || (problem?.from === 'x' && problem.reach === 'not_sent'))
    return { outcome: 'not_sent', answer, appRefusal };
  const isRefused = problem?.from === 'x' && isDefinite(problem);
  return { outcome: isRefused ? 'refused' : 'unknown', answer, appRefusal };
}
