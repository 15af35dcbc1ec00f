/**
 * Cuts bytes into parts of exactly `partBytes`; the last one may be shorter. Nothing in, nothing out.
 * Holds one part at a time.
 */
export async function* cutIntoParts(
  body: Uint8Array | AsyncIterable<Uint8Array>,
  partBytes: number,
): AsyncGenerator<Buffer, undefined> {
  let pending: Uint8Array[] = [];
  let pendingBytes = 0;
  for await (const chunk of body instanceof Uint8Array ? [body] : body) {
    let rest = chunk;
    while (pendingBytes + rest.length >= partBytes) {
      const taken = partBytes - pendingBytes;
      yield Buffer.concat([...pending, rest.subarray(0, taken)]);
      pending = [];
      pendingBytes = 0;
      rest = rest.subarray(taken);
    }
    if (rest.length > 0) {
      pending.push(rest);
      pendingBytes += rest.length;
    }
  }
  if (pendingBytes > 0) yield Buffer.concat(pending);
}
