import { SourceError, createObjects } from '@slipway/pipeline';
import type { Settings } from './examine.ts';
import type { Finding } from './finding.ts';

/** An object that hopefully is not there: what the store says of it tells whether it would give one that is. */
const NO_OBJECT = 'slipway-doctor';

/** Whether S3 answers, knows our credentials and, where a bucket is named, lets it be read. */
export async function examineS3(
  settings: Settings,
  bucket: string | null,
  signal: AbortSignal,
): Promise<Finding[]> {
  const objects = createObjects({
    s3Endpoint: settings.SLIPWAY_S3_ENDPOINT,
    s3Region: settings.AWS_REGION,
    s3ForcePathStyle: settings.SLIPWAY_S3_FORCE_PATH_STYLE,
  });
  try {
    await objects.open({ bucket: bucket ?? NO_OBJECT, key: NO_OBJECT, versionId: null }, signal);
    return [readable(bucket)];
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    return [judge(error, bucket)];
  } finally {
    objects.close();
  }
}

function judge(error: SourceError, bucket: string | null): Finding {
  const { code } = error;
  const isAnswered = code === 'not_found' || code === 'empty' || (code === 'no_bucket' && bucket === null);
  if (isAnswered) return readable(bucket);
  if (code === 'denied') return judgeRefusal(error, bucket);
  const remedy =
    code === 'no_bucket'
      ? 'Make it, or name another one.'
      : 'Correct SLIPWAY_S3_ENDPOINT, AWS_REGION, SLIPWAY_S3_FORCE_PATH_STYLE or the credentials.';
  return { level: 'failure', check: 's3', message: `${sentence(error.message)} ${remedy}` };
}

/** AWS refuses an object that is not there unless the credentials may list the bucket, which Slipway does not need. */
function judgeRefusal(error: SourceError, bucket: string | null): Finding {
  const { name } = error.cause instanceof Error ? error.cause : error;
  if (name !== 'AccessDenied') {
    return {
      level: 'failure',
      check: 's3',
      message: `${sentence(error.message)} Correct the credentials (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, or the role).`,
    };
  }
  if (bucket === null) return readable(bucket);
  return {
    level: 'warning',
    check: 's3',
    message:
      `It refuses to say whether ${bucket} has an object: without s3:ListBucket that need not mean anything. ` +
      `Make sure that the credentials have s3:GetObject.`,
  };
}

function readable(bucket: string | null): Finding {
  return {
    level: 'ok',
    check: 's3',
    message:
      bucket === null
        ? 'It answers; name a bucket with --bucket to see whether that can be read.'
        : `It lets ${bucket} be read.`,
  };
}

function sentence(words: string): string {
  return words.endsWith('.') ? words : `${words}.`;
}
