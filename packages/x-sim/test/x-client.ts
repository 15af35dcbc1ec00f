import type { Sim, SimUser } from '../src/index.ts';

/** An answer with its body read as JSON where it is JSON. */
export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  // Tests read X's answers as they come; a wrong path fails the expectation.
  // oxlint-disable-next-line typescript/no-explicit-any
  json: any;
}

export interface RequestOptions {
  json?: unknown;
  body?: FormData | URLSearchParams | ReadableStream | string;
  query?: Record<string, string>;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

/** A bare HTTP client that speaks as one user; it knows X's paths and nothing else. */
export function createXClient(sim: Pick<Sim, 'url'>, user: Pick<SimUser, 'accessToken'> | undefined) {
  async function request(method: string, path: string, options: RequestOptions = {}): Promise<Answer> {
    const query = options.query === undefined ? '' : `?${new URLSearchParams(options.query).toString()}`;
    const response = await fetch(`${sim.url}${path}${query}`, {
      method,
      redirect: 'manual',
      headers: {
        ...(user === undefined ? {} : { authorization: `Bearer ${user.accessToken}` }),
        ...(options.json === undefined ? {} : { 'content-type': 'application/json' }),
        ...options.headers,
      },
      ...(options.json === undefined ? {} : { body: JSON.stringify(options.json) }),
      // A stream is sent in chunks, without a length.
      ...(options.body === undefined ? {} : { body: options.body, duplex: 'half' }),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, json: tryParse(text) };
  }

  const client = {
    request,
    initialize: (mediaType: string, category: string, totalBytes: number, more: object = {}) =>
      request('POST', '/2/media/upload/initialize', {
        json: { media_type: mediaType, media_category: category, total_bytes: totalBytes, ...more },
      }),
    append: (id: string, index: number | string, media: Buffer, options: RequestOptions = {}) => {
      const form = new FormData();
      form.append('segment_index', String(index));
      form.append('media', new Blob([new Uint8Array(media)]));
      return request('POST', `/2/media/upload/${id}/append`, { body: form, ...options });
    },
    appendJson: (id: string, index: number, media: Buffer) =>
      request('POST', `/2/media/upload/${id}/append`, {
        json: { segment_index: index, media: media.toString('base64') },
      }),
    finalize: (id: string) => request('POST', `/2/media/upload/${id}/finalize`),
    status: (id: string) => request('GET', '/2/media/upload', { query: { command: 'STATUS', media_id: id } }),
    oneShot: (category: string, media: Buffer, more: Record<string, string> = {}) => {
      const form = new FormData();
      form.append('media', new Blob([new Uint8Array(media)]));
      form.append('media_category', category);
      for (const [name, value] of Object.entries(more)) form.append(name, value);
      return request('POST', '/2/media/upload', { body: form });
    },
    /** Initialize, append in order and finalize; the id, with processing still to be waited for. */
    async upload(mediaType: string, category: string, media: Buffer, chunkBytes = media.length) {
      const id = String((await client.initialize(mediaType, category, media.length)).json.data.id);
      for (let at = 0, index = 0; at < media.length; at += chunkBytes, index += 1)
        await client.append(id, index, media.subarray(at, at + chunkBytes));
      await client.finalize(id);
      return id;
    },
    post: (body: object) => request('POST', '/2/tweets', { json: body }),
    timeline: (userId: string, query: Record<string, string> = {}) =>
      request('GET', `/2/users/${userId}/tweets`, { query }),
  };
  return client;
}

export type XClient = ReturnType<typeof createXClient>;

/** A new access token in the place of the client's. */
export function asToken(accessToken: string): Pick<SimUser, 'accessToken'> {
  return { accessToken };
}

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
