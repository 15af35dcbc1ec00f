import { describe, test } from 'vitest';
import { signOAuth1 } from '../src/index.ts';
import { startX } from './x-server.ts';

/** Keys of the worked example in X's docs, "Creating a signature". */
const example = {
  method: 'post',
  consumerKey: 'xvz1evFS4wEEPTGEFPHBog',
  consumerSecret: 'kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw',
  accessToken: '370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb',
  accessTokenSecret: 'LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE',
  nonce: 'kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg',
  timestampSecs: 1_318_622_958,
};

function readHeader(header: string): Record<string, string> {
  return Object.fromEntries(
    [...header.matchAll(/(\w+)="([^"]*)"/g)].map(([, name = '', value = '']) => [
      name,
      decodeURIComponent(value),
    ]),
  );
}

describe("signing by OAuth 1.0a gives what X's docs give", () => {
  test('query and form are signed', ({ expect }) => {
    const header = signOAuth1({
      ...example,
      url: 'https://api.twitter.com/1.1/statuses/update.json?include_entities=true',
      form: { status: 'Hello Ladies + Gentlemen, a signed OAuth request!' },
    });
    expect(header).toMatch(/^OAuth oauth_consumer_key="xvz1evFS4wEEPTGEFPHBog", /);
    expect(readHeader(header)).toEqual({
      oauth_consumer_key: example.consumerKey,
      oauth_nonce: example.nonce,
      oauth_signature: 'hCtSmYh+iHYCEqBWrE7C7hYmtUk=',
      oauth_signature_method: 'HMAC-SHA1',
      oauth_timestamp: '1318622958',
      oauth_token: example.accessToken,
      oauth_version: '1.0',
    });
  });
});

test('what encodeURIComponent leaves alone is encoded all the same', ({ expect }) => {
  const header = signOAuth1({ ...example, url: 'https://api.x.com/', consumerKey: "a!'()*~-._z" });
  expect(header).toContain('oauth_consumer_key="a%21%27%28%29%2A~-._z"');
});

describe('a signed call', () => {
  const NOW = 1_700_000_000_999;
  const credentials = { type: 'oauth1', ...example } as const;

  test('signs its query and no body, with a nonce of its own', async ({ expect }) => {
    await using server = await startX([{ json: { meta: {} } }, { json: { data: { id: '1' } } }], {
      now: () => NOW,
    });
    const x = server.client.as(credentials);
    await x.users.timeline({ userId: '1', sinceId: '2' });
    await x.posts.create({ text: "it's (not) signed!" });
    await x.media.upload({ media: Buffer.from('abc'), mediaCategory: 'tweet_image' });
    const nonces = new Set<string>();
    for (const request of server.seen) {
      const sent = readHeader(request.headers.authorization ?? '');
      const url = new URL(request.path, server.url);
      url.search = request.query.toString();
      const expected = signOAuth1({
        ...example,
        method: request.method,
        url: url.href,
        nonce: sent['oauth_nonce'] ?? '',
        timestampSecs: 1_700_000_000,
      });
      expect(sent).toEqual(readHeader(expected));
      nonces.add(sent['oauth_nonce'] ?? '');
    }
    expect(nonces.size).toBe(3);
  });
});
