/**
 * `npm run dev`: all of Slipway on this machine, staying up until Ctrl-C, with some media in S3 and a command to try it. Settings
 * of the API and the workers are taken from the environment; REDIS_URL names a Redis that runs already.
 */
import { once } from 'node:events';
import { makeGif, makeImage, makeVideo } from '@slipway/testkit';
import { findFreePort, isPortFree } from './free-port.ts';
import { startStack } from './stack.ts';

const USUAL_PORT = 3000;
const MIB = 1024 * 1024;

const redisUrl = process.env['REDIS_URL'];
const apiPort = (await isPortFree(USUAL_PORT)) ? USUAL_PORT : await findFreePort();
const settings = Object.fromEntries(
  Object.entries(process.env).flatMap(([name, value]) =>
    name.startsWith('SLIPWAY_') && value !== undefined ? [[name, value]] : [],
  ),
);
const stack = await startStack({
  workers: 2,
  apiPort,
  settings,
  ...(redisUrl ? { redisUrl } : {}),
  onLine: (name, line) => console.log(`${name.padEnd(9)} ${line}`),
});
/** A user of X that Slipway does not know yet. */
const stranger = await stack.sim.addUser({ username: 'harbor' });
const samples = {
  'sample.png': makeImage({ type: 'png', seed: 1 }),
  'sample.gif': makeGif({ seed: 2 }),
  'sample.mp4': makeVideo({ bytes: 48 * MIB, seed: 3 }),
};
for (const [key, media] of Object.entries(samples)) {
  await stack.s3.putObject({ bucket: 'media', key, body: media.stream(), contentType: media.contentType });
}

console.log(`
Slipway is up; Ctrl-C stops it.

  API        ${stack.api.url}        reference ${stack.api.url}/docs
  API key    ${stack.api.key}
  account    @${stack.accounts[0]?.username}
  X          ${stack.sim.url}        what arrived there: ${stack.sim.url}/_sim/ledger
  S3         ${stack.s3.endpoint}        bucket media: ${Object.keys(samples).join(', ')}
  Redis      ${stack.redisUrl}

Try it:

  curl -s ${stack.api.url}/v1/posts -H 'Authorization: Bearer ${stack.api.key}' -H 'Content-Type: application/json' \\
    -d '{"account":"@${stack.accounts[0]?.username}","text":"Hello from S3","media":[{"bucket":"media","key":"sample.mp4"}]}'

Connect another account: open the authorizeUrl of the answer in a browser, and be @${stranger.username} there.

  curl -s ${stack.api.url}/v1/accounts/connect -X POST -H 'Authorization: Bearer ${stack.api.key}'
`);

await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
console.log('Stopping …');
await stack.stop();
