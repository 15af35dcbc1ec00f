export type { Account, Accounts } from './accounts.ts';
export { inspectMedia } from './perform/inspect-media.ts';
export type { ObjectStream, Pin } from './perform/object-stream.ts';
export { type Objects, createObjects } from './perform/objects.ts';
export { type ObjectName, SourceError } from './perform/source-error.ts';
export { type Perform, perform } from './perform/perform.ts';
export { LostPost, type Outcome, type RunOptions, type SaveOptions, run } from './run.ts';
export type { ObjectSettings } from './perform/object-settings.ts';
export type { Clock, World } from './world.ts';
