export { createApp } from './app.ts';
export type {
  AnswerCache,
  HistoryQuestion,
  PastQuestion,
  PriceReaders,
  ServingLimits,
  ServingOptions,
  ServingPorts,
  SignalKey,
} from './ports.ts';
export { createModelRouter, type ModelRouter, type RouterOptions } from './router.ts';
export type { Refusal } from './router/refusals.ts';
export { tryInShadow, type Shift, type WarmRows } from './router/shadow.ts';
export { createAuthority, type Authority } from './auth.ts';
export { createKey, isKeyName, listKeys, revokeKey, servingMigrations, type ApiKey } from './api-keys.ts';
export { KEY_ROLES, type KeyRole } from './tables.ts';
export type * from './views.ts';
