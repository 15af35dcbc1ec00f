/**
 * Remembers what each user posted when. Deleted posts still count, and other media make no difference; a post without
 * text is never a duplicate.
 */
export interface PostedTexts {
  /** Whether the user posted this text within the last `windowMs`. */
  isRecent(userId: string, text: string, now: number, windowMs: number): boolean;
  remember(userId: string, text: string, now: number): void;
}

export function createPostedTexts(): PostedTexts {
  const postedAt = new Map<string, Map<string, number>>();
  return {
    isRecent(userId, text, now, windowMs) {
      const at = postedAt.get(userId)?.get(normalize(text));
      return at !== undefined && at > now - windowMs;
    },
    remember(userId, text, now) {
      const key = normalize(text);
      if (key === '') return;
      const texts = postedAt.get(userId) ?? new Map<string, number>();
      texts.set(key, now);
      postedAt.set(userId, texts);
    },
  };
}

function normalize(text: string): string {
  return text.normalize('NFC').trim();
}
