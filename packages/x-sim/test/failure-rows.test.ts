import { readFileSync } from 'node:fs';
import { describe, test } from 'vitest';
import type { TestContext } from 'vitest';
import type { FaultInput, SimConfigPatch, UserInput } from '../src/index.ts';
import { startCheckedSim } from './checked-sim.ts';
import type { CheckedSim } from './checked-sim.ts';
import { makeMp4, makePng } from './media.ts';
import { createXClient } from './x-client.ts';
import type { Answer } from './x-client.ts';

/**
 * The known failures of X, one by one, each played by the simulator. README.md has the same table in words; the last
 * test holds the two together.
 */
interface Row {
  id: string;
  what: string;
  config?: SimConfigPatch;
  user?: UserInput;
  fault?: FaultInput;
  play: (checked: CheckedSim, expect: TestContext['expect']) => Promise<void>;
}

const MP4 = makeMp4(1000);
const PNG = makePng();

const rows: Row[] = [
  ...(['media.initialize', 'media.append', 'media.finalize', 'media.status'] as const).map(
    (operation): Row => ({
      id: 'F1',
      what: `${operation} is overloaded three times, then works`,
      async play({ x, sim }, expect) {
        const { id } = (await x.initialize('video/mp4', 'tweet_video', MP4.length)).json.data;
        if (operation !== 'media.append') await x.append(id, 0, MP4);
        if (operation === 'media.status') await x.finalize(id);
        for (const answer of ['service_unavailable', 'bad_gateway', 'gateway_timeout'] as const)
          sim.faults.script({ on: { operation }, do: { answer } });
        const call = callOf(operation, x, id);
        const statuses = [await call(), await call(), await call(), await call()].map(({ status }) => status);
        expect(statuses).toEqual([503, 502, 504, 200]);
      },
    }),
  ),
  {
    id: 'F1',
    what: 'append is reset while its body is being sent',
    fault: { on: { operation: 'media.append', segmentIndex: 1 }, do: { resetAfterBytes: 400 } },
    async play({ x, sim }, expect) {
      const { id } = (await x.initialize('video/mp4', 'tweet_video', MP4.length)).json.data;
      expect((await x.append(id, 0, MP4.subarray(0, 500))).status).toBe(200);
      await expect(x.append(id, 1, MP4.subarray(500))).rejects.toThrow('fetch failed');
      expect(sim.ledger().uploads[0]).toMatchObject({ bytesAccepted: 500, segments: [{ index: 0 }] });
      expect(sim.ledger().uploads[0]?.bytesReceived).toBeGreaterThan(500);
      expect((await x.append(id, 1, MP4.subarray(500))).status).toBe(200);
    },
  },
  {
    id: 'F2',
    what: 'media endpoints answer 404 until the incident is over',
    fault: { on: { operation: 'media.*' }, times: 'always', do: { answer: 'not_found' } },
    async play({ x, sim }, expect) {
      expect((await x.initialize('video/mp4', 'tweet_video', 10)).status).toBe(404);
      expect((await x.finalize('1')).status).toBe(404);
      expect((await x.post({ text: 'other endpoints work' })).status).toBe(201);
      sim.faults.clear();
      expect((await x.initialize('video/mp4', 'tweet_video', 10)).status).toBe(200);
    },
  },
  {
    id: 'F2',
    what: 'with an empty body',
    fault: { on: { operation: 'media.initialize' }, do: { answer: 'not_found_empty' } },
    async play({ x }, expect) {
      expect(await x.initialize('video/mp4', 'tweet_video', 10)).toMatchObject({ status: 404, text: '' });
    },
  },
  {
    id: 'F3',
    what: 'an expired upload is as unknown as one that never was',
    async play({ x, sim }, expect) {
      const { id } = (await x.initialize('video/mp4', 'tweet_video', MP4.length)).json.data;
      sim.clock.advance(86_400_000);
      for (const unknown of [id, '1']) {
        expect((await x.append(unknown, 0, MP4)).status).toBe(404);
        expect((await x.finalize(unknown)).status).toBe(404);
        expect((await x.status(unknown)).json.errors[0].message).toBe('BadRequest: Not found');
      }
    },
  },
  {
    id: 'F3',
    what: 'or a 400 where others have 404',
    fault: { on: { operation: 'media.append' }, do: { answer: 'upload_not_found' } },
    async play({ x }, expect) {
      const { id } = (await x.initialize('video/mp4', 'tweet_video', MP4.length)).json.data;
      expectInvalid(expect, await x.append(id, 0, MP4), 'Not found');
    },
  },
  {
    id: 'F4',
    what: 'a chunk of 5 MiB is too large',
    async play({ x }, expect) {
      const { id } = (await x.initialize('video/mp4', 'tweet_video', 10_000_000)).json.data;
      expect(await x.append(id, 0, Buffer.alloc(5 * 1024 * 1024))).toMatchObject({ status: 413, text: '' });
    },
  },
  {
    id: 'F4',
    what: 'or 431',
    fault: { on: { operation: 'media.append' }, do: { answer: 'headers_too_large' } },
    async play({ x }, expect) {
      const { id } = (await x.initialize('video/mp4', 'tweet_video', MP4.length)).json.data;
      expect(await x.append(id, 0, MP4)).toMatchObject({ status: 431, text: '' });
    },
  },
  {
    id: 'F5',
    what: 'multipart is refused, JSON works',
    config: { encoding: 'json_only' },
    async play({ x }, expect) {
      const { id } = (await x.initialize('video/mp4', 'tweet_video', MP4.length)).json.data;
      const text = 'Requests with bodies must have content-type of application/json.';
      expectInvalid(expect, await x.append(id, 0, MP4), text);
      expectInvalid(expect, await x.oneShot('tweet_image', PNG), text);
      expect((await x.appendJson(id, 0, MP4)).status).toBe(200);
    },
  },
  {
    id: 'F6',
    what: '500 with an array of strings',
    fault: { on: { operation: 'media.initialize' }, do: { answer: 'internal_error_strings' } },
    async play({ x }, expect) {
      expect(await x.initialize('video/mp4', 'tweet_video', 10)).toMatchObject({
        status: 500,
        json: { errors: ['internal server error'] },
      });
    },
  },
  {
    id: 'F7',
    what: 'segments that do not add up, truly or by X’s own fault',
    fault: { on: { operation: 'media.finalize' }, skip: 1, do: { answer: 'segments_mismatch' } },
    async play({ x }, expect) {
      const text = 'Segments do not add up to provided total file size.';
      const { id } = (await x.initialize('video/mp4', 'tweet_video', MP4.length + 1)).json.data;
      await x.append(id, 0, MP4);
      expectInvalid(expect, await x.finalize(id), text);
      const { data } = (await x.initialize('video/mp4', 'tweet_video', MP4.length)).json;
      await x.append(data.id, 0, MP4);
      expectInvalid(expect, await x.finalize(data.id), text);
    },
  },
  {
    id: 'F8',
    what: 'segment index 1000',
    async play({ x }, expect) {
      const { id } = (await x.initialize('video/mp4', 'tweet_video', 10)).json.data;
      expectInvalid(expect, await x.append(id, 1000, PNG), 'SegmentIndex must be between 0 and 999.');
    },
  },
  {
    id: 'F9',
    what: 'a type that does not belong to the category',
    async play({ x }, expect) {
      expectInvalid(expect, await x.initialize('video/mp4', 'tweet_image', 10), 'media type unrecognized.');
    },
  },
  {
    id: 'F10',
    what: 'a token without media.write',
    user: { scopes: ['tweet.read', 'tweet.write', 'users.read'] },
    async play({ x }, expect) {
      const refused = await x.initialize('video/mp4', 'tweet_video', 10);
      expectBlank(expect, refused, 403, 'Forbidden');
      expect(refused.headers.get('x-rate-limit-remaining')).toBeNull();
      expect((await x.post({ text: 'may post' })).status).toBe(201);
    },
  },
  {
    id: 'F11',
    what: 'amplify_video is for Premium only',
    config: { amplifyVideo: 'premium' },
    async play({ x, join }, expect) {
      expect((await x.initialize('video/mp4', 'amplify_video', 10)).status).toBe(403);
      expect((await x.initialize('video/mp4', 'tweet_video', 10)).status).toBe(200);
      const premium = join({ subscription: 'Premium' });
      expect((await premium.x.initialize('video/mp4', 'amplify_video', 10)).status).toBe(200);
    },
  },
  ...[
    { code: 1, name: 'InvalidMedia', message: 'The media could not be decoded.' },
    { code: 3, name: 'UnsupportedMedia' },
  ].map((fail): Row => ({
    id: 'F12',
    what: `processing fails with ${fail.name}`,
    fault: { on: { operation: 'media.finalize' }, do: { processing: { fail } } },
    async play({ x, sim }, expect) {
      const id = await x.upload('video/mp4', 'tweet_video', MP4);
      sim.clock.advance(5000);
      const { status, json } = await x.status(id);
      expect(status).toBe(200);
      expect(json.data.processing_info).toEqual({ state: 'failed', progress_percent: 12, error: fail });
      expectInvalid(expect, await x.post({ media: { media_ids: [id] } }), 'Your media IDs are invalid.');
    },
  })),
  {
    id: 'F13',
    what: 'processing fails because the video is too long',
    fault: {
      on: { operation: 'media.finalize' },
      do: {
        processing: {
          fail: {
            code: 3,
            name: 'UnsupportedMedia',
            message:
              'Duration 2.minutes+29.seconds+350.milliseconds exceeds max duration of 2.minutes+20.seconds',
          },
        },
      },
    },
    async play({ x, sim }, expect) {
      const id = await x.upload('video/mp4', 'tweet_video', MP4);
      sim.clock.advance(5000);
      expect((await x.status(id)).json.data.processing_info.error.message).toContain('exceeds max duration');
    },
  },
  {
    id: 'F14',
    what: 'an error beside in_progress at 99 %',
    fault: {
      on: { operation: 'media.finalize' },
      do: { processing: { errorWhileInProgress: { code: 1, name: 'InvalidMedia' } } },
    },
    async play({ x, sim }, expect) {
      const id = await x.upload('video/mp4', 'tweet_video', MP4);
      for (let round = 0; round < 3; round += 1) {
        sim.clock.advance(3_600_000);
        expect((await x.status(id)).json.data.processing_info).toMatchObject({
          state: 'in_progress',
          progress_percent: 99,
          error: { name: 'InvalidMedia' },
        });
      }
    },
  },
  {
    id: 'F15',
    what: 'processing never ends, and does not say when to ask again',
    fault: {
      on: { operation: 'media.finalize' },
      do: { processing: { neverFinish: true, omitCheckAfterSecs: true } },
    },
    async play({ x, sim }, expect) {
      const id = await x.upload('video/mp4', 'tweet_video', MP4);
      sim.clock.advance(36_000_000);
      expect((await x.status(id)).json.data.processing_info).toEqual({
        state: 'in_progress',
        progress_percent: 99,
      });
      expect(sim.ledger().uploads[0]).not.toHaveProperty('readyAt');
    },
  },
  {
    id: 'F16',
    what: 'STATUS asked too soon',
    fault: { on: { operation: 'media.status' }, skip: 2, do: { answer: 'over_capacity' } },
    async play({ x, sim }, expect) {
      const id = await x.upload('video/mp4', 'tweet_video', MP4);
      sim.clock.freeze();
      expect((await x.status(id)).status).toBe(200);
      expectBlank(expect, await x.status(id), 503, 'Service Unavailable');
      expect(await x.status(id)).toMatchObject({ status: 503, json: { errors: [{ code: 130 }] } });
    },
  },
  {
    id: 'F17',
    what: 'STATUS of an image',
    async play({ x }, expect) {
      const id = await x.upload('image/png', 'tweet_image', PNG);
      expectInvalid(expect, await x.status(id), 'BadRequest: Not found');
      expect((await x.post({ media: { media_ids: [id] } })).status).toBe(201);
    },
  },
  {
    id: 'F18',
    what: 'media that are not ready, expired, foreign, unknown or too large at create',
    fault: {
      on: { operation: 'posts.create', textIncludes: 'too large' },
      do: { answer: 'media_ids_invalid' },
    },
    async play({ x, sim, join }, expect) {
      const refused = async (client: typeof x, id: string, text = '') => {
        const answer = await client.post({ text, media: { media_ids: [id] } });
        expectInvalid(expect, answer, 'Your media IDs are invalid.');
        expect(answer.json.errors[0].parameters).toHaveProperty(['media.media_ids']);
      };
      const video = await x.upload('video/mp4', 'tweet_video', MP4);
      await refused(x, video);
      const image = await x.upload('image/png', 'tweet_image', PNG);
      await refused(join().x, image);
      await refused(x, '1234');
      await refused(x, image, 'too large');
      sim.clock.advance(86_400_000);
      await refused(x, image);
      expect(sim.ledger().posts).toEqual([]);
    },
  },
  {
    id: 'F19',
    what: 'duplicate content',
    async play({ x }, expect) {
      await x.post({ text: 'again' });
      expectBlank(
        expect,
        await x.post({ text: 'again' }),
        403,
        'You are not allowed to create a Tweet with duplicate content.',
      );
    },
  },
  {
    id: 'F20',
    what: 'create answers 503 without having posted',
    fault: { on: { operation: 'posts.create' }, do: { answer: 'service_unavailable' } },
    async play({ x, sim }, expect) {
      expectBlank(expect, await x.post({ text: 'a' }), 503, 'Service Unavailable');
      expect(sim.ledger().posts).toHaveLength(0);
    },
  },
  {
    id: 'F20',
    what: 'create answers 503 after having posted',
    fault: { on: { operation: 'posts.create' }, do: { acceptThenAnswer: 'service_unavailable' } },
    async play({ x, sim }, expect) {
      expectBlank(expect, await x.post({ text: 'a' }), 503, 'Service Unavailable');
      expect(sim.ledger().posts).toHaveLength(1);
    },
  },
  {
    id: 'F20',
    what: 'create posts and resets the connection',
    fault: { on: { operation: 'posts.create' }, do: { acceptThenDrop: true } },
    async play({ x, sim }, expect) {
      await expect(x.post({ text: 'a' })).rejects.toThrow('fetch failed');
      expect(sim.ledger().posts).toHaveLength(1);
      expect((await x.post({ text: 'a' })).status).toBe(403);
    },
  },
  {
    id: 'F20',
    what: 'create posts and never answers',
    fault: { on: { operation: 'posts.create' }, do: { acceptThenHang: true } },
    async play({ x, sim }, expect) {
      const stop = new AbortController();
      const call = x.request('POST', '/2/tweets', { json: { text: 'a' }, signal: stop.signal });
      await sim.waitFor(({ requests }) => requests['posts.create']?.['hung'] === 1);
      expect(sim.openRequests()).toBe(1);
      stop.abort();
      await expect(call).rejects.toThrow('aborted');
      expect(sim.ledger().posts).toHaveLength(1);
    },
  },
  {
    id: 'F20',
    what: 'create answers 201 without an id',
    fault: { on: { operation: 'posts.create' }, do: { acceptThenAnswer: 'no_id' } },
    async play({ x, sim }, expect) {
      expect(await x.post({ text: 'a' })).toMatchObject({ status: 201, json: { data: {} } });
      expect(sim.ledger().posts).toHaveLength(1);
    },
  },
  {
    id: 'F21',
    what: 'a broken subtitle file fails every create until it is taken off',
    async play({ x, sim }, expect) {
      const video = await x.upload('video/mp4', 'tweet_video', MP4);
      const srt = await x.upload('text/srt', 'subtitles', Buffer.from('no cues here'));
      const tie = { id: video, media_category: 'TweetVideo', subtitles: { id: srt, language_code: 'EN' } };
      expect((await x.request('POST', '/2/media/subtitles', { json: tie })).status).toBe(200);
      sim.clock.advance(5000);
      const post = () => x.post({ media: { media_ids: [video] } });
      expect([(await post()).status, (await post()).status]).toEqual([503, 503]);
      const untie = { id: video, media_category: 'TweetVideo', language_code: 'EN' };
      await x.request('DELETE', '/2/media/subtitles', { json: untie });
      expect((await post()).status).toBe(201);
    },
  },
  {
    id: 'F22',
    what: 'text that is too long',
    async play({ x }, expect) {
      expectBlank(
        expect,
        await x.post({ text: 'é'.repeat(281) }),
        403,
        'You are not permitted to perform this action.',
      );
    },
  },
  {
    id: 'F23',
    what: 'a reply to a stranger',
    async play({ x, user, join }, expect) {
      const stranger = join();
      const { data } = (await stranger.x.post({ text: 'hello world' })).json;
      const refused = await x.post({ text: 'hi', reply: { in_reply_to_tweet_id: data.id } });
      expect(refused.json.detail).toContain('Reply to this conversation is not allowed');
      const summons = (await stranger.x.post({ text: `hello @${user.username}` })).json.data;
      const allowed = await x.post({ text: 'hi', reply: { in_reply_to_tweet_id: summons.id } });
      expect(allowed.status).toBe(201);
    },
  },
  {
    id: 'F24',
    what: 'a long video at create',
    fault: { on: { operation: 'posts.create' }, do: { answer: 'video_too_long' } },
    async play({ x }, expect) {
      const text = 'This user is not allowed to post a video longer than 2 minutes';
      expectBlank(expect, await x.post({ text: 'a' }), 403, text);
    },
  },
  {
    id: 'F25',
    what: 'credits run out, and come back',
    config: { creditsUsd: 0.02 },
    async play({ x, sim }, expect) {
      expect((await x.post({ text: 'one' })).status).toBe(201);
      expect((await x.post({ text: 'two' })).status).toBe(201);
      const refused = await x.post({ text: 'three' });
      expect(refused).toMatchObject({ status: 402, json: { title: 'CreditsDepleted' } });
      expect((await x.initialize('video/mp4', 'tweet_video', 10)).status).toBe(402);
      sim.configure({ creditsUsd: 10 });
      expect((await x.post({ text: 'three' })).status).toBe(201);
    },
  },
  {
    id: 'F26',
    what: 'the usage cap',
    fault: { on: { operation: 'posts.create' }, do: { answer: 'usage_capped' } },
    async play({ x }, expect) {
      const { status, json } = await x.post({ text: 'a' });
      expect(status).toBe(429);
      expect(json).toMatchObject({ title: 'UsageCapExceeded', period: 'Monthly', scope: 'Product' });
      expect(json.type).toMatch(/\/usage-capped$/);
    },
  },
  {
    id: 'F27',
    what: 'a spent window, in either body',
    config: { limits: { overrides: { 'posts.create': { user15m: 1 } } } },
    async play({ x, sim }, expect) {
      expect((await x.post({ text: 'one' })).headers.get('x-rate-limit-remaining')).toBe('0');
      const refused = await x.post({ text: 'two' });
      expectBlank(expect, refused, 429, 'Too Many Requests');
      const resetAt = Number(refused.headers.get('x-rate-limit-reset')) * 1000;
      sim.configure({ limits: { body: 'v1' } });
      expect((await x.post({ text: 'two' })).json).toEqual({
        errors: [{ code: 88, message: 'Rate limit exceeded' }],
      });
      sim.clock.advance(resetAt - sim.clock.now());
      expect((await x.post({ text: 'two' })).status).toBe(201);
    },
  },
  {
    id: 'F28',
    what: 'a spent day with plenty left of the quarter hour',
    config: { limits: { overrides: { 'posts.create': { user15m: 100, user24h: 1 } } } },
    async play({ x, sim }, expect) {
      await x.post({ text: 'one' });
      const { status, headers } = await x.post({ text: 'two' });
      expect(status).toBe(429);
      expect(headers.get('x-rate-limit-remaining')).toBe('98');
      expect(headers.get('x-user-limit-24hour-remaining')).toBe('0');
      const resetInMs = Number(headers.get('x-user-limit-24hour-reset')) * 1000 - sim.clock.now();
      expect(resetInMs).toBeGreaterThan(86_000_000);
    },
  },
  {
    id: 'F29',
    what: 'an access token that has expired',
    user: { accessTokenTtlMs: 7_200_000 },
    async play({ x, sim }, expect) {
      expect((await x.post({ text: 'one' })).status).toBe(201);
      sim.clock.advance(7_200_000);
      expectBlank(expect, await x.post({ text: 'two' }), 401, 'Unauthorized');
    },
  },
  {
    id: 'F30',
    what: 'a refresh token that has been used',
    async play({ x, user, sim }, expect) {
      const app = sim.addApp({ clientSecret: null });
      const own = sim.addUser({ appId: app.id });
      const refresh = () =>
        x.request('POST', '/2/oauth2/token', {
          headers: { authorization: '' },
          body: new URLSearchParams({
            grant_type: 'refresh_token',
            refresh_token: own.refreshToken ?? user.id,
            client_id: app.clientId,
          }),
        });
      expect((await refresh()).status).toBe(200);
      expect(await refresh()).toMatchObject({
        status: 400,
        json: { error: 'invalid_request', error_description: 'Value passed for the token was invalid.' },
      });
    },
  },
  {
    id: 'F31',
    what: 'good tokens get 401 while the platform is down, refresh included',
    fault: { on: { operation: '*' }, times: 'always', do: { answer: 'unauthorized' } },
    async play({ x, sim }, expect) {
      expectBlank(expect, await x.request('GET', '/2/users/me'), 401, 'Unauthorized');
      expect((await x.request('POST', '/2/oauth2/token', { body: new URLSearchParams() })).status).toBe(401);
      sim.faults.clear();
      expect((await x.request('GET', '/2/users/me')).status).toBe(200);
    },
  },
  {
    id: 'F32',
    what: 'an app outside of any project',
    async play({ sim }, expect) {
      const app = sim.addApp({ status: 'not_enrolled' });
      const { status, json } = await createXClient(sim, sim.addUser({ appId: app.id })).post({ text: 'a' });
      expect(status).toBe(403);
      expect(json).toMatchObject({ reason: 'client-not-enrolled' });
      expect(json.type).toMatch(/\/client-forbidden$/);
    },
  },
  ...(['oauth1_permissions', 'cannot_write'] as const).map((answer): Row => ({
    id: 'F33',
    what: `an app that may not write: ${answer}`,
    fault: { on: { operation: 'posts.create' }, do: { answer } },
    async play({ x }, expect) {
      const { status, text } = await x.post({ text: 'a' });
      expect(status).toBe(403);
      expect(text).toMatch(/oauth1-permissions|"code":261/);
    },
  })),
  {
    id: 'F34',
    what: 'locked and suspended accounts',
    async play({ join }, expect) {
      const locked = await join({ status: 'locked' }).x.post({ text: 'a' });
      expect(locked).toMatchObject({ status: 403, json: { errors: [{ code: 326 }] } });
      expect(locked.text).toContain('temporarily locked');
      const suspended = await join({ status: 'suspended' }).x.post({ text: 'a' });
      expect(suspended).toMatchObject({ status: 403, json: { errors: [{ code: 64 }] } });
    },
  },
  {
    id: 'F35',
    what: 'looks automated',
    fault: { on: { operation: 'posts.create' }, do: { answer: 'looks_automated' } },
    async play({ x }, expect) {
      expect(await x.post({ text: 'a' })).toMatchObject({ status: 403, json: { errors: [{ code: 226 }] } });
    },
  },
  {
    id: 'F36',
    what: 'metadata in the wrong shape',
    async play({ x }, expect) {
      const id = await x.upload('image/png', 'tweet_image', PNG);
      const set = (json: object) => x.request('POST', '/2/media/metadata', { json });
      expect((await set({ id, alt_text: { text: 'a' } })).status).toBe(500);
      expect((await set({ id, metadata: { metadata: { alt_text: { text: 'a' } } } })).status).toBe(500);
      expect(await x.request('POST', '/2/media/metadata/create', { json: { id } })).toMatchObject({
        status: 404,
        text: '',
      });
      expect((await x.request('POST', '/2//media/metadata', { json: { id } })).status).toBe(404);
    },
  },
  ...(['html', 'html_ok'] as const).map((answer): Row => ({
    id: 'F37',
    what: `a page from the edge: ${answer}`,
    fault: { on: { operation: 'media.initialize' }, do: { answer } },
    async play({ x }, expect) {
      const { status, text, headers } = await x.initialize('video/mp4', 'tweet_video', 10);
      expect(status).toBe(answer === 'html' ? 503 : 200);
      expect(headers.get('content-type')).toContain('text/html');
      expect(text).toMatch(/^<!DOCTYPE html>/);
    },
  })),
  {
    id: 'F38',
    what: 'v1.1 endpoints',
    async play({ x }, expect) {
      const { status, text } = await x.request('POST', '/1.1/statuses/update_with_media.json');
      expect(status).toBe(403);
      expect(text).toContain('access to a subset of X API v2 endpoints and limited v1.1 endpoints');
    },
  },
  {
    id: 'F39',
    what: 'a timeline that is missing, empty or late',
    async play({ x, user, sim }, expect) {
      await x.post({ text: 'here I am' });
      const on = { operation: 'users.timeline' };
      sim.faults.script({ on, do: { answer: 'not_found' } });
      sim.faults.script({ on, do: { timeline: 'empty' } });
      sim.faults.script({ on, do: { timeline: { lagMs: 60_000 } } });
      expectBlank(expect, await x.timeline(user.id), 404, 'Not Found');
      expect((await x.timeline(user.id)).json).toEqual({ meta: { result_count: 0 } });
      expect((await x.timeline(user.id)).json).toEqual({ meta: { result_count: 0 } });
      expect((await x.timeline(user.id)).json.meta.result_count).toBe(1);
    },
  },
];

describe.concurrent('row', () => {
  for (const { id, what, config, user, fault, play } of rows) {
    test(`${id}: ${what}`, async ({ expect }) => {
      await using checked = await startCheckedSim({
        ...(config === undefined ? {} : { config }),
        ...(user === undefined ? {} : { user }),
      });
      if (fault !== undefined) checked.sim.faults.script(fault);
      await play(checked, expect);
      // A fault that did not fire has proved nothing.
      for (const { fired } of checked.sim.faults.list()) expect(fired).toBeGreaterThan(0);
    });
  }
});

test('every row from F1 to F39 is played and explained', ({ expect }) => {
  const all = Array.from({ length: 39 }, (_, at) => `F${at + 1}`);
  expect([...new Set(rows.map(({ id }) => id))]).toEqual(all);
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  expect([...readme.matchAll(/^\| (F\d+)/gm)].map(([, id]) => id)).toEqual(all);
});

function callOf(operation: string, x: CheckedSim['x'], id: string): () => Promise<Answer> {
  switch (operation) {
    case 'media.initialize':
      return () => x.initialize('video/mp4', 'tweet_video', 10);
    case 'media.append':
      return () => x.append(id, 0, MP4);
    case 'media.finalize':
      return () => x.finalize(id);
    default:
      return () => x.status(id);
  }
}

function expectBlank(expect: TestContext['expect'], answer: Answer, status: number, detail: string): void {
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
  expect(answer).toMatchObject({ status, json: { detail, type: 'about:blank', status } });
}

function expectInvalid(expect: TestContext['expect'], answer: Answer, message: string): void {
  expect(answer).toMatchObject({ status: 400, json: { title: 'Invalid Request' } });
  expect(answer.json.errors[0].message).toContain(message);
}
