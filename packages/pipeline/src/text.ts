// Apart from the index of the package: a worker counts no text, and what counts it is heavy.
import twitterText from 'twitter-text';

export const TEXT_LIMIT = 280;

/** X's own count: links are 23, most scripts 1 and others 2 per character. Source: twitter-text, configuration v3. */
export function weighText(text: string): { weightedLength: number; limit: number; valid: boolean } {
  const { weightedLength } = twitterText.parseTweet(text);
  return { weightedLength, limit: TEXT_LIMIT, valid: weightedLength <= TEXT_LIMIT };
}
