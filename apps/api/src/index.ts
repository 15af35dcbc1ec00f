export { createApp, type AppDeps } from './app.ts';
export { createApiKeys, type ApiKeys } from './api-keys.ts';
export { apiSettings, parseConfig, type Config } from './config.ts';
export { DEFAULT_LIMITS, type Limits } from './route-deps.ts';
