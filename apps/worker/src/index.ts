export { type WorkerApp, type WorkerAppOptions, startWorker } from './app.ts';
