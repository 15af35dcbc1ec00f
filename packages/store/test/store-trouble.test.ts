import { test } from 'vitest';
import { findStoreTrouble } from '../src/index.ts';

test.for([
  [
    "OOM command not allowed when used memory > 'maxmemory'.",
    'refuses',
    false,
    'The memory of Redis is full.',
  ],
  ['READONLY You can not write against a read only replica.', 'refuses', false, 'Redis is a replica'],
  ['LOADING Redis is loading the dataset in memory', 'refuses', false, 'loading'],
  ['MISCONF Errors writing to the AOF file: No space left on device', 'refuses', false, 'disk'],
  ['UNBLOCKED force unblock from blocking operation, instance state changed', 'refuses', false, 'replica'],
  [
    "ERR Error running script (call to f_1028a5db): @user_script:4: @user_script: 4: -OOM command not allowed when used memory > 'maxmemory'.",
    'refuses',
    false,
    'The memory of Redis is full.',
  ],
  ["NOPERM this user has no permissions to run the 'evalsha' command", 'forbids', false, 'does not let'],
  ["Stream isn't writeable and enableOfflineQueue options is false", 'away', false, 'does not answer'],
  ['Connection is closed.', 'away', true, 'does not answer'],
  ['Command timed out', 'away', true, 'does not answer'],
] as const)('an error that says "%s" is trouble', ([message, kind, maybeWritten, words], { expect }) => {
  const trouble = { kind, maybeWritten, reason: expect.stringContaining(words) };
  expect(findStoreTrouble(new Error(message))).toEqual(trouble);
  expect(findStoreTrouble(new Error('wrapped', { cause: new Error(message) }))).toEqual(trouble);
});

test('a network error is trouble; a write that met a refused connection did not happen', ({ expect }) => {
  const failed = (code: string) => findStoreTrouble(Object.assign(new Error('x'), { code }));
  expect(failed('ECONNRESET')).toMatchObject({ kind: 'away', maybeWritten: true });
  expect(failed('ECONNREFUSED')).toMatchObject({ kind: 'away', maybeWritten: false });
});

test.for([
  'ERR wrong number of arguments',
  'ERR Error running script (call to f_1028a5db): @user_script:4: @user_script: 4: Wrong number of args',
  'Cannot read properties of undefined',
  'OOMPH',
])('an error that says "%s" is a defect', (message, { expect }) => {
  expect(findStoreTrouble(new Error(message))).toBeNull();
});
