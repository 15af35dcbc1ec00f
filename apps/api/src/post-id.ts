import { isPostId } from '@slipway/store';
import { z } from 'zod';
import { Problem } from './problems.ts';

/** The address of a post. */
export const postAddressSchema = z.object({
  id: z.string().describe('Id of the post: `post_` and 26 characters.'),
});

/** What is not an id is not looked up: the id alone tells where a post is kept. */
export function checkPostId(id: string): string {
  if (!isPostId(id)) throw postNotFound(id);
  return id;
}

export function postNotFound(id: string): Problem {
  return new Problem('post_not_found', {
    detail: `There is no post ${JSON.stringify(id)}.`,
    hint: 'Ids of posts are post_ and 26 characters; GET /v1/posts lists the posts.',
  });
}
