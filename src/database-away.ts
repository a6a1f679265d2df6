import { AppError, messageOf } from './core/index.ts';

/** Node's codes of a connection that is refused or breaks. */
const BROKEN = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH']);
/** Postgres's classes of a lost connection and of a server that shuts down or is not up yet. */
const LOST_STATES = /^(08|57P)/;
/** What pg says in words alone. */
const LOST_WORDS =
  /connection (terminated|ended|closed)|client has encountered a connection error|not queryable|pool after calling end|timeout exceeded when trying to connect/i;

/** True when a statement failed because the database is away, not because of what it said. */
export function isConnectionLost(error: unknown): boolean {
  if (error === null || error === undefined) return false;
  const { code: given, syscall } = error as { code?: unknown; syscall?: unknown };
  const code = String(given ?? '');
  // The file of a Unix socket is gone with its server; any other file that is missing is another matter.
  if (code === 'ENOENT') return syscall === 'connect';
  return BROKEN.has(code) || LOST_STATES.test(code) || LOST_WORDS.test(messageOf(error));
}

/** The database does not answer. */
export function databaseAway(cause: unknown): AppError {
  return new AppError(
    {
      code: 'DATABASE_AWAY',
      message: `The database does not answer: ${messageOf(cause)}. What was committed is safe. A running start opens it again by itself; any other command goes on where it stopped when it is given again.`,
      status: 503,
      retryable: true,
    },
    { cause },
  );
}
