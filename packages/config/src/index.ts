export { closestName } from './closest-name.ts';
export { installationSettings, limitSettings, s3Settings, xSettings } from './common-settings.ts';
export { ConfigError, type SettingsShape, parseEnvironment } from './environment.ts';
