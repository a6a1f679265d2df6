import { pino } from 'pino';

/** The part of a logger that the code uses: a fixed phrase, facts as fields. */
export interface Log {
  debug(facts: object, phrase: string): void;
  info(facts: object, phrase: string): void;
  warn(facts: object, phrase: string): void;
  error(facts: object, phrase: string): void;
}

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/**
 * A JSON-lines logger on standard error, so that standard output stays free for results.
 * @param level - below it nothing is written; `silent` writes nothing at all
 */
export function createLog(level: LogLevel): Log {
  return pino(
    { level, base: null, redact: ['password', '*.password', 'authorization'] },
    pino.destination({ fd: 2, sync: true }),
  );
}

/** Writes nothing. */
export const silentLog: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
