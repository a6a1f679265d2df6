import { AppError, isAppError, messageOf, type ErrorFacts } from '../core/index.ts';

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

/** An error in words that survive the way out of a thread: what is sent as it is loses its class and its code. */
export interface ToldError {
  name: string;
  message: string;
  /** Of an error of the catalogue; null for any other. */
  facts: ErrorFacts | null;
}

/** What another thread rebuilds with `retoldFitError`. */
export function tellFitError(error: unknown): ToldError {
  const message = messageOf(error);
  if (!isAppError(error))
    return { name: error instanceof Error ? error.name : 'Error', message, facts: null };
  const { name, code, status, retryable } = error;
  // Facts for a log; as JSON nothing in them can refuse to be sent.
  const details = JSON.parse(JSON.stringify(error.details)) as Record<string, unknown>;
  return { name, message, facts: { code, message, status, retryable, details } };
}

/** The error that a fit in another thread threw, as this thread would have thrown it; only the stack is its own. */
export function retoldFitError({ name, message, facts }: ToldError): Error {
  if (facts !== null) return new AppError(facts);
  if (name === 'RangeError') return new RangeError(message);
  if (name === 'TypeError') return new TypeError(message);
  return Object.assign(new Error(message), { name });
}
