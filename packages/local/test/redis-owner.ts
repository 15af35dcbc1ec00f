// Starts a Redis that it never stops, says where, and ends as its argument says once it is told to by SIGUSR2.
import { setTimeout as wait } from 'node:timers/promises';
import { startRedis } from '../src/index.ts';

const how = process.argv[2];
const { port, dir } = await startRedis();

const told = new Promise<void>((resolve) => process.once('SIGUSR2', resolve));
const alive = setInterval(() => {}, 1000);
if (how === 'handles SIGTERM itself') process.on('SIGTERM', () => void wait(20).then(() => process.exit(4)));
console.log(`${port} ${dir}`);
await told;
clearInterval(alive);
if (how === 'throws') throw new Error('on purpose');
process.exit(9);
