import { execFileSync } from 'node:child_process';
import { test } from 'vitest';

test('a skewed clock is off for whoever asks, however they ask, and tells a given time as it is', ({
  expect,
}) => {
  const program = `
    const trueNow = performance.timeOrigin + performance.now();
    console.log(JSON.stringify({
      skews: [Date.now(), new Date().getTime(), Date.parse(Date())].map((now) => now - trueNow),
      given: [new Date(5).getTime(), new Date('1970-01-01T00:00:00.005Z').getTime(), Date.UTC(1970, 0)],
      isDate: new Date() instanceof Date && new (class extends Date {})() instanceof Date,
    }));`;
  const module = new URL('../src/skewed-clock.ts?ms=-3600000', import.meta.url).href;
  const args = ['--import', module, '--input-type=module', '--eval', program];
  const said = JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' }));
  expect(said).toMatchObject({ given: [5, 5, 0], isDate: true });
  for (const skewMs of said.skews) expect(Math.abs(skewMs + 3_600_000)).toBeLessThan(60_000);
});
