import { z } from 'zod';
import { accountSettingsSchema } from './account-settings.ts';
import type { FieldIssue } from './field-errors.ts';

const SECRET_MAX_CHARACTERS = 4_096;
const YEAR_SECS = 366 * 24 * 60 * 60;

/** Printable ASCII: anything else, such as a line end that was copied along, cannot stand in a header. */
const secretSchema = z
  .string()
  .min(1)
  .max(SECRET_MAX_CHARACTERS)
  .regex(/^[\x21-\x7e]+$/, 'This must be printable ASCII without spaces, as X gave it out.');

/** The body of `POST /v1/accounts/connect`. */
export const beginConnectSchema = z
  .strictObject({
    redirectUri: z
      .string()
      .min(1)
      .max(2_048)
      .optional()
      .describe(
        'Where X sends the person back to: one of SLIPWAY_X_REDIRECT_URIS. Default: the first of them.',
      ),
  })
  .meta({ id: 'BeginConnect', description: 'How an account is to be connected.', examples: [{}] });

/** The body of `POST /v1/accounts/callback`. */
export const finishConnectSchema = z
  .strictObject({
    state: z.string().min(1).max(512).describe('The `state` that X sent back.'),
    code: z
      .string()
      .min(1)
      .max(SECRET_MAX_CHARACTERS)
      .describe('The `code` that X sent. It lives for 30 seconds.'),
  })
  .meta({ id: 'FinishConnect', description: 'What X sent back with the person.' });

/** The body of `POST /v1/accounts`. */
export const createAccountSchema = z
  .strictObject({
    oauth2: z
      .strictObject({
        accessToken: secretSchema.describe('Access token of the user.'),
        refreshToken: secretSchema
          .optional()
          .describe('Without it the account must be connected again when the access token ends.'),
        expiresInSecs: z
          .int()
          .min(1)
          .max(YEAR_SECS)
          .optional()
          .describe('In how many seconds the access token ends, if that is known.'),
      })
      .optional()
      .describe('Tokens of OAuth 2.0. A refresh token works once: nothing else may use it from now on.'),
    oauth1: z
      .strictObject({
        consumerKey: secretSchema.describe('API key of the app.'),
        consumerSecret: secretSchema.describe('Its secret.'),
        accessToken: secretSchema.describe('Access token of the user.'),
        accessTokenSecret: secretSchema.describe('Its secret.'),
      })
      .optional()
      .describe('Keys of OAuth 1.0a, made while the app had the permission to write.'),
  })
  .superRefine(({ oauth2, oauth1 }, context) => {
    if ((oauth2 === undefined) !== (oauth1 === undefined)) return;
    const params: FieldIssue = { code: 'required', hint: 'Send one of the two.' };
    context.addIssue({ code: 'custom', message: 'Either oauth2 or oauth1 is needed.', params });
  })
  .meta({
    id: 'CreateAccount',
    description: 'Credentials of an account to post as. They are kept sealed and are never shown.',
    examples: [
      {
        oauth2: {
          accessToken: 'dGhlIGFjY2VzcyB0b2tlbg',
          refreshToken: 'dGhlIHJlZnJlc2ggdG9rZW4',
          expiresInSecs: 7200,
        },
      },
    ],
  });

export type CreateAccount = z.output<typeof createAccountSchema>;

/** The body of `PATCH /v1/accounts/{id}`. */
export const changeAccountSchema = z
  .strictObject({
    ...accountSettingsSchema.shape,
    paused: z
      .boolean()
      .describe(
        'True: none of its posts is worked on until it is false again; one that is being created is not stopped.',
      ),
  })
  .partial()
  .meta({
    id: 'ChangeAccount',
    description: 'What is to be changed; what is left out stays as it is.',
    examples: [{ paused: true }, { weight: 2, monthlyBudgetUsd: 20 }],
  });
