export { startRedis, type LocalRedis, type RedisOptions } from './redis.ts';
export { startS3, type LocalS3, type S3Object, type S3Options } from './s3.ts';
export { spawnProcess, type LocalProcess, type ProcessExit, type SpawnOptions } from './spawn-process.ts';
