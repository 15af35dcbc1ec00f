export { closestName } from './closest-name.ts';
export { installationSettings, s3Settings, xSettings } from './common-settings.ts';
export { ConfigError, type SettingsShape, parseEnvironment } from './environment.ts';
