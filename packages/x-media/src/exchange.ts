import type { Dispatcher } from 'undici';

export interface HttpRequest {
  dispatcher: Dispatcher;
  origin: string;
  path: string;
  method: 'GET' | 'POST' | 'DELETE';
  headers: Record<string, string>;
  body: Uint8Array | AsyncIterable<Uint8Array> | null;
  /** Close the connection afterwards. */
  closeAfter: boolean;
}

export interface HttpResponse {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  /** At most {@link MAX_RESPONSE_BYTES}; the rest is not read. */
  body: string;
}

export type Exchange =
  | { outcome: 'response'; response: HttpResponse }
  /** `written`: whether undici had begun to write the request to a connection. */
  | { outcome: 'failure'; written: boolean; error: unknown };

/** X's answers are a few kilobytes; whatever is larger is not one, and must not fill the memory. */
const MAX_RESPONSE_BYTES = 1_048_576;

/**
 * One HTTP request and its answer, at undici's dispatch level, because only there it is known whether a request
 * was ever written: `onRequestStart` comes right before the first byte, after DNS, TCP and TLS, so a failure
 * without it is certainly a request that X has not seen, and an abort before it keeps it from being written.
 *
 * On resending: undici requeues requests that were pipelined behind a failed one, never the one being answered.
 * `idempotent: false` keeps ours, GET too, out of any pipeline, so each is written once at most. (HTTP/2 can
 * requeue after GOAWAY; our own agents do not speak it.)
 */
export function exchange(request: HttpRequest, signal: AbortSignal): Promise<Exchange> {
  const { promise, resolve } = Promise.withResolvers<Exchange>();
  let controller: Dispatcher.DispatchController | undefined;
  let head: Pick<HttpResponse, 'status' | 'headers'> | undefined;
  const chunks: Buffer[] = [];
  let receivedBytes = 0;

  const settle = (result: Exchange) => {
    signal.removeEventListener('abort', onAbort);
    resolve(result);
  };
  const fail = (error: unknown) => settle({ outcome: 'failure', written: controller !== undefined, error });
  const respond = (head: Pick<HttpResponse, 'status' | 'headers'>) =>
    settle({ outcome: 'response', response: { ...head, body: Buffer.concat(chunks).toString() } });
  const onAbort = () => {
    // Settle at once: undici tells nobody about an abort while it is still connecting.
    fail(signal.reason);
    controller?.abort(asError(signal.reason));
  };

  const handler: Dispatcher.DispatchHandler = {
    onRequestStart(started) {
      if (signal.aborted) started.abort(asError(signal.reason));
      else controller = started;
    },
    onResponseStart(_controller, status, headers) {
      if (status >= 200) head = { status, headers };
    },
    onResponseData(_controller, chunk) {
      const room = MAX_RESPONSE_BYTES - receivedBytes;
      chunks.push(chunk.subarray(0, room));
      receivedBytes += chunk.byteLength;
      if (chunk.byteLength <= room || head === undefined) return;
      respond(head);
      controller?.abort(new Error('The response is larger than any of X'));
    },
    onResponseEnd() {
      if (head !== undefined) respond(head);
    },
    onResponseError(_controller, error) {
      // A refusal whose body was cut off is still a refusal; a success may have lost the id it carried.
      if (head !== undefined && head.status >= 300) respond(head);
      else fail(error);
    },
  };

  if (signal.aborted) {
    fail(signal.reason);
    return promise;
  }
  signal.addEventListener('abort', onAbort);
  const { dispatcher, closeAfter, body, ...rest } = request;
  try {
    dispatcher.dispatch(
      {
        ...rest,
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- undici writes any async iterable, but its types name only Readable
        body: body as Uint8Array | null,
        idempotent: false,
        reset: closeAfter,
        // The signal is the only clock.
        headersTimeout: 0,
        bodyTimeout: 0,
      },
      handler,
    );
  } catch (error) {
    fail(error);
  }
  return promise;
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('Aborted', { cause: reason });
}
