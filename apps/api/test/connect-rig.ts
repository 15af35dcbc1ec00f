import { type XClient, createXClient } from '@slipway/x-media';
import { type Sim, type SimApp, type SimUser, startSim } from '@slipway/x-sim';
import type { ConnectingDeps } from '@slipway/accounts';
import { type Answer, type ApiUnderTest, startApi } from './start-api.ts';

/** Where X sends people back to: our own page, and that of a caller. */
export const OWN_PAGE = 'https://slipway.example/v1/accounts/callback';
export const THEIR_PAGE = 'https://scheduler.example/back';
export const OTHER_KEY = 'sk_other_0123456789abcdefghi';

/** The API beside a simulated X, with an app there. */
export interface ConnectRig {
  api: ApiUnderTest;
  sim: Sim;
  x: XClient;
  simApp: SimApp;
  /** A user of X; with other scopes or another app than posting takes, if told so. */
  addUser(input?: Parameters<Sim['addUser']>[0]): SimUser;
  begin(body?: { redirectUri?: string }, key?: string): Promise<Answer>;
  /** What X sends back with a person who opens that URL and says yes, or no. */
  authorize(authorizeUrl: string, user: SimUser | null): Promise<URLSearchParams>;
  /** Begins at our own page and comes back as a browser. */
  connect(user: SimUser): Promise<Answer>;
  /** A browser that X has sent back. */
  comeBack(query: URLSearchParams | Record<string, string>): Promise<Answer>;
  paste(body: object): Promise<Answer>;
  stop(): Promise<void>;
}

/** `clientOf` tells what the API takes for its app at X. Default: the app that X knows. */
export async function startConnectRig(
  clientOf: (app: SimApp) => ConnectingDeps['client'] = ({ clientId, clientSecret }) => ({
    clientId,
    clientSecret: clientSecret ?? '',
  }),
): Promise<ConnectRig> {
  const sim = await startSim();
  const simApp = sim.addApp({ redirectUris: [OWN_PAGE, THEIR_PAGE] });
  const x = createXClient({ baseUrl: sim.url, authorizeUrl: `${sim.url}/i/oauth2/authorize` });
  const api = await startApi({
    keys: [OTHER_KEY],
    connecting: { x, client: clientOf(simApp), redirectUris: [OWN_PAGE, THEIR_PAGE] },
  });

  const rig: ConnectRig = {
    api,
    sim,
    x,
    simApp,
    addUser: (input) => sim.addUser({ appId: simApp.id, ...input }),
    begin: (body = {}, key) =>
      api.ask('/v1/accounts/connect', { method: 'POST', body, ...(key !== undefined && { key }) }),
    async authorize(authorizeUrl, user) {
      const answer = user === null ? 'deny=1' : `approve=${user.id}`;
      const sent = await fetch(`${authorizeUrl}&${answer}`, { redirect: 'manual' });
      return new URL(sent.headers.get('location') ?? '').searchParams;
    },
    async connect(user) {
      const { body } = await rig.begin();
      return rig.comeBack(await rig.authorize(body.authorizeUrl, user));
    },
    comeBack: (query) =>
      api.ask(`/v1/accounts/callback?${new URLSearchParams(query).toString()}`, { key: null }),
    paste: (body) => api.ask('/v1/accounts', { method: 'POST', body }),
    async stop() {
      await api.stop();
      await Promise.all([x.close(), sim.close()]);
    },
  };
  return rig;
}
