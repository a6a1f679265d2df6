/** What an error of the outside world says to a machine and to a person. */
export interface ErrorFacts {
  /** Stable, upper-case; a module's own begin with its name, those of core with what they are about. All: docs/errors.md. */
  code: string;
  /** What happened, with values, and what to do about it. */
  message: string;
  /** HTTP status with which the API answers it. */
  status: number;
  /** True when the same call may succeed later without anybody changing anything. */
  retryable: boolean;
  /** Facts for the log and the API's `details`, never secrets. */
  details?: Record<string, unknown>;
}

/**
 * The world's fault, told in full. Made only by the named functions of a module's catalogue (`errors.ts`),
 * so that every code can be listed and documented.
 */
export class AppError extends Error {
  readonly code: string;
  readonly status: number;
  readonly retryable: boolean;
  readonly details: Record<string, unknown>;

  constructor(facts: ErrorFacts, options?: { cause?: unknown }) {
    super(facts.message, options);
    this.name = 'AppError';
    this.code = facts.code;
    this.status = facts.status;
    this.retryable = facts.retryable;
    this.details = facts.details ?? {};
  }
}

/** True for errors that carry a code of the catalogue. */
export function isAppError(error: unknown): error is AppError {
  return error instanceof AppError;
}

/** The message of anything that was thrown, also when a library rejects with `undefined` or a string. */
export function messageOf(error: unknown): string {
  if (error instanceof Error) return error.message;
  return error === undefined ? 'no reason given' : String(error);
}
