import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { ConnectError } from '@slipway/accounts';
import { findStoreTrouble } from '@slipway/store';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { PROBLEM_CONTENT_TYPE, Problem, toProblemBody, type ProblemCode } from './problems.ts';
import { connectProblem } from './connect-problem.ts';
import { storeUnavailable } from './store-away.ts';

/** Answers every error and every unknown address with a problem. What a caller did is never answered with 5xx. */
export function answerProblems(app: FastifyInstance): void {
  app.setErrorHandler((error, request, reply) => sendProblem(request, reply, toProblem(error, request)));
  app.setNotFoundHandler((request, reply) =>
    sendProblem(
      request,
      reply,
      new Problem('not_found', {
        detail: `There is no ${request.method} ${request.url.split('?')[0]}.`,
        hint: 'The reference at /docs lists every address.',
      }),
    ),
  );
}

/** Sends a problem. */
export function sendProblem(request: FastifyRequest, reply: FastifyReply, problem: Problem): FastifyReply {
  logDefect(request, reply, problem);
  return reply
    .code(problem.status)
    .headers(problem.headers)
    .type(PROBLEM_CONTENT_TYPE)
    .send(toProblemBody(problem, request.id));
}

/** What is no caller's fault goes into the log with everything that stays out of the answer, if anybody still waits for it. */
export function logDefect(request: FastifyRequest, reply: FastifyReply, problem: Problem): void {
  if (problem.status < 500 || reply.raw.destroyed) return;
  request.log.error({ err: problem.cause ?? problem, code: problem.code }, problem.message);
}

type Words = { code: ProblemCode; detail: string; hint: string };

const FRAMEWORK_PROBLEMS: Record<string, Words> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: {
    code: 'unsupported_media_type',
    detail: 'The body is not declared as JSON.',
    hint: 'Send it with "Content-Type: application/json".',
  },
  FST_ERR_CTP_INVALID_JSON_BODY: {
    code: 'invalid_json',
    detail: 'The body cannot be read as JSON.',
    hint: 'Look for a missing quote, comma or bracket; a library that writes JSON will not make this mistake.',
  },
  FST_ERR_MAX_PARAM_LENGTH: {
    code: 'not_found',
    detail: 'The address is longer than any that exists.',
    hint: 'The reference at /docs lists every address.',
  },
};

/** The problem that an error stands for; anything unforeseen is `internal` and says nothing of its inside. */
export function toProblem(error: unknown, { method }: Pick<FastifyRequest, 'method'>): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof ConnectError) return connectProblem(error);
  const trouble = findStoreTrouble(error);
  if (trouble) {
    const maybeWritten = trouble.maybeWritten && method !== 'GET' && method !== 'HEAD';
    return storeUnavailable({ ...trouble, maybeWritten }, error);
  }
  const { code = '', statusCode } = isFastifyError(error) ? error : {};
  const known = FRAMEWORK_PROBLEMS[code];
  if (known) return new Problem(known.code, known);
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500 && error instanceof Error) {
    return new Problem('malformed_request', {
      detail: error.message,
      hint: 'Check the address and the headers.',
    });
  }
  return new Problem('internal', {
    detail: 'This is a defect of Slipway, not of the request.',
    hint: 'Try again; if it stays, report it with the request id.',
    cause: error,
  });
}

function isFastifyError(error: unknown): error is FastifyError {
  return error instanceof Error && 'code' in error;
}

const CLIENT_ERRORS: Record<string, Words> = {
  HPE_HEADER_OVERFLOW: {
    code: 'header_too_large',
    detail: 'The header is larger than 16 KiB.',
    hint: 'Send fewer and smaller headers.',
  },
  ERR_HTTP_REQUEST_TIMEOUT: {
    code: 'request_timeout',
    detail: 'The request did not arrive in time.',
    hint: 'Send the whole request at once.',
  },
};

/** Answers what never became a request: there is no reply object yet, only a socket. */
export function answerClientError(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const { code, ...words } = CLIENT_ERRORS[error.code ?? ''] ?? {
    code: 'malformed_request',
    detail: 'The request cannot be read as HTTP/1.1.',
    hint: 'Check the request line, the headers and the length of the body.',
  };
  const problem = new Problem(code, words);
  const body = JSON.stringify(toProblemBody(problem, 'none'));
  socket.end(
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}\r\nContent-Type: ${PROBLEM_CONTENT_TYPE}\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}
