import { z } from 'zod';
import { jsonBody } from '../http/call.ts';
import type { Call } from '../http/call.ts';
import { parseBody } from '../http/problems.ts';
import { answer, Refusal } from '../http/reply.ts';
import type { Reply } from '../http/reply.ts';
import type { World } from '../world.ts';
import { findUpload } from './find-upload.ts';

const mediaId = z.string().regex(/^[0-9]{1,19}$/);
const countryCodes = z.array(z.string().regex(/^[A-Z]{2}$/));

const requestSchema = z.looseObject({
  id: mediaId,
  metadata: z
    .strictObject({
      alt_text: z.strictObject({ text: z.string().max(1000) }).optional(),
      sensitive_media_warning: z
        .strictObject({
          adult_content: z.boolean().optional(),
          graphic_violence: z.boolean().optional(),
          other: z.boolean().optional(),
        })
        .optional(),
      allow_download_status: z.strictObject({ allow_download: z.boolean().optional() }).optional(),
      audience_policy: z
        .strictObject({
          creator_subscriptions: z.array(z.string()).optional(),
          x_subscriptions: z.array(z.string()).optional(),
        })
        .optional(),
      content_expiration: z.strictObject({ timestamp_sec: z.number() }).optional(),
      domain_restrictions: z.strictObject({ whitelist: z.array(z.string()) }).optional(),
      geo_restrictions: z
        .strictObject({ whitelisted_country_codes: countryCodes, blacklisted_country_codes: countryCodes })
        .optional(),
      found_media_origin: z.strictObject({ provider: z.string().max(8), id: z.string().max(24) }).optional(),
      management_info: z.strictObject({ managed: z.boolean() }).optional(),
      preview_image: z
        .strictObject({
          media_key: z.strictObject({ media: mediaId, media_category: z.literal('TweetImage') }),
        })
        .optional(),
      shared_info: z.strictObject({ shared: z.boolean() }).optional(),
      sticker_info: z.strictObject({ stickers: z.array(z.unknown()).min(1).max(25) }).optional(),
      upload_source: z.strictObject({ upload_source: z.string() }).optional(),
    })
    .optional(),
});

/** Alt text and the rest. Setting a key again replaces it. */
export function setMetadata(world: World, call: Call): Reply {
  const body = jsonBody(world, call);
  if (isMisshapen(body)) throw new Refusal({ status: 500, body: { errors: ['internal server error'] } });
  const request = parseBody(world.config.vocabulary, requestSchema, body);
  const upload = findUpload(world, call, request.id);
  Object.assign(upload.metadata, request.metadata);
  const altText = request.metadata?.alt_text?.text;
  if (altText !== undefined) upload.altText = altText;
  world.changed();
  return answer({ data: { id: upload.id, associated_metadata: request.metadata ?? {} } });
}

/** Alt text at the top level, or nested twice, makes X fail with 500 instead of 400. */
function isMisshapen(body: unknown): boolean {
  if (typeof body !== 'object' || body === null) return false;
  if ('alt_text' in body) return true;
  const metadata: unknown = 'metadata' in body ? body.metadata : undefined;
  return typeof metadata === 'object' && metadata !== null && 'metadata' in metadata;
}
