import { describe, test } from 'vitest';
import { parseRedisUrl } from '../src/redis-url.ts';

describe('a URL of Redis', () => {
  test.for([
    'redis://127.0.0.1:6379',
    'rediss://user:pass@example.com:6380/2',
    'redis://[::1]',
    'redis://:p%40ss@h',
  ])('that leads to a server is left to the client: %s', (url, { expect }) => {
    expect(parseRedisUrl(url)).toEqual({ url });
  });

  test.for<[string, object]>([
    [
      'redis+sentinel://a:26379,b:5000,c/mymaster',
      { sentinels: [host('a'), host('b', 5000), host('c')], name: 'mymaster', db: 0 },
    ],
    [
      'redis+sentinel://slipway:p%40ss:word@a:1,[::1]:2/mymaster?db=3&sentinelPassword=s%26s',
      {
        sentinels: [host('a', 1), host('::1', 2)],
        name: 'mymaster',
        db: 3,
        username: 'slipway',
        password: 'p@ss:word',
        sentinelPassword: 's&s',
      },
    ],
    ['redis+sentinel://:secret@a/m', { sentinels: [host('a')], name: 'm', db: 0, password: 'secret' }],
    [
      'rediss+sentinel://a/m',
      { sentinels: [host('a')], name: 'm', db: 0, tls: {}, enableTLSForSentinelMode: true, sentinelTLS: {} },
    ],
  ])('may lead to the master that Sentinels know: %s', ([url, sentinels], { expect }) => {
    expect(parseRedisUrl(url)).toEqual({ sentinels });
  });

  test.for([
    ['https://hunter2.example.com', 'must be a URL such as redis://127.0.0.1:6379, or redis+sentinel://'],
    ['hunter2', 'must be a URL such as'],
    ['redis+sentinel://hunter2', 'must name the master after its Sentinels'],
    ['redis+sentinel://hunter2/', 'must name the master after its Sentinels'],
    ['redis+sentinel:///mymaster', 'must list its Sentinels as host:port'],
    ['redis+sentinel://hunter2,/mymaster', 'must list its Sentinels as host:port'],
    ['redis+sentinel://hunter2:port/mymaster', 'must list its Sentinels as host:port'],
    ['redis+sentinel://hunter2/mymaster/2', 'must be a URL such as'],
    ['redis+sentinel://hunter2/mymaster?db=two', 'must have the number of a database'],
    ['redis+sentinel://hunter2/mymaster?database=2', 'no parameters for Sentinels but db'],
    ['redis+sentinel://:hunter2%@a/mymaster', 'only as part of an escape such as %40'],
  ])('that is wrong is told so in plain words, and not quoted: %s', ([url = '', reason], { expect }) => {
    expect(() => parseRedisUrl(url)).toThrow(reason);
    expect(() => parseRedisUrl(url)).not.toThrow('hunter2');
  });
});

function host(name: string, port = 26_379): { host: string; port: number } {
  return { host: name, port };
}
