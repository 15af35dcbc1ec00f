/** What an endpoint answers. `body` is sent as JSON unless it is a string; undefined means an empty body. */
export interface Reply {
  status: number;
  body?: unknown;
  headers?: Record<string, string>;
  contentType?: string;
}

/** Thrown by an endpoint to answer with an error; nothing has been changed when it is thrown. */
export class Refusal extends Error {
  readonly reply: Reply;
  constructor(reply: Reply) {
    super(`refused with ${reply.status}`);
    this.name = 'Refusal';
    this.reply = reply;
  }
}

export function answer(body: unknown, status = 200): Reply {
  return { status, body };
}
