import { pino } from 'pino';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createWriteGate } from '../src/write-gate.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
afterEach(() => void vi.useRealTimers());

const FULL = new Error("OOM command not allowed when used memory > 'maxmemory'.");

function createGate(probe: () => Promise<unknown> = async () => undefined) {
  const told: string[] = [];
  const gate = createWriteGate({
    probe,
    onClosed: () => told.push('closed'),
    onOpened: () => told.push('opened'),
    logger: pino({ level: 'silent' }),
  });
  return { gate, told };
}

test('a refusal closes it once, and a write that succeeds opens it', async () => {
  let full = true;
  const { gate, told } = createGate(async () => {
    if (full) throw FULL;
  });
  expect([gate.heed(FULL), gate.heed(FULL), gate.isOpen]).toEqual([true, true, false]);
  await vi.advanceTimersByTimeAsync(10_000);
  expect([told, gate.isOpen]).toEqual([['closed'], false]);
  full = false;
  await vi.advanceTimersByTimeAsync(500);
  expect([told, gate.isOpen]).toEqual([['closed', 'opened'], true]);
});

test('it does not care about a Redis that is away, nor about defects', () => {
  const { gate } = createGate();
  expect(gate.heed(new Error('Connection is closed.'))).toBe(true);
  expect(gate.heed(new Error('ERR syntax error'))).toBe(false);
  expect(gate.isOpen).toBe(true);
});

test('where memory is now just enough and now not, it opens more and more slowly, until it has been calm', async () => {
  const { gate, told } = createGate();
  const closedFor = async (): Promise<number> => {
    const from = performance.now();
    gate.heed(FULL);
    while (!gate.isOpen) await vi.advanceTimersByTimeAsync(100);
    return performance.now() - from;
  };
  const times: number[] = [];
  for (let round = 0; round < 7; round += 1) times.push(await closedFor());
  expect(times).toEqual([500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000]);
  expect(told).toHaveLength(14);
  await vi.advanceTimersByTimeAsync(30_000);
  expect(await closedFor()).toBe(500);
});

test('insisting on a write makes it when Redis takes it; any other error, and an abort, end it', async () => {
  const { gate } = createGate();
  let tries = 0;
  const write = async (): Promise<string> => {
    tries += 1;
    if (tries === 1) throw FULL;
    return 'written';
  };
  const never = new AbortController().signal;
  const written = gate.insist(write, never);
  await vi.advanceTimersByTimeAsync(500);
  expect(await written).toBe('written');
  await expect(gate.insist(() => Promise.reject(new Error('ERR')), never)).rejects.toThrow('ERR');

  const abort = new AbortController();
  const aborted = gate.insist(() => Promise.reject(FULL), abort.signal);
  abort.abort(new Error('the worker is stopping'));
  await expect(aborted).rejects.toThrow('stopping');
  gate.stop();
});
