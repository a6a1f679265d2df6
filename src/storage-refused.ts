import { AppError, messageOf } from './core/index.ts';

/** Postgres's classes for a disk, memory or connections that have run out, and for files that it cannot use. */
const SHORT_STATES = /^(53|58)/;
/** A statement that writes was sent to a database, or in a transaction, that only reads. */
const READ_ONLY_STATE = '25006';
/** What a system says that has no room, no right or no health left; what is missing is rather our own mistake. */
const REFUSALS = new Set(['ENOSPC', 'EDQUOT', 'EROFS', 'EACCES', 'EPERM', 'EIO', 'EMFILE', 'ENFILE']);

/**
 * The world's fault in the words of the catalogue, where a statement or a file was refused for want of disk space, of
 * memory or of a right, and no module has said so in its own words.
 * @returns null for every other error
 */
export function storageRefused(error: unknown): AppError | null {
  const { code, syscall } = (error ?? {}) as { code?: unknown; syscall?: unknown };
  if (typeof code !== 'string') return null;
  if (typeof syscall === 'string') return REFUSALS.has(code) ? fileRefused(error) : null;
  return SHORT_STATES.test(code) || code === READ_ONLY_STATE ? databaseUnable(error) : null;
}

/** The database answers and cannot do what it is asked for. */
function databaseUnable(cause: unknown): AppError {
  return new AppError(
    {
      code: 'DATABASE_UNABLE',
      message: `The database cannot do its work: ${messageOf(cause)}. What was under way was taken back, what was committed is kept. Free disk space (200 MB at least) or memory where it runs, or give it the right to write; then give the same command again.`,
      status: 507,
      retryable: true,
    },
    { cause },
  );
}

/** The operating system refuses a file. */
function fileRefused(cause: unknown): AppError {
  return new AppError(
    {
      code: 'FILE_REFUSED',
      message: `The system refuses a file: ${messageOf(cause)}. Free disk space or make the place writable for this user, then give the same command again.`,
      status: 507,
      retryable: true,
    },
    { cause },
  );
}
