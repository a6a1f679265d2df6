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
export type { Authority } from './auth.ts';
export type * from './views.ts';
