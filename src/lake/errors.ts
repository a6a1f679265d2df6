import { AppError, messageOf } from '../core/index.ts';

/** The bronze folder cannot be written: the disk is full, or the folder is read-only. Nothing is half-written. */
export function bronzeWriteFailed(path: string, cause: unknown): AppError {
  return new AppError(
    {
      code: 'LAKE_BRONZE_WRITE_FAILED',
      message: `Raw records could not be written to ${path}: ${messageOf(cause)}. Nothing of this batch was kept; free disk space or make the folder writable, then run the same command again.`,
      status: 507,
      retryable: true,
      details: { path },
    },
    { cause },
  );
}

/** A bronze file or its manifest is not what the manifest says. */
export function bronzeDamaged(path: string, problem: string): AppError {
  return new AppError({
    code: 'LAKE_BRONZE_DAMAGED',
    message: `The raw records in ${path} cannot be continued: ${problem}. Restore the bronze folder from a backup, or move it away to begin a new one.`,
    status: 500,
    retryable: false,
    details: { path, problem },
  });
}
