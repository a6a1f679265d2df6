export { createApp } from './app.ts';
export type {
  AnswerCache,
  HistoryQuestion,
  ServingLimits,
  ServingOptions,
  ServingPorts,
  SignalKey,
} from './ports.ts';
export type * from './views.ts';
