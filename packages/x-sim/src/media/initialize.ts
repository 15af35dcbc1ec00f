import { isPremium } from '../accounts.ts';
import { z } from 'zod';
import { X_TEXTS } from '../faults/answers.ts';
import { jsonBody, userOf } from '../http/call.ts';
import type { Call } from '../http/call.ts';
import { parseBody, refuseBlank, refuseInvalid } from '../http/problems.ts';
import { answer } from '../http/reply.ts';
import type { Reply } from '../http/reply.ts';
import type { World } from '../world.ts';
import { inferCategory, kindOf, MEDIA_CATEGORIES, MEDIA_TYPES, mediaKeyOf, typeFits } from './categories.ts';
import type { MediaCategory, MediaType } from './categories.ts';
import { createSegmentStore } from './segments.ts';
import type { Upload } from './upload.ts';

const MAX_TOTAL_BYTES = 16 * 1024 ** 3;

const requestSchema = z.strictObject({
  media_type: z.enum(MEDIA_TYPES),
  media_category: z.enum(MEDIA_CATEGORIES).optional(),
  total_bytes: z.int().min(0).max(MAX_TOTAL_BYTES),
  additional_owners: z.array(z.string().regex(/^[0-9]{1,19}$/)).optional(),
  shared: z.boolean().optional(),
});

export function initializeUpload(world: World, call: Call): Reply {
  const { vocabulary } = world.config;
  const user = userOf(call);
  const request = parseBody(vocabulary, requestSchema, jsonBody(world, call));
  const category = request.media_category ?? inferCategory(request.media_type);
  if (!typeFits(category, request.media_type))
    refuseInvalid(vocabulary, X_TEXTS.mediaTypeUnrecognized, { media_type: [request.media_type] });
  refuseTooLarge(world, category, request.total_bytes);
  if (category === 'amplify_video' && world.config.amplifyVideo === 'premium' && !isPremium(user))
    refuseBlank(403);
  const upload = openUpload(world, call, {
    userId: user.id,
    owners: request.additional_owners ?? [],
    category,
    mediaType: request.media_type,
    totalBytes: request.total_bytes,
    oneShot: false,
  });
  world.changed();
  return answer({
    data: {
      id: upload.id,
      media_key: upload.mediaKey,
      expires_after_secs: Math.floor((upload.expiresAt - call.now) / 1000),
    },
  });
}

/** Creates an upload that waits for its segments. */
export function openUpload(
  world: World,
  call: Call,
  input: {
    userId: string;
    owners: readonly string[];
    category: MediaCategory;
    mediaType: MediaType | null;
    totalBytes: number;
    oneShot: boolean;
  },
): Upload {
  const id = world.newId();
  const upload: Upload = {
    ...input,
    id,
    mediaKey: mediaKeyOf(input.category, id),
    owners: new Set(input.owners),
    segments: createSegmentStore(world.parking, {
      keepText: input.category === 'subtitles',
      digests: world.config.digests,
    }),
    initializedAt: call.now,
    phase: 'open',
    expiresAt: call.now + world.config.uploadExpiresAfterMs,
    metadata: {},
    subtitles: [],
    postIds: [],
    bytesReceived: 0,
  };
  world.uploads.set(id, upload);
  world.uploadsByKey.set(upload.mediaKey, upload);
  return upload;
}

/** 400 for media larger than its category may be. */
export function refuseTooLarge(world: World, category: MediaCategory, totalBytes: number): void {
  const maxBytes = world.config.maxMediaBytes[kindOf(category)];
  if (totalBytes > maxBytes)
    refuseInvalid(
      world.config.vocabulary,
      `File size exceeds ${maxBytes} bytes for media category ${category}.`,
      {
        total_bytes: [String(totalBytes)],
      },
    );
}
