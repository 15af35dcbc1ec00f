import type { Policy } from './policy.ts';
import type { Doubt, MediaState, OnUnknown, PostRequest, PostState, PublishState } from './vocabulary.ts';

/** When it is looked for an uncertain post, as shares of the window: at once, after 5 s, 30 s, 2 min and 10 min of ten minutes. */
const LOOKS = [0, 1 / 120, 1 / 20, 1 / 5, 1] as const;
/** Clocks of workers, of Redis and of X may differ by this much. */
export const CLOCK_SKEW_MS = 60_000;

/** How long after its intent a create may begin: a worker that was held up for longer may have been replaced. */
export function freshnessMs({ createTimeoutMs }: Pick<Policy, 'createTimeoutMs'>): number {
  return Math.ceil(createTimeoutMs / 3);
}

/** When the call of an intent of `startedAt` is over, however it went. */
export function deadlineOf(startedAt: number, policy: Pick<Policy, 'createTimeoutMs'>): number {
  return startedAt + freshnessMs(policy) + policy.createTimeoutMs;
}

/** Whether a create of the post may be among what Redis forgot when, at `since`, it began another history. */
export function mayBeForgotten({ publishAt }: Pick<PostRequest, 'publishAt'>, since: number): boolean {
  return publishAt - CLOCK_SKEW_MS <= since;
}

/** When to look for a post that may come to be until `from`. */
export function looksFrom(from: number, { confirmWindowMs }: Pick<Policy, 'confirmWindowMs'>): number[] {
  return LOOKS.map((share) => from + Math.round(share * confirmWindowMs));
}

/** The state of a post that X may have made: it is looked for. */
export function doubt(
  state: PostState,
  {
    cause,
    reason,
    since,
    deadline,
    duplicate = false,
  }: Omit<Doubt, 'lookAts' | 'duplicate'> & { duplicate?: boolean },
  lookAts: number[],
): PostState {
  const { publish } = state;
  const unclearSince = publish.unclearSince ?? (cause === 'no_answer' ? since : null);
  const forgottenSince = publish.forgottenSince ?? (cause === 'lost_writes' ? since : null);
  return {
    ...state,
    status: 'publishing',
    waiting: null,
    hold: null,
    publish: {
      ...publish,
      strikes: {},
      unclearSince,
      forgottenSince,
      sought: withKeys(publish, state.media),
      doubt: {
        cause,
        reason,
        since: Math.min(since, unclearSince ?? since, forgottenSince ?? since),
        deadline,
        lookAts,
        duplicate,
      },
    },
  };
}

/** Whether an earlier create may be on X, whatever looks have said of it. */
export function mayHaveHappened({ unclearSince, forgottenSince }: PublishState): boolean {
  return unclearSince !== null || forgottenSince !== null;
}

/** What a create of these media would be known by, beside what earlier ones are known by. */
export function withKeys({ sought }: PublishState, media: readonly MediaState[]): string[][] {
  const keys = media.flatMap(({ upload }) => (upload ? [upload.mediaKey ?? upload.mediaId] : []));
  const isKnown = sought.some((each) => each.join() === keys.join());
  return keys.length === 0 || isKnown ? sought : [...sought, keys];
}

/** What to do when it stays unknown whether X has made a post: only media are known on X with certainty. */
export function onUnknownOf({ onUnknown, media }: Pick<PostRequest, 'onUnknown' | 'media'>): OnUnknown {
  return onUnknown ?? (media.length > 0 ? 'retry' : 'hold');
}

/** Whether a look at the timeline can tell that the post is not there. Source: X docs, nullcast; communities are not documented. */
export function isOnTimeline({ options }: PostRequest): boolean {
  return options.nullcast !== true && options.communityId === undefined;
}

/** A post on the account's timeline, as far as it matters. */
export interface TimelineEntry {
  id: string;
  text: string;
  mediaKeys: readonly string[];
  createdAt: number;
}

/** The entry that is this post, if any is. */
export function findOurs(
  request: Pick<PostRequest, 'text' | 'media' | 'options'>,
  { doubt, sought, forgottenSince }: Pick<PublishState, 'doubt' | 'sought' | 'forgottenSince'>,
  entries: readonly TimelineEntry[],
): TimelineEntry | null {
  if (!doubt) return null;
  const recent = entriesSince(doubt, entries);
  const byKeys = recent.find((entry) => sought.some((keys) => carries(entry, keys)));
  if (byKeys) return byKeys;
  // The keys of an upload that Redis has forgotten are forgotten with it: then the text, and how many media, must do.
  const keysMayBeLost = doubt.cause === 'restart' || forgottenSince !== null;
  if (request.media.length > 0 && (!keysMayBeLost || request.text.trim() === '')) return null;
  return recent.find((entry) => looksLike(request, entry)) ?? null;
}

/**
 * An entry that may be this post, or another one: nothing but its shape tells, since it has no text, and the keys of its media are
 * forgotten.
 */
export function findAlike(
  request: Pick<PostRequest, 'text' | 'media' | 'options'>,
  { doubt, forgottenSince }: Pick<PublishState, 'doubt' | 'forgottenSince'>,
  entries: readonly TimelineEntry[],
): TimelineEntry | null {
  if (!doubt || forgottenSince === null || request.media.length === 0 || request.text.trim() !== '')
    return null;
  return entriesSince(doubt, entries).find((entry) => looksLike(request, entry)) ?? null;
}

function entriesSince({ since }: Doubt, entries: readonly TimelineEntry[]): TimelineEntry[] {
  return entries.filter(({ createdAt }) => createdAt >= since - CLOCK_SKEW_MS);
}

/** Whether it has as many media, and X may show the text so. */
function looksLike(request: Pick<PostRequest, 'text' | 'media' | 'options'>, entry: TimelineEntry): boolean {
  return entry.mediaKeys.length === request.media.length && hasTextOf(request, entry);
}

function hasTextOf({ text, options }: Pick<PostRequest, 'text' | 'options'>, entry: TimelineEntry): boolean {
  // X puts the names of those who are answered in front of a reply. Source: X docs, counting characters.
  const isReply = options.inReplyToPostId !== undefined;
  const bare = (words: string): string => (isReply ? words.replace(/^\s*(@\w+\s+)+/, '') : words);
  return isRendering(bare(entry.text), bare(text));
}

function carries({ mediaKeys }: TimelineEntry, keys: readonly string[]): boolean {
  const ids = new Set(mediaKeys.map(idOf));
  return keys.length > 0 && keys.every((key) => ids.has(idOf(key)));
}

/** A media key is the media id behind a prefix for its category. */
function idOf(mediaKey: string): string {
  return mediaKey.slice(mediaKey.indexOf('_') + 1);
}

/** Whether X may show this text so: it escapes `& < >`, puts t.co links for URLs, and appends one for the media. */
export function isRendering(shown: string, sent: string): boolean {
  const [first = '', ...rest] = unescape(shown)
    .normalize('NFC')
    .trim()
    .split(/https:\/\/t\.co\/\w+/);
  const text = sent.normalize('NFC').trim();
  const last = rest.at(-1);
  if (last === undefined) return first === text;
  // The link of the media stands at the end and for nothing in the text.
  return (
    fits(text, [first, ...rest]) || (last === '' && fits(text, trimmedEnd([first, ...rest.slice(0, -1)])))
  );
}

function trimmedEnd(pieces: string[]): string[] {
  return [...pieces.slice(0, -1), (pieces.at(-1) ?? '').trimEnd()];
}

/** Whether the pieces stand in the text in order, with one word in place of each link between them. */
function fits(text: string, pieces: string[]): boolean {
  const pattern = pieces
    .map((piece) => piece.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`))
    .join(String.raw`\S+`);
  return new RegExp(`^${pattern}$`).test(text);
}

function unescape(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}
