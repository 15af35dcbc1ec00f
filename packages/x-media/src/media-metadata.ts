import type { MetadataInput } from './media-types.ts';

/** X's shape of the metadata: every value in an object of its own; a wrong nesting is answered with 500. */
export function writeMetadata(input: Omit<MetadataInput, 'mediaId'>): object {
  const { altText, sensitiveMediaWarning: warning, audiencePolicy: audience, geoRestrictions: geo } = input;
  return {
    alt_text: wrapped('text', altText),
    sensitive_media_warning: warning && {
      adult_content: warning.adultContent,
      graphic_violence: warning.graphicViolence,
      other: warning.other,
    },
    allow_download_status: wrapped('allow_download', input.allowDownload),
    audience_policy: audience && {
      creator_subscriptions: audience.creatorSubscriptions,
      x_subscriptions: audience.xSubscriptions,
    },
    content_expiration: wrapped(
      'timestamp_sec',
      input.contentExpiresAt && Math.floor(input.contentExpiresAt / 1000),
    ),
    domain_restrictions: wrapped('whitelist', input.domainWhitelist),
    geo_restrictions: geo && {
      whitelisted_country_codes: geo.whitelistedCountryCodes,
      blacklisted_country_codes: geo.blacklistedCountryCodes,
    },
    found_media_origin: input.foundMediaOrigin,
    management_info: wrapped('managed', input.managed),
    preview_image: input.previewImageMediaId && {
      media_key: { media: input.previewImageMediaId, media_category: 'TweetImage' },
    },
    shared_info: wrapped('shared', input.shared),
    sticker_info: wrapped('stickers', input.stickers),
    upload_source: wrapped('upload_source', input.uploadSource),
  };
}

function wrapped(name: string, value: unknown): object | undefined {
  return value === undefined ? undefined : { [name]: value };
}
