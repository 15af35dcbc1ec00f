// The S3 server as a process of its own: `s3-main.ts --port N --bucket NAME...`. Prints its URL when ready.
import { parseArgs } from 'node:util';
import { startS3 } from './s3.ts';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    bucket: { type: 'string', multiple: true, default: [] },
  },
});

const s3 = await startS3({ port: Number(values.port), buckets: values.bucket });
console.log(s3.endpoint);

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  // In memory, so there is nothing to finish: whoever ends the server is done with its objects.
  process.once(signal, () => process.exit(0));
}
