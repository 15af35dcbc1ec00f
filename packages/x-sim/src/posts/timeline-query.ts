import type { SimConfig } from '../config.ts';
import { refuseInvalid } from '../http/problems.ts';

const ID = /^[0-9]{1,19}$/;
const EARLIEST_MS = Date.parse('2010-11-06T00:00:00Z');
const KNOWN = new Set([
  'max_results',
  'pagination_token',
  'start_time',
  'end_time',
  'since_id',
  'until_id',
  'exclude',
  'expansions',
  'post.fields',
  'tweet.fields',
  'media.fields',
  'user.fields',
  'poll.fields',
  'place.fields',
]);
const TOKEN_PREFIX = 'before-';

/** Bounds of a page; ids are exclusive on both sides, `fromMs` is inclusive and `toMs` exclusive. */
export interface TimelineQuery {
  maxResults: number;
  afterId: bigint;
  beforeId: bigint;
  fromMs: number;
  toMs: number;
  excludesReplies: boolean;
  /** The token of the page that follows `oldestId`. */
  tokenAfter(oldestId: string): string;
}

/** Reads the query of a timeline; refuses what X refuses. */
export function readTimelineQuery(
  vocabulary: SimConfig['vocabulary'],
  query: URLSearchParams,
): TimelineQuery {
  const invalid = (name: string, message: string): never =>
    refuseInvalid(vocabulary, message, { [name]: [query.get(name) ?? ''] });
  for (const name of query.keys())
    if (!KNOWN.has(name))
      invalid(name, `The query parameter [${name}] is not one of [${[...KNOWN].join(',')}]`);

  const maxResults = Number(query.get('max_results') ?? '10');
  if (!Number.isInteger(maxResults) || maxResults < 5 || maxResults > 100)
    invalid(
      'max_results',
      `The \`max_results\` query parameter value [${query.get('max_results')}] is not between 5 and 100`,
    );

  const id = (name: string): bigint | undefined => {
    const text = query.get(name);
    if (text === null) return undefined;
    if (!ID.test(text))
      invalid(name, `The \`${name}\` query parameter value [${text}] does not match ^[0-9]{1,19}$`);
    return BigInt(text);
  };
  const time = (name: string): number | undefined => {
    const text = query.get(name);
    if (text === null) return undefined;
    const ms = Date.parse(text);
    if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/.test(text) || Number.isNaN(ms))
      invalid(name, `The \`${name}\` query parameter value [${text}] is not a valid RFC3339 time`);
    if (ms < EARLIEST_MS) invalid(name, `'${name}' must be on or after 2010-11-06T00:00Z`);
    return ms;
  };

  const sinceId = id('since_id');
  const untilId = id('until_id');
  if (sinceId !== undefined && untilId !== undefined && sinceId >= untilId)
    invalid('since_id', "'since_id' must be less than 'until_id'");
  const fromMs = time('start_time');
  const toMs = time('end_time');
  if (fromMs !== undefined && toMs !== undefined && fromMs >= toMs)
    invalid('start_time', "'start_time' must be before 'end_time'");

  const excluded = (query.get('exclude') ?? '').split(',').filter((value) => value !== '');
  for (const value of excluded)
    if (value !== 'replies' && value !== 'retweets')
      invalid('exclude', `The \`exclude\` query parameter value [${value}] is not one of [replies,retweets]`);

  const pageBeforeId = readToken(query.get('pagination_token'), () =>
    invalid('pagination_token', 'The `pagination_token` query parameter value is invalid'),
  );
  const beforeIds = [untilId, pageBeforeId].filter((bound) => bound !== undefined);
  return {
    maxResults,
    afterId: sinceId ?? 0n,
    beforeId: beforeIds.reduce((least, bound) => (bound < least ? bound : least), 2n ** 63n),
    fromMs: fromMs ?? 0,
    toMs: toMs ?? Number.POSITIVE_INFINITY,
    excludesReplies: excluded.includes('replies'),
    tokenAfter: (oldestId) => Buffer.from(TOKEN_PREFIX + oldestId).toString('base64url'),
  };
}

function readToken(token: string | null, refuse: () => never): bigint | undefined {
  if (token === null) return undefined;
  const text = Buffer.from(token, 'base64url').toString('latin1');
  const id = text.startsWith(TOKEN_PREFIX) ? text.slice(TOKEN_PREFIX.length) : '';
  return ID.test(id) ? BigInt(id) : refuse();
}
