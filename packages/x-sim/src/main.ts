#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { SimConfigPatch } from './config.ts';
import { startSim } from './sim.ts';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    host: { type: 'string', default: '127.0.0.1' },
    config: { type: 'string' },
  },
});
// Checked by the simulator itself.
const config: SimConfigPatch =
  values.config === undefined ? {} : JSON.parse(readFileSync(values.config, 'utf8'));
const sim = await startSim({ port: Number(values.port), host: values.host, config });
console.log(`x-sim listens on ${sim.url}`);

const stop = () => void sim.close();
process.once('SIGTERM', stop).once('SIGINT', stop);
