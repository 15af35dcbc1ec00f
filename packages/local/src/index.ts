export type { AofMark } from './append-only-file.ts';
export { readLogLine } from './app-process.ts';
export { startRedis, type LocalRedis, type RedisMaster, type RedisOptions } from './redis.ts';
export { startS3, type LocalS3, type S3Object, type S3Options } from './s3.ts';
export { startSentinels, type LocalSentinels, type SentinelOptions } from './sentinels.ts';
export { startSim, startSimProcess, type SimProcess, type SimProcessOptions } from './sim.ts';
export { spawnProcess, type LocalProcess, type ProcessExit, type SpawnOptions } from './spawn-process.ts';
export { startStack, type Link, type Stack, type StackAccount, type StackOptions } from './stack.ts';
export type { FaultInput, Ledger, LedgerPost, LedgerUpload, Sim, SimOptions, SimUser } from '@slipway/x-sim';
