/**
 * Loaded before a program (`node --import skewed-clock.ts?ms=N`): its wall clock is off by N ms, negative for behind. Timers and
 * `performance.now()` are monotonic clocks, which an error of the wall clock leaves alone.
 */
const skewMs = Number(new URL(import.meta.url).searchParams.get('ms'));
const trueNow = Date.now;

Date.now = () => trueNow() + skewMs;
globalThis.Date = new Proxy(Date, {
  construct: (target, args: unknown[], newTarget) =>
    Reflect.construct(target, args.length === 0 ? [target.now()] : args, newTarget),
  apply: (target) => new target(target.now()).toString(),
});
