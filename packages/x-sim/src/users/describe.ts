import type { User } from '../accounts.ts';

/** X's user object with its default fields and those asked for. */
export function describeUser(user: User, fields: ReadonlySet<string>): Record<string, unknown> {
  const isPaying = user.subscription !== 'None';
  const optional: Record<string, unknown> = {
    created_at: new Date(user.createdAt).toISOString(),
    protected: false,
    subscription_type: user.subscription,
    verified: isPaying && user.subscription !== 'Basic',
    verified_type: isPaying && user.subscription !== 'Basic' ? 'blue' : 'none',
    profile_image_url: 'https://abs.twimg.com/sticky/default_profile_images/default_profile_normal.png',
  };
  const described: Record<string, unknown> = { id: user.id, name: user.name, username: user.username };
  for (const [field, value] of Object.entries(optional)) if (fields.has(field)) described[field] = value;
  return described;
}
