export { createApp } from './app.ts';
export type {
  AnswerCache,
  HistoryQuestion,
  PastQuestion,
  ServingLimits,
  ServingOptions,
  ServingPorts,
  SignalKey,
} from './ports.ts';
export { createAuthority, type Authority } from './auth.ts';
export { createKey, isKeyName, listKeys, revokeKey, servingMigrations, type ApiKey } from './api-keys.ts';
export { KEY_ROLES, type KeyRole } from './tables.ts';
export type * from './views.ts';
