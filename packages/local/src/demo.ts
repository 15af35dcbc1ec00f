/**
 * `npm run demo`: all of Slipway on this machine, with a real Redis, an S3 server and a simulated X. Three posts go through, the
 * worker that uploads the video is killed in the middle, and X's ledger is asked what really arrived. Exit status 0 only if
 * every post is there once, byte for byte.
 */
import { type Media, makeGif, makeImage, makeVideo } from '@slipway/testkit';
import { readLogLine } from './app-process.ts';
import { createBoard } from './demo/board.ts';
import { followPost } from './demo/follow-post.ts';
import { createPostLine } from './demo/post-line.ts';
import { prove } from './demo/prove.ts';
import { formatTable } from './demo/table.ts';
import { type Stack, startStack } from './stack.ts';

const MIB = 1024 * 1024;
const VIDEO_BYTES = 64 * MIB;
/** The simulator answers every append this late, as a network would; without it the upload is over before it can be watched. */
const APPEND_DELAY_MS = 350;
/** The worker with the video is killed once this share of its segments has been acknowledged. */
const KILL_AT = 0.3;
const DEADLINE_MS = 55_000;

const POSTS: { label: string; text: string; media: () => Media[] }[] = [
  {
    label: 'four images',
    text: 'Four images from S3',
    media: () =>
      (['png', 'jpeg', 'webp', 'png'] as const).map((type, index) => makeImage({ type, seed: index })),
  },
  { label: 'GIF', text: 'A GIF from S3', media: () => [makeGif({ seed: 5 })] },
  { label: 'video', text: 'A video from S3', media: () => [makeVideo({ bytes: VIDEO_BYTES, seed: 6 })] },
];

const began = performance.now();
const sinceStart = (): string => `${((performance.now() - began) / 1000).toFixed(1)} s`;
/** Which process took which post last, by the workers' own logs. */
const holders = new Map<string, string>();

console.log('Starting Redis, an S3 server, a simulated X, the API and two workers …');
const stack = await startStack({
  workers: 2,
  onLine: (name, line) => {
    const log = readLogLine(line);
    if (log?.['msg'] === 'post taken') holders.set(String(log['postId']), name);
  },
});
// The first signal stops everything in order; its default effect, without that, is the second one's.
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void stack.stop().finally(() => process.exit(1)));
}
try {
  process.exitCode = (await demonstrate(stack)) ? 0 : 1;
} finally {
  await stack.stop();
}

async function demonstrate({ api, sim, s3, redisUrl }: Stack): Promise<boolean> {
  const urls = {
    API: api.url,
    reference: `${api.url}/docs`,
    Redis: redisUrl,
    S3: s3.endpoint,
    X: `${sim.url} (simulated)`,
  };
  for (const [name, url] of Object.entries(urls)) console.log(`  ${name.padEnd(10)} ${url}`);
  await sim.script({ on: { operation: 'media.append' }, times: 'always', do: { delayMs: APPEND_DELAY_MS } });

  console.log('Putting the media into S3 and posting them over the HTTP API …');
  const posts = await Promise.all(
    POSTS.map(async (plan) => ({ ...plan, ...(await enqueue(plan.text, plan.media())) })),
  );
  console.log('');

  const lines = posts.map(({ label, hashes }) =>
    createPostLine(label, hashes.length, () => performance.now()),
  );
  const board = createBoard(lines, process.stdout);
  const deadline = AbortSignal.timeout(DEADLINE_MS);
  let killed = '';
  const followed = posts.map(async ({ id }, index) => {
    const line = lines[index];
    await followPost(api, id, (news) => {
      line?.hear(news);
      if (
        !killed &&
        line?.label === 'video' &&
        line.segmentsDone >= KILL_AT * line.segments &&
        line.segments > 0
      ) {
        killed = killHolder(id);
        board.announce(
          `  ✂ ${sinceStart()}: ${killed} gets SIGKILL with ${line.segmentsDone} of ${line.segments} segments acknowledged`,
        );
        line.say('worker dead; another takes over within 10 s');
      }
    });
  });
  const late = new Promise<'late'>((resolve) => {
    deadline.addEventListener('abort', () => resolve('late'));
  });
  const end = await Promise.race([Promise.all(followed), late]);
  board.close();
  if (end === 'late') console.log(`  Not all posts ended within ${DEADLINE_MS / 1000} s.`);
  if (!killed)
    console.log('  The worker with the video could not be killed in time: the demonstration is incomplete.');
  return (await showProof(posts)) && end !== 'late' && killed !== '';
}

async function enqueue(
  text: string,
  media: Media[],
): Promise<{ id: string; hashes: string[]; bytes: number }> {
  const items = await Promise.all(
    media.map(async (each, index) => {
      const key = `${text.toLowerCase().replaceAll(' ', '-')}/${index}`;
      await stack.s3.putObject({ bucket: 'media', key, body: each.stream(), contentType: each.contentType });
      return { bucket: 'media', key, altText: `${text}, number ${index + 1}` };
    }),
  );
  const response = await fetch(`${stack.api.url}/v1/posts`, {
    method: 'POST',
    headers: { authorization: `Bearer ${stack.api.key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ account: stack.accounts[0]?.id, text, media: items }),
  });
  const answer = await response.text();
  if (response.status !== 202) throw new Error(`POST /v1/posts: ${response.status} ${answer}`);
  const { id }: { id: string } = JSON.parse(answer);
  const hashes = await Promise.all(media.map((each) => each.sha256()));
  return { id, hashes, bytes: media.reduce((sum, { totalBytes }) => sum + totalBytes, 0) };
}

/** Names whom it killed; nothing when nobody had the post in hand. */
function killHolder(postId: string): string {
  const holder = stack.workers.find(({ name }) => name === holders.get(postId));
  if (!holder?.kill('SIGKILL')) return '';
  return `${holder.name} (pid ${holder.pid})`;
}

async function showProof(
  posts: { id: string; label: string; text: string; hashes: string[] }[],
): Promise<boolean> {
  const ledger = await stack.sim.ledger();
  const rows = await Promise.all(
    posts.map(async ({ id, label, text, hashes }) => {
      const proof = prove({ text, hashes }, ledger);
      const post = await readPost(id);
      const tookMs = post.publishedAt ? Date.parse(post.publishedAt) - Date.parse(post.createdAt) : null;
      const holds = proof.holds && post.status === 'published' && post.xPostId === proof.xPostId;
      const cells = [
        label,
        post.status,
        proof.xPostId,
        post.publishedAt?.slice(11, 23) ?? '-',
        tookMs === null ? '-' : `${(tookMs / 1000).toFixed(1)} s`,
        String(proof.bytesSent),
        String(proof.bytesSentTwice),
        String(proof.timesPosted),
        proof.hashesMatch ? 'equal' : 'DIFFERENT',
      ];
      return { holds, cells };
    }),
  );
  const head = ['post', 'status', 'X id', 'published', 'took', 'bytes sent', 'twice', 'on X', 'SHA-256'];
  console.log(`\n${formatTable([head, ...rows.map(({ cells }) => cells)])}\n`);
  const onlyOurs = ledger.posts.length === posts.length;
  const holds = onlyOurs && rows.every((row) => row.holds);
  console.log(
    holds
      ? `What X received is what is in S3, each post is there once. Done in ${sinceStart()}.`
      : 'This is not what should have happened: see the table.',
  );
  return holds;
}

async function readPost(
  id: string,
): Promise<{ status: string; xPostId: string | null; createdAt: string; publishedAt: string | null }> {
  const response = await fetch(`${stack.api.url}/v1/posts/${id}`, {
    headers: { authorization: `Bearer ${stack.api.key}` },
  });
  const post: { status: string; xPostId: string | null; createdAt: string; publishedAt: string | null } =
    JSON.parse(await response.text());
  return post;
}
