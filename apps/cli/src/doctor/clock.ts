import type { Finding } from './finding.ts';

/** Posts are due by the clock of Redis and published by that of a worker; more than this between them is worth a word. */
const TOLERANCE_MS = 2_000;

/** Compares this machine's clock with another's. `uncertaintyMs`: how exactly that one's time is known. */
export function compareClocks(
  whose: string,
  theirs: number,
  { ours, uncertaintyMs }: { ours: number; uncertaintyMs: number },
): Finding {
  const skewMs = ours - theirs;
  if (Math.abs(skewMs) <= TOLERANCE_MS + uncertaintyMs) {
    return { level: 'ok', check: 'clock', message: `This machine agrees with ${whose}.` };
  }
  const seconds = (Math.abs(skewMs) / 1_000).toFixed(1);
  return {
    level: 'warning',
    check: 'clock',
    message:
      `This machine is ${seconds} s ${skewMs > 0 ? 'ahead of' : 'behind'} ${whose}: a worker here publishes that much too ` +
      `${skewMs > 0 ? 'early' : 'late'}. Let its clock be set by NTP.`,
  };
}
