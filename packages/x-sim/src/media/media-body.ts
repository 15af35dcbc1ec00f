import { X_TEXTS } from '../faults/answers.ts';
import type { Call } from '../http/call.ts';
import { refuseInvalid } from '../http/problems.ts';
import type { World } from '../world.ts';

/** The fields of a request that carries media, as they come in either encoding. */
export interface MediaBody {
  media: Buffer | undefined;
  fields: ReadonlyMap<string, unknown>;
}

/** Reads a multipart body, or a JSON body whose `media` is base64. Text parts come as strings. */
export function readMediaBody(world: World, call: Call): MediaBody {
  const { vocabulary, encoding } = world.config;
  const { body } = call;
  if (body.kind === 'multipart' && encoding === 'any') {
    const fields = new Map<string, unknown>();
    let media: Buffer | undefined;
    for (const part of body.parts) {
      if (part.name === 'media') media = part.data;
      else fields.set(part.name, part.data.toString('utf8'));
    }
    return { media, fields };
  }
  if (body.kind === 'json' && typeof body.value === 'object' && body.value !== null) {
    const fields = new Map<string, unknown>(Object.entries(body.value));
    const encoded = fields.get('media');
    fields.delete('media');
    if (encoded !== undefined && typeof encoded !== 'string')
      return refuseInvalid(vocabulary, '$.media: string expected');
    return { media: encoded === undefined ? undefined : Buffer.from(encoded, 'base64'), fields };
  }
  if (body.kind === 'broken') return refuseInvalid(vocabulary, body.why);
  return refuseInvalid(vocabulary, X_TEXTS.jsonOnly);
}

/** Media requests are closed objects: any other field is refused. */
export function refuseOtherFields(world: World, body: MediaBody, known: readonly string[]): void {
  for (const name of body.fields.keys())
    if (!known.includes(name))
      refuseInvalid(
        world.config.vocabulary,
        `$.${name}: is not defined in the schema and the schema does not allow additional properties`,
      );
}
