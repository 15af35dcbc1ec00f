import type { PostRequest } from '@slipway/pipeline/core';
import { weighText } from '@slipway/pipeline/text';
import { type FieldError, Problem } from './problems.ts';

/** Counting takes time that grows with the square of the length for some texts; this keeps it under half a second. */
const COUNTABLE_CHARACTERS = 10_000;

/** Adds an error where the text is too long for X. */
export function checkText(text: string, errors: FieldError[]): void {
  if (text.length > COUNTABLE_CHARACTERS) {
    errors.push({
      path: 'text',
      code: 'text_too_long',
      detail: `The text has ${text.length} characters; the limit is 280 by X's weighted count, and at most ${COUNTABLE_CHARACTERS} are counted.`,
      hint: 'Shorten it.',
    });
    return;
  }
  const { weightedLength, limit, valid } = weighText(text);
  if (valid || text === '') return;
  errors.push({
    path: 'text',
    code: 'text_too_long',
    detail: `The text counts ${weightedLength} by X's weighted count; the limit is ${limit}.`,
    hint: `Shorten it by ${weightedLength - limit}. A URL counts 23, an emoji 2, and most characters of Asian scripts 2.`,
  });
}

/** What is wrong with a post as a whole, whatever each of its fields is. */
export function checkWhole({ text, media, options }: WholePost): FieldError[] {
  const errors: FieldError[] = [];
  if (text.trim() === '' && media.length === 0) {
    errors.push({
      path: 'text',
      code: 'empty_post',
      detail: 'A post needs text or media.',
      hint: 'Send text, media, or both.',
    });
  }
  if (options.taggedUserIds?.length && media.length === 0) {
    errors.push({
      path: 'options.taggedUserIds',
      code: 'tags_without_media',
      detail: 'Users are tagged in media, and there are none.',
      hint: 'Mention them in the text instead.',
    });
  }
  return errors;
}

interface WholePost {
  text: string;
  media: readonly unknown[];
  options: { taggedUserIds?: readonly string[] | undefined };
}

/** The problem that a post is not taken for; each error is one field's. */
export function refusal(errors: FieldError[]): Problem {
  const [first] = errors;
  return new Problem('post_refused', {
    detail: errors.length === 1 && first ? first.detail : `${errors.length} things are wrong with this post.`,
    hint: errors.length === 1 && first ? first.hint : 'Each of them is in errors, with its remedy.',
    errors,
  });
}

/** Zod leaves keys of absent options out, but its types do not say so. */
export function dropAbsent(options: Record<string, unknown>): PostRequest['options'] {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
