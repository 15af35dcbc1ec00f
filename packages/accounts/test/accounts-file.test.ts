import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_ACCOUNT_SETTINGS } from '@slipway/pipeline/core';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { readAccountsFile } from '../src/index.ts';

const SECRET = 'token-that-nobody-may-see-0123456789';
const oauth2 = { type: 'oauth2', accessToken: SECRET };
const account = {
  id: 'acct_01j00000000000000000000000',
  username: 'slipway',
  xUserId: '1234567890123456789',
  credentials: oauth2,
};

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-accounts-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
function write(content: unknown): string {
  files += 1;
  const path = join(folder, `${files}.json`);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

function messageOf(content: unknown): string {
  try {
    readAccountsFile(write(content));
  } catch (error) {
    // With its cause and its stack: nothing of it may carry a token to a log.
    if (error instanceof Error) return `${error.message}\n${error.stack}\n${String(error.cause)}`;
  }
  return 'the file was taken';
}

describe('a file of accounts', () => {
  test('gives accounts with their secrets, of both kinds', ({ expect }) => {
    const keys = {
      type: 'oauth1',
      consumerKey: 'ck',
      consumerSecret: 'cs',
      accessToken: 'at',
      accessTokenSecret: 'ats',
    };
    const other = { ...account, id: 'acct_01j00000000000000000000001', xUserId: '2', credentials: keys };
    const full = {
      ...account,
      id: 'acct_01j00000000000000000000002',
      xUserId: '3',
      tier: 'pro',
      settings: { weight: 3 },
      credentials: {
        ...oauth2,
        refreshToken: 'rt',
        expiresAt: '2026-01-01T02:00:00+02:00',
        scopes: ['tweet.write'],
      },
    };
    const { credentials: _, ...visible } = account;
    const bare = { scopes: null, expiresAt: null, settings: null };
    expect(readAccountsFile(write({ accounts: [account, other, full] }))).toEqual([
      { ...visible, ...bare, secret: { ...oauth2, refreshToken: null } },
      { ...visible, ...bare, id: other.id, xUserId: '2', secret: keys },
      {
        ...visible,
        id: full.id,
        xUserId: '3',
        secret: { ...oauth2, refreshToken: 'rt' },
        scopes: ['tweet.write'],
        expiresAt: Date.parse('2026-01-01T00:00:00Z'),
        settings: { ...DEFAULT_ACCOUNT_SETTINGS, tier: 'pro', weight: 3 },
      },
    ]);
  });

  test('may be empty', ({ expect }) => {
    expect(readAccountsFile(write({ accounts: [] }))).toEqual([]);
  });
});

describe('a bad file of accounts', () => {
  test('is refused with every problem at once', ({ expect }) => {
    const message = messageOf({
      accounts: [
        { ...account, id: 'acct_UPPER', xUserId: 'me', nickname: SECRET },
        { ...account, username: '', credentials: { type: 'oauth1', accessToken: SECRET } },
        { ...account, credentials: { type: 'oauth3', accessToken: SECRET } },
      ],
      version: 2,
    });
    for (const part of [
      'accounts[0].id',
      'accounts[0].xUserId',
      'nickname',
      'accounts[1].username',
      'accounts[1].credentials.consumerKey',
      'accounts[1].credentials.consumerSecret',
      'accounts[1].credentials.accessTokenSecret',
      'accounts[2].credentials',
      'version',
    ])
      expect(message).toContain(part);
    expect(message).not.toContain(SECRET);
  });

  test('two accounts of one id, or of one X user, are told', ({ expect }) => {
    const message = messageOf({ accounts: [account, account] });
    expect(message).toContain('accounts[1].id');
    expect(message).toContain('accounts[1].xUserId');
  });

  const unfit: [string, unknown][] = [
    ['half of a JSON', `{"accounts":[{"credentials":{"accessToken":"${SECRET}"`],
    ['no JSON at all', SECRET],
    ['a list', [account]],
    ['a token with a line end', withToken(`${SECRET}\n`)],
    ['a token with a space', withToken(`Bearer ${SECRET}`)],
    ['a token with a letter that no header takes', withToken(`${SECRET}é`)],
    ['an empty token', withToken('')],
    [
      'a token that is no text',
      { accounts: [{ ...account, credentials: { type: 'oauth2', accessToken: 1 } }] },
    ],
  ];
  test.for(unfit)('%s is refused, and no token told', ([, content], { expect }) => {
    const message = messageOf(content);
    expect(message).toMatch(/is not (valid JSON|a file of accounts)/);
    expect(message).not.toContain(SECRET);
  });

  test('a file that is not there is told by its path', ({ expect }) => {
    const path = join(folder, 'nowhere.json');
    expect(() => readAccountsFile(path)).toThrow(path);
  });
});

function withToken(accessToken: string): object {
  return { accounts: [{ ...account, credentials: { type: 'oauth2', accessToken } }] };
}
