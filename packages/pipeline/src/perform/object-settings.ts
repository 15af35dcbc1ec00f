/** Where objects come from. Credentials are found by the AWS SDK itself, by its own names (AWS_ACCESS_KEY_ID and so on). */
export interface ObjectSettings {
  /** Absent for AWS itself. */
  s3Endpoint?: string | undefined;
  s3Region: string;
  s3ForcePathStyle: boolean;
}
