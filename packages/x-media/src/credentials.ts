/** A user's OAuth 2.0 token, a user's OAuth 1.0a token with its app's keys, or an app-only token. */
export type XCredentials =
  | { type: 'oauth2'; accessToken: string }
  | {
      type: 'oauth1';
      consumerKey: string;
      consumerSecret: string;
      accessToken: string;
      accessTokenSecret: string;
    }
  | { type: 'app'; bearerToken: string };
