import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
  type S3ClientConfig,
} from '@aws-sdk/client-s3';
import { fileURLToPath } from 'node:url';
import { crc32 } from 'node:zlib';
import { cutIntoParts } from './cut-into-parts.ts';
import { spawnProcess } from './spawn-process.ts';

export interface S3Options {
  /** Default: a free one. */
  port?: number;
  /** Made at the start; names have at least 3 characters. Default `['media']`. */
  buckets?: string[];
  /** Run as a process of its own, so that the bytes it holds (twice the objects' size) are not in ours. Default false. */
  separate?: boolean;
}

export interface S3Object {
  bucket: string;
  key: string;
  /** Bytes, or a stream of them of any length: only one part of 10 MiB is held at a time. */
  body: Uint8Array | AsyncIterable<Uint8Array>;
  contentType: string;
}

export interface LocalS3 {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** Of the process that serves it: ours, unless `separate`. */
  readonly pid: number;
  /** What `new S3Client()` needs to reach it. */
  clientConfig(): S3ClientConfig;
  putObject(object: S3Object): Promise<{ etag: string; totalBytes: number }>;
  stop(): Promise<void>;
}

/** The server refuses requests over 11 MiB. */
const partBytes = 10 * 1024 * 1024;
const region = 'us-east-1';
const credentials = { accessKeyId: 'local', secretAccessKey: 'local-secret' };

/** Starts an S3 server in memory on 127.0.0.1, and makes its buckets. It checks no signatures. */
export async function startS3(options: S3Options = {}): Promise<LocalS3> {
  const server = await (options.separate ? spawnServer(options) : runServer(options));
  const clientConfig = (): S3ClientConfig => ({
    endpoint: server.endpoint,
    region,
    credentials,
    forcePathStyle: true,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
  const client = new S3Client(clientConfig());
  return {
    endpoint: server.endpoint,
    region,
    credentials,
    pid: server.pid,
    clientConfig,
    putObject: (object) => putObject(client, object),
    async stop() {
      client.destroy();
      await server.stop();
    },
  };
}

interface S3Server {
  endpoint: string;
  pid: number;
  stop(): Promise<unknown>;
}

async function runServer({ port = 0, buckets = ['media'] }: S3Options): Promise<S3Server> {
  const { startFauxqs } = await import('fauxqs'); // only here: who starts just a Redis should not load a server
  const server = await startFauxqs({ port, host: '127.0.0.1', logger: false, init: { buckets } });
  return {
    endpoint: `http://127.0.0.1:${server.port}`,
    pid: process.pid,
    stop: () => server.stop(),
  };
}

async function spawnServer({ port = 0, buckets = ['media'] }: S3Options): Promise<S3Server> {
  const main = fileURLToPath(new URL('s3-main.ts', import.meta.url));
  const child = await spawnProcess({
    name: 's3',
    command: process.execPath,
    args: [main, '--port', String(port), ...buckets.flatMap((bucket) => ['--bucket', bucket])],
    readyWhen: /^http:/,
  });
  return { endpoint: child.readyLine, pid: child.pid, stop: () => child.stop() };
}

/** What SDKs send by default; this server keeps it, and of objects in parts only a checksum of checksums. */
function crc32Of(bytes: Buffer): string {
  return Buffer.from(crc32(bytes).toString(16).padStart(8, '0'), 'hex').toString('base64');
}

async function putObject(
  client: S3Client,
  { bucket, key, body, contentType }: S3Object,
): Promise<{ etag: string; totalBytes: number }> {
  const target = { Bucket: bucket, Key: key };
  const parts = cutIntoParts(body, partBytes);
  const first = (await parts.next()).value ?? Buffer.alloc(0);
  const second = await parts.next();
  if (second.done) {
    const { ETag } = await client.send(
      new PutObjectCommand({
        ...target,
        Body: first,
        ContentType: contentType,
        ChecksumCRC32: crc32Of(first),
      }),
    );
    return { etag: ETag ?? '', totalBytes: first.length };
  }

  const upload = await client.send(new CreateMultipartUploadCommand({ ...target, ContentType: contentType }));
  const session = { ...target, UploadId: upload.UploadId };
  const completed: { PartNumber: number; ETag: string | undefined }[] = [];
  let totalBytes = 0;
  const send = async (part: Buffer): Promise<void> => {
    const PartNumber = completed.length + 1;
    const { ETag } = await client.send(new UploadPartCommand({ ...session, PartNumber, Body: part }));
    completed.push({ PartNumber, ETag });
    totalBytes += part.length;
  };
  try {
    await send(first);
    await send(second.value);
    for await (const part of parts) await send(part);
    const { ETag } = await client.send(
      new CompleteMultipartUploadCommand({ ...session, MultipartUpload: { Parts: completed } }),
    );
    return { etag: ETag ?? '', totalBytes };
  } catch (error) {
    await client.send(new AbortMultipartUploadCommand(session)).catch(() => undefined); // the first error tells more
    throw error;
  }
}
