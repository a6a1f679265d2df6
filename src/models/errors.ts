import { AppError, messageOf } from '../core/index.ts';

/** Saved JSON that no model of the family could have written. */
export function modelInvalid(family: string, problems: readonly string[]): AppError {
  return new AppError({
    code: 'MODEL_INVALID',
    message: `this JSON is no saved "${family}" model (${problems.join('; ')}): restore the file, or fit the model again`,
    status: 500,
    retryable: false,
    details: { family, problems },
  });
}

/** A thread that was fitting a model ended before it was done. */
export function fitWorkerDied(family: string, facts: { exitCode: number; cause?: unknown }): AppError {
  const { exitCode, cause } = facts;
  const why = cause === undefined ? '' : `: ${messageOf(cause)}`;
  return new AppError(
    {
      code: 'MODEL_FIT_WORKER_DIED',
      message: `the thread that was fitting "${family}" ended with ${exitCode}${why}; the next fit gets a new one: try again, with more memory or fewer threads if it ran out of it`,
      status: 500,
      retryable: true,
      details: { family, exitCode },
    },
    { cause },
  );
}

/** The pool was closed before a model was fitted. */
export function fitStopped(family: string): AppError {
  return new AppError({
    code: 'MODEL_FIT_STOPPED',
    message: `"${family}" was not fitted, because the fit pool was closed: fit it again once the system runs`,
    status: 503,
    retryable: true,
    details: { family },
  });
}
