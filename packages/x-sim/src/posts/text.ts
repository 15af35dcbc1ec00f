import { hash } from 'node:crypto';
import twitterText from 'twitter-text';

const MAX_WEIGHT = 280;
const MAX_PREMIUM_CHARACTERS = 25_000;

/** Whether the text is within X's weighted length, or the longer one of Premium accounts. */
export function isWithinLength(text: string, premium: boolean): boolean {
  if (premium) return text.length <= MAX_PREMIUM_CHARACTERS;
  return twitterText.parseTweet(text).weightedLength <= MAX_WEIGHT;
}

export function countCashtags(text: string): number {
  return text.includes('$') ? twitterText.extractCashtags(text).length : 0;
}

export function mentions(text: string, username: string): boolean {
  return twitterText
    .extractMentions(text)
    .some((mentioned) => mentioned.toLowerCase() === username.toLowerCase());
}

/** The text as X gives it back: URLs wrapped, a link for attached media at the end, `& < >` escaped. */
export function renderText(text: string, mediaKeys: readonly string[]): string {
  const withLinks = text.includes('.')
    ? twitterText
        .extractUrlsWithIndices(text, { extractUrlsWithoutProtocol: true })
        .reduceRight((done, { url, indices: [start, end] }) => {
          return done.slice(0, start) + shortLink(url) + done.slice(end);
        }, text)
    : text;
  const escaped = withLinks.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  if (mediaKeys.length === 0) return escaped;
  const mediaLink = shortLink(mediaKeys.join());
  return escaped === '' ? mediaLink : `${escaped} ${mediaLink}`;
}

function shortLink(target: string): string {
  return `https://t.co/${hash('sha256', target, 'base64url').replaceAll(/[-_]/g, '0').slice(0, 10)}`;
}
