import { z } from 'zod';

/** Where objects come from. Credentials are found by the AWS SDK itself, by its own names (AWS_ACCESS_KEY_ID and so on). */
export const objectSettings = z.object({
  s3Endpoint: z.url().optional().describe('URL of the S3 store; leave it out for AWS itself.'),
  s3Region: z.string().default('us-east-1').describe('Region of the S3 store.'),
  s3ForcePathStyle: z
    .stringbool()
    .default(false)
    .describe('Put the bucket into the path instead of the host name; most stores other than AWS want that.'),
});
export interface ObjectSettings {
  /** Absent for AWS itself. */
  s3Endpoint?: string | undefined;
  s3Region: string;
  s3ForcePathStyle: boolean;
}

/** How X is reached. */
export const xSettings = z.object({
  xBaseUrl: z.url().default('https://api.x.com').describe('Where X is; the simulator in development.'),
});
export type XSettings = z.infer<typeof xSettings>;
