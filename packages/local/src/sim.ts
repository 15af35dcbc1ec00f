import { fileURLToPath } from 'node:url';
import type {
  AppInput,
  FaultInput,
  Ledger,
  ScriptedFault,
  Sim,
  SimApp,
  SimConfig,
  SimConfigPatch,
  SimOptions,
  SimUser,
  UserInput,
} from '@slipway/x-sim';
import { spawnProcess, type LocalProcess } from './spawn-process.ts';

/** Starts the simulator in this process, on 127.0.0.1 and a free port unless told otherwise. */
export async function startSim(options?: SimOptions): Promise<Sim> {
  const xSim = await import('@slipway/x-sim'); // only here: who starts just a Redis should not load a simulator
  return xSim.startSim(options);
}

/** The simulator as a process of its own, with the powers of its admin API. */
export interface SimProcess {
  readonly url: string;
  readonly process: LocalProcess;
  addUser(input?: UserInput): Promise<SimUser>;
  addApp(input?: AppInput): Promise<SimApp>;
  config(): Promise<SimConfig>;
  configure(patch: SimConfigPatch): Promise<void>;
  /** Adds a fault and returns its id. */
  script(fault: FaultInput): Promise<string>;
  /** Every scripted fault, with how often it has fired. */
  faults(): Promise<ScriptedFault[]>;
  /** Takes one fault out, and returns it with how often it has fired. */
  removeFault(id: string): Promise<ScriptedFault>;
  clearFaults(): Promise<void>;
  ledger(userId?: string): Promise<Ledger>;
  stop(): Promise<void>;
}

export interface SimProcessOptions {
  /** Default: a free one. */
  port?: number;
  config?: SimConfigPatch;
  onLine?: (line: string) => void;
}

/** Starts the simulator on 127.0.0.1. */
export async function startSimProcess(options: SimProcessOptions = {}): Promise<SimProcess> {
  const main = fileURLToPath(new URL('main.ts', import.meta.resolve('@slipway/x-sim')));
  const child = await spawnProcess({
    name: 'x-sim',
    command: process.execPath,
    args: [main, '--port', String(options.port ?? 0)],
    readyWhen: /listens on http/,
    ...(options.onLine && { onLine: options.onLine }),
  });
  const url = child.readyLine.slice(child.readyLine.indexOf('http:'));

  /** What comes back is the simulator's own word for it: `Answer` is not checked again here. */
  const ask = async <Answer>(method: string, path: string, body?: object): Promise<Answer> => {
    const response = await fetch(`${url}/_sim/${path}`, {
      method,
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} /_sim/${path}: ${response.status} ${text}`);
    const answer: Answer = JSON.parse(text);
    return answer;
  };

  const sim: SimProcess = {
    url,
    process: child,
    addUser: (input = {}) => ask('POST', 'users', input),
    addApp: (input = {}) => ask('POST', 'apps', input),
    config: () => ask('GET', 'config'),
    configure: (patch) => ask('PATCH', 'config', patch),
    script: async (fault) => (await ask<{ id: string }>('POST', 'faults', fault)).id,
    faults: () => ask('GET', 'faults'),
    removeFault: (id) => ask('DELETE', `faults?id=${encodeURIComponent(id)}`),
    clearFaults: () => ask('DELETE', 'faults'),
    ledger: (userId) => ask('GET', userId === undefined ? 'ledger' : `ledger?userId=${userId}`),
    async stop() {
      await child.stop();
    },
  };
  try {
    if (options.config) await sim.configure(options.config);
  } catch (error) {
    await child.stop();
    throw error;
  }
  return sim;
}
