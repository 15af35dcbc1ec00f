export { type AccountsOptions, createAccounts } from './accounts.ts';
export { type RefreshLog, type Refresher, type RefresherDeps, createRefresher } from './refresh.ts';
export { type FileAccount, readAccountsFile } from './accounts-file.ts';
export { ConnectError, type ConnectErrorCode } from './connect-error.ts';
export { CALLBACK_PATH } from './connect-by-code.ts';
export {
  type Connecting,
  type ConnectingDeps,
  type PastedCredentials,
  createConnecting,
} from './connecting.ts';
export { importAccounts } from './import-file.ts';
export { type KeyRing, parseKeyRing } from './key-ring.ts';
export { type Rotation, rotateSecrets } from './rotate.ts';
export { SealError, open, seal } from './seal.ts';
export type { AccountSecret } from './secret.ts';
export { type ConnectedAccount, type Vault, type VaultOptions, createVault } from './vault.ts';
