export { Death, type Life, lifeUntil } from './crash-points.ts';
export { movableClock, type MovableClock } from './clock.ts';
export { eventually, type EventuallyOptions } from './eventually.ts';
export { type FaultProxy, startFaultProxy } from './fault-proxy.ts';
export { makeGif, makeImage, type ImageOptions, type ImageType } from './image.ts';
export { readTables } from './markdown-tables.ts';
export type { Media } from './media.ts';
export { seededRandom, type SeededRandom } from './seeded-random.ts';
export { makeVideo, smallestVideoBytes, type VideoOptions } from './video.ts';
