import { XError } from '../src/index.ts';

/** The XError a call rejects with; anything else fails the test. */
export async function catchXError(call: Promise<unknown>): Promise<XError> {
  try {
    await call;
  } catch (error) {
    if (error instanceof XError) return error;
    throw error;
  }
  throw new Error('The call succeeded');
}
