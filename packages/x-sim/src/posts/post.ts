/** A post. `text` is what the client sent. Never changed but for `deletedAt`, `replacedById`. */
export interface Post {
  readonly id: string;
  readonly userId: string;
  readonly text: string;
  readonly mediaIds: readonly string[];
  readonly mediaKeys: readonly string[];
  /** Epoch ms on the simulator's clock. */
  readonly createdAt: number;
  /** Epoch ms of the machine's clock at which the request arrived. */
  readonly receivedAt: number;
  /** The rest of the request, under X's names. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly inReplyToId?: string;
  readonly quotedId?: string;
  /** Ids of the earlier versions and this one. */
  readonly editHistory: readonly string[];
  readonly isHiddenFromTimelines: boolean;
  deletedAt?: number;
  replacedById?: string;
}
