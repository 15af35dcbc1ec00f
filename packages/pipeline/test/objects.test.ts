import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { eventually } from '@slipway/testkit';
import { describe, test } from 'vitest';
import { CHECKSUM_ALGORITHMS, type ChecksumAlgorithm } from '../src/core/index.ts';
import { type Pin, SourceError } from '../src/index.ts';
import { crcOf } from './crc-of.ts';
import { type Reply, type StoreServer, rangeOf, readAll, refuse, serve, startStore } from './store-server.ts';

const NAME = { bucket: 'media', key: 'a/launch.mp4', versionId: null };
const VERSION = { ...NAME, versionId: 'v1' };
const BODY = Buffer.from(Array.from({ length: 100_000 }, (_, index) => index % 251));
const ETAG = '"aaa"';
const PIN = { etag: ETAG, bytes: BODY.length };
const MIDDLE = { offset: 40_000, bytes: 20_000 };
const WHOLE = { offset: 0, bytes: BODY.length };
const never = new AbortController().signal;

async function problemOf(work: Promise<unknown>): Promise<{ code: string; message: string }> {
  const error: unknown = await work.then(
    () => new Error('nothing went wrong'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof SourceError)) throw error;
  return { code: error.code, message: error.message };
}

const openOf = (store: StoreServer, name = NAME) => store.objects.open(name, never);
const readOf = async (store: StoreServer, range = MIDDLE, pin: Pin = PIN) =>
  await readAll(await store.objects.read(NAME, pin, range, never));

/** A 206 whose head is the test's, with a body of its own or the asked one. */
function partial(headers: Record<string, string | number>, body?: Uint8Array): Reply {
  return (response, request) => {
    const { first, last } = rangeOf(request, BODY.length);
    response.writeHead(206, headers);
    response.end(body ?? BODY.subarray(first, last + 1));
  };
}

/** Sends part of what it promises, then does something else. */
function breakOff(afterwards: (response: ServerResponse, request: IncomingMessage) => void): Reply {
  return (response, request) => {
    const { first, last } = rangeOf(request, BODY.length);
    response.writeHead(206, {
      etag: ETAG,
      'content-length': last - first + 1,
      'content-range': `bytes ${first}-${last}/${BODY.length}`,
    });
    response.write(BODY.subarray(first, first + 1000), () => afterwards(response, request));
  };
}

describe('a good store', () => {
  test('is asked once for the head of an object, and tells its size and pin', async ({ expect }) => {
    await using store = await startStore(serve({ body: BODY, etag: ETAG }));
    const { head, ...found } = await openOf(store);
    expect(found).toEqual({ etag: ETAG, versionId: null, bytes: BODY.length });
    expect(BODY.subarray(0, 65_536).equals(head)).toBe(true);
    expect(store.seen).toEqual([
      { path: '/media/a/launch.mp4?x-id=GetObject', range: 'bytes=0-65535', ifMatch: undefined },
    ]);
  });

  test('gives a pinned range, byte for byte', async ({ expect }) => {
    await using store = await startStore(serve({ body: BODY, etag: ETAG }));
    expect((await readOf(store)).equals(BODY.subarray(40_000, 60_000))).toBe(true);
    expect(store.seen).toEqual([
      { path: '/media/a/launch.mp4?x-id=GetObject', range: 'bytes=40000-59999', ifMatch: ETAG },
    ]);
  });

  test('an object smaller than the head is known whole', async ({ expect }) => {
    await using store = await startStore(serve({ body: BODY.subarray(0, 10), etag: ETAG }));
    const { bytes, head } = await openOf(store);
    expect([bytes, head.length]).toEqual([10, 10]);
  });

  test('a version is named when one was asked for', async ({ expect }) => {
    await using store = await startStore(serve({ body: BODY, etag: ETAG }));
    await store.objects.open(VERSION, never);
    expect(store.seen[0]?.path).toContain('versionId=v1');
  });
});

describe('what a store answers at the first look', () => {
  const answers: [string, Reply, string, typeof NAME | typeof VERSION][] = [
    ['404 NoSuchKey', refuse(404, 'NoSuchKey'), 'not_found', NAME],
    ['404 NoSuchBucket', refuse(404, 'NoSuchBucket'), 'no_bucket', NAME],
    ['404 NoSuchVersion', refuse(404, 'NoSuchVersion'), 'not_found', VERSION],
    ['400 for a malformed version', refuse(400, 'InvalidArgument'), 'not_found', VERSION],
    ['400 without a version', refuse(400, 'InvalidArgument'), 'unavailable', NAME],
    ['405 for a delete marker', refuse(405, 'MethodNotAllowed'), 'not_found', VERSION],
    ['403 AccessDenied', refuse(403, 'AccessDenied'), 'denied', NAME],
    ['401', refuse(401, 'Unauthorized'), 'denied', NAME],
    ['416 for an empty object', refuse(416, 'InvalidRange'), 'empty', NAME],
    ['500 InternalError', refuse(500, 'InternalError'), 'unavailable', NAME],
    ['503 SlowDown', refuse(503, 'SlowDown'), 'unavailable', NAME],
    ['404 without a body', (response) => void response.writeHead(404).end(), 'not_found', NAME],
    ['a proxy’s page, 403', page(403), 'denied', NAME],
    ['a proxy’s page, 404', page(404), 'not_found', NAME],
    ['a proxy’s page, 502', page(502), 'unavailable', NAME],
    ['a reset before the answer', (response) => void response.socket?.resetAndDestroy(), 'unavailable', NAME],
    [
      'a reset within the head',
      breakOff((response) => response.socket?.resetAndDestroy()),
      'unavailable',
      NAME,
    ],
    ['no ETag', partial({ 'content-range': `bytes 0-65535/${BODY.length}` }), 'unavailable', NAME],
    [
      'an empty ETag',
      partial({ etag: '', 'content-range': `bytes 0-65535/${BODY.length}` }),
      'unavailable',
      NAME,
    ],
    ['206 without Content-Range', partial({ etag: ETAG, 'content-length': 65_536 }), 'wrong_range', NAME],
    [
      '206 that does not tell the whole',
      partial({ etag: ETAG, 'content-range': 'bytes 0-65535/*' }),
      'wrong_range',
      NAME,
    ],
    [
      '206 of another range',
      partial({ etag: ETAG, 'content-range': `bytes 10-65545/${BODY.length}` }),
      'wrong_range',
      NAME,
    ],
    ['200 with no bytes', (response) => void response.writeHead(200, { etag: ETAG }).end(), 'empty', NAME],
  ];
  test.for(answers)('%s', async ([, reply, code, name], { expect }) => {
    await using store = await startStore(reply);
    const problem = await problemOf(store.objects.open(name, never));
    expect(problem.code).toBe(code);
    // Its one request shows that the SDK does not retry on its own.
    expect(store.seen).toHaveLength(1);
  });

  test('the message names what is missing', async ({ expect }) => {
    await using store = await startStore(refuse(404, 'NoSuchBucket'));
    expect((await problemOf(openOf(store))).message).toBe('There is no bucket media.');
    store.reply = refuse(404, 'NoSuchVersion');
    expect((await problemOf(store.objects.open(VERSION, never))).message).toBe(
      'There is no object s3://media/a/launch.mp4 (version v1).',
    );
    store.reply = refuse(403, 'AccessDenied');
    expect((await problemOf(openOf(store))).message).toBe(
      'The store refuses s3://media/a/launch.mp4: said the store',
    );
  });

  test('a store that ignores ranges is read no further than needed', async ({ expect }) => {
    const totalBytes = 200_000_000;
    let givenBytes = 0;
    await using store = await startStore((response) => {
      response.writeHead(200, { etag: ETAG, 'content-length': totalBytes });
      const endless = new Readable({
        read() {
          givenBytes += 65_536;
          this.push(Buffer.alloc(65_536));
        },
      });
      endless.pipe(response).on('close', () => endless.destroy());
    });
    const { bytes, head } = await openOf(store);
    expect([bytes, head.length]).toEqual([totalBytes, 65_536]);
    await eventually(() => store.open.size === 0, { describe: 'the connection is closed' });
    expect(givenBytes).toBeLessThan(totalBytes / 4);
  });

  test('200 of unknown length is not taken for an object of that size', async ({ expect }) => {
    await using store = await startStore((response) => {
      response.writeHead(200, { etag: ETAG });
      response.end(BODY);
    });
    expect((await problemOf(openOf(store))).code).toBe('wrong_range');
  });

  test('nobody listens', async ({ expect }) => {
    const store = await startStore(serve({ body: BODY, etag: ETAG }));
    await store[Symbol.asyncDispose]();
    expect((await problemOf(openOf(store))).code).toBe('unavailable');
  });

  test('a store that never answers is given up', async ({ expect }) => {
    await using store = await startStore(() => undefined, { answerMs: 50 });
    expect((await problemOf(openOf(store))).code).toBe('unavailable');
  });

  test('a store that falls silent within the head is given up', async ({ expect }) => {
    await using store = await startStore(
      breakOff(() => undefined),
      { silenceMs: 50 },
    );
    expect((await problemOf(openOf(store))).code).toBe('unavailable');
  });
});

describe('what a store answers to a pinned range', () => {
  const range = `bytes 40000-59999/${BODY.length}`;
  const answers: [string, Reply, string][] = [
    ['412 PreconditionFailed', refuse(412, 'PreconditionFailed'), 'changed'],
    ['412 by another name', refuse(412, 'Unknown'), 'changed'],
    ['416: the object is shorter now', refuse(416, 'InvalidRange'), 'changed'],
    ['If-Match ignored, another ETag', partial({ etag: '"bbb"', 'content-range': range }), 'changed'],
    [
      'If-Match ignored, no ETag, another size',
      partial({ 'content-range': 'bytes 40000-59999/99' }),
      'changed',
    ],
    [
      'another range than asked for',
      partial({ etag: ETAG, 'content-range': `bytes 0-19999/${BODY.length}` }),
      'wrong_range',
    ],
    ['no Content-Range', partial({ etag: ETAG, 'content-length': 20_000 }), 'wrong_range'],
    [
      '200 with the whole object',
      (response) => void response.writeHead(200, { etag: ETAG, 'content-length': BODY.length }).end(BODY),
      'wrong_range',
    ],
    [
      'the right range and another length',
      partial({ etag: ETAG, 'content-range': range, 'content-length': 19_999 }, BODY.subarray(0, 19_999)),
      'wrong_range',
    ],
    [
      'fewer bytes than promised',
      partial({ etag: ETAG, 'content-range': range }, BODY.subarray(40_000, 59_999)),
      'wrong_range',
    ],
    [
      'more bytes than promised',
      partial({ etag: ETAG, 'content-range': range }, BODY.subarray(40_000, 60_001)),
      'wrong_range',
    ],
    ['a reset within the body', breakOff((response) => response.socket?.resetAndDestroy()), 'unavailable'],
    ['an early end', breakOff((response) => response.socket?.end()), 'unavailable'],
    ['404', refuse(404, 'NoSuchKey'), 'not_found'],
    ['403', refuse(403, 'AccessDenied'), 'denied'],
    ['500', refuse(500, 'InternalError'), 'unavailable'],
  ];
  test.for(answers)('%s', async ([, reply, code], { expect }) => {
    await using store = await startStore(reply);
    expect((await problemOf(readOf(store))).code).toBe(code);
    expect(store.seen).toHaveLength(1);
  });

  test('never a byte more than promised is handed on', async ({ expect }) => {
    await using store = await startStore(
      partial({ etag: ETAG, 'content-range': range }, Buffer.concat([BODY, BODY])),
    );
    let seen = 0;
    const work = (async () => {
      for await (const chunk of await store.objects.read(NAME, PIN, MIDDLE, never)) seen += chunk.length;
    })();
    expect((await problemOf(work)).code).toBe('wrong_range');
    expect(seen).toBeLessThanOrEqual(MIDDLE.bytes);
  });

  test('200 is right when the whole was asked for', async ({ expect }) => {
    await using store = await startStore((response) => {
      response.writeHead(200, { etag: ETAG, 'content-length': BODY.length });
      response.end(BODY);
    });
    expect((await readOf(store, WHOLE)).equals(BODY)).toBe(true);
  });

  test('a missing ETag alone is no fault: the store has heeded If-Match', async ({ expect }) => {
    await using store = await startStore(partial({ 'content-range': range }));
    expect((await readOf(store)).equals(BODY.subarray(40_000, 60_000))).toBe(true);
  });

  test('nor is a range that does not tell the size of the whole', async ({ expect }) => {
    await using store = await startStore(partial({ etag: ETAG, 'content-range': 'bytes 40000-59999/*' }));
    expect((await readOf(store)).equals(BODY.subarray(40_000, 60_000))).toBe(true);
  });

  test('a store that falls silent within the body is given up', async ({ expect }) => {
    await using store = await startStore(
      breakOff(() => undefined),
      { silenceMs: 50 },
    );
    expect((await problemOf(readOf(store))).code).toBe('unavailable');
  });
});

describe('the checksum of a whole object', () => {
  const CRC32 = 'y/Q5Jg==';
  const checksumOf = async (store: StoreServer) => await store.objects.checksumOf(NAME, PIN, never);
  const head =
    (headers: Record<string, string>, status = 200): Reply =>
    (response) =>
      void response.writeHead(status, { etag: ETAG, 'content-length': BODY.length, ...headers }).end();
  const full = { 'x-amz-checksum-type': 'FULL_OBJECT' };

  test('is asked for by HEAD, of the whole and of the version that was asked for', async ({ expect }) => {
    await using store = await startStore(head({ ...full, 'x-amz-checksum-crc32': CRC32 }));
    expect(await store.objects.checksumOf(VERSION, PIN, never)).toEqual({ algorithm: 'CRC32', value: CRC32 });
    expect(store.heads).toEqual([
      { path: '/media/a/launch.mp4?versionId=v1', range: undefined, checksumMode: 'ENABLED' },
    ]);
  });

  const answers: [string, Reply, unknown][] = [
    [
      'CRC32C',
      head({ ...full, 'x-amz-checksum-crc32c': '4waSgw==' }),
      { algorithm: 'CRC32C', value: '4waSgw==' },
    ],
    [
      'CRC64NVME',
      head({ ...full, 'x-amz-checksum-crc64nvme': 'rosUhgp5mIg=' }),
      { algorithm: 'CRC64NVME', value: 'rosUhgp5mIg=' },
    ],
    [
      'several: the cheapest',
      head({ ...full, 'x-amz-checksum-crc64nvme': 'rosUhgp5mIg=', 'x-amz-checksum-crc32': CRC32 }),
      { algorithm: 'CRC32', value: CRC32 },
    ],
    ['none', head({}), null],
    ['a SHA, which segments cannot be joined to', head({ ...full, 'x-amz-checksum-sha1': 'x' }), null],
    [
      'a checksum of checksums',
      head({ 'x-amz-checksum-type': 'COMPOSITE', 'x-amz-checksum-crc32': CRC32 }),
      null,
    ],
    ['one that does not say of what it is', head({ 'x-amz-checksum-crc32': CRC32 }), null],
    ['one with the number of parts', head({ ...full, 'x-amz-checksum-crc32': `${CRC32}-2` }), null],
    ['one that is none', head({ ...full, 'x-amz-checksum-crc32': 'none' }), null],
    ['that of another object', head({ ...full, 'x-amz-checksum-crc32': CRC32, etag: '"bbb"' }), null],
    ['400', head({}, 400), null],
    ['403', head({}, 403), null],
    ['404', head({}, 404), null],
    ['412', head({}, 412), null],
    ['500', head({}, 500), null],
    ['501', head({}, 501), null],
  ];
  test.for(answers)('%s', async ([, reply, checksum], { expect }) => {
    await using store = await startStore(reply);
    expect(await checksumOf(store)).toEqual(checksum);
    expect(store.heads).toHaveLength(1);
  });

  const passing: [string, Reply][] = [
    ['429', head({}, 429)],
    ['502', head({}, 502)],
    ['503', head({}, 503)],
    ['504', head({}, 504)],
    ['a reset', (response) => void response.socket?.resetAndDestroy()],
    ['silence', () => undefined],
  ];
  test.for(passing)('%s is an outage of the store', async ([, reply], { expect }) => {
    await using store = await startStore(reply, { answerMs: 50 });
    expect((await problemOf(checksumOf(store))).code).toBe('unavailable');
  });

  test('an abort ends the question, with its own reason', async ({ expect }) => {
    const abort = new AbortController();
    const stop = new Error('enough');
    await using store = await startStore(() => abort.abort(stop));
    await expect(store.objects.checksumOf(NAME, PIN, abort.signal)).rejects.toBe(stop);
  });
});

describe('what is read of an object with a checksum', () => {
  const pinOf = (body: Uint8Array, algorithm: ChecksumAlgorithm) => ({
    ...PIN,
    checksum: { algorithm, value: crcOf(algorithm, body) },
  });
  const damaged = Buffer.from(BODY);
  damaged[70_000] = 0;

  test.for(CHECKSUM_ALGORITHMS)('is summed up: %s', async (algorithm, { expect }) => {
    await using store = await startStore(serve({ body: BODY, etag: ETAG }));
    const stream = await store.objects.read(NAME, pinOf(BODY, algorithm), MIDDLE, never);
    expect(stream.checksum()).toBeNull();
    const bytes = await readAll(stream);
    expect(stream.checksum()).toBe(crcOf(algorithm, bytes));
  });

  test.for(CHECKSUM_ALGORITHMS)(
    'is right or fails at its end where it is the whole: %s',
    async (algorithm, { expect }) => {
      await using store = await startStore(serve({ body: BODY, etag: ETAG }));
      const pin = pinOf(BODY, algorithm);
      expect((await readOf(store, WHOLE, pin)).equals(BODY)).toBe(true);
      store.reply = serve({ body: damaged, etag: ETAG });
      const problem = await problemOf(readOf(store, WHOLE, pin));
      const sent = crcOf(algorithm, damaged);
      expect(problem).toEqual({
        code: 'wrong_bytes',
        message: `s3://media/a/launch.mp4: The bytes that the store sent have the ${algorithm} ${sent}, the object has ${pin.checksum.value}.`,
      });
    },
  );

  test('is not summed up where there is nothing to compare', async ({ expect }) => {
    await using store = await startStore(serve({ body: BODY, etag: ETAG }));
    for (const pin of [PIN, { ...PIN, checksum: null }]) {
      const stream = await store.objects.read(NAME, pin, WHOLE, never);
      await readAll(stream);
      expect(stream.checksum()).toBeNull();
    }
  });
});

describe('connections', () => {
  test('an abort ends a read that hangs, with its own reason', async ({ expect }) => {
    const abort = new AbortController();
    const stop = new Error('enough');
    await using store = await startStore(breakOff(() => abort.abort(stop)));
    const work = async () => await readAll(await store.objects.read(NAME, PIN, MIDDLE, abort.signal));
    await expect(work()).rejects.toBe(stop);
    await eventually(() => store.open.size === 0, { describe: 'the connection is closed' });
  });

  test('an abort ends a wait for an answer, with its own reason', async ({ expect }) => {
    const abort = new AbortController();
    const stop = new Error('enough');
    await using store = await startStore(() => abort.abort(stop));
    await expect(store.objects.open(NAME, abort.signal)).rejects.toBe(stop);
    await eventually(() => store.open.size === 0, { describe: 'the connection is closed' });
  });

  test('a refused range is not left hanging on its connection', async ({ expect }) => {
    const big = Buffer.alloc(20_000_000, 7);
    await using store = await startStore((response) => {
      response.writeHead(200, { etag: ETAG, 'content-length': big.length });
      response.end(big);
    });
    expect((await problemOf(readOf(store))).code).toBe('wrong_range');
    await eventually(() => store.open.size === 0, { describe: 'the connection is closed' });
  });

  test('a stream that nobody came to read gives its connection back', async ({ expect }) => {
    const big = Buffer.alloc(20_000_000, 7);
    await using store = await startStore(serve({ body: big, etag: ETAG }));
    const whole = { offset: 0, bytes: big.length };
    const stream = await store.objects.read(NAME, { etag: ETAG, bytes: big.length }, whole, never);
    expect(store.open.size).toBe(1);
    await stream[Symbol.asyncIterator]().return?.();
    await eventually(() => store.open.size === 0, { describe: 'the connection is closed' });
  });

  test('a stream that broke before anyone read it says so to its reader, and to nobody else', async ({
    expect,
  }) => {
    await using store = await startStore(breakOff(() => undefined));
    const stream = await store.objects.read(NAME, PIN, MIDDLE, never);
    for (const socket of store.open) {
      const closed = once(socket, 'close');
      socket.resetAndDestroy();
      await closed;
    }
    expect((await problemOf(readAll(stream))).code).toBe('unavailable');
  });
});

function page(status: number): Reply {
  return (response) => {
    response.writeHead(status, { 'content-type': 'text/html' });
    response.end('<html><body>Blocked by policy & more</body></html>');
  };
}
