import { isAppError, type AppError, type Random } from '../../core/index.ts';

/** How patient somebody is with a hub. */
export interface Patience {
  /** Tries in a row that bring nothing before the last error is told. */
  attempts: number;
  random: Random;
  /** Waits; rejects when the signal is aborted. */
  pause: (ms: number, signal?: AbortSignal) => Promise<void>;
}

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30_000;
/** Whoever is told to come back later than this tells it on instead of waiting. */
const LONGEST_RETRY_AFTER_SECONDS = 300;

/**
 * Tries again what may succeed later, after a random part of a wait that doubles (full jitter, so that many who failed
 * together do not come back together), and not before the time that the hub names.
 * @param hasProgressed - asked after a failure: true begins counting anew
 * @throws what the last try threw
 * @see Brooker (2015), Exponential Backoff And Jitter, AWS Architecture Blog
 */
export async function withRetries<Result>(
  work: () => Promise<Result>,
  { attempts, random, pause }: Patience,
  { hasProgressed = () => false, signal }: { hasProgressed?: () => boolean; signal?: AbortSignal } = {},
): Promise<Result> {
  for (let failures = 0; ;) {
    try {
      return await work();
    } catch (error) {
      failures = hasProgressed() ? 1 : failures + 1;
      if (!isWorthAnotherTry(error) || failures >= attempts) throw error;
      const longest = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (failures - 1));
      await pause(Math.max(random.uniform() * longest, retryAfterSeconds(error) * 1_000), signal);
    }
  }
}

function isWorthAnotherTry(error: unknown): error is AppError {
  return isAppError(error) && error.retryable && retryAfterSeconds(error) <= LONGEST_RETRY_AFTER_SECONDS;
}

function retryAfterSeconds(error: AppError): number {
  return Number(error.details['retryAfterSeconds'] ?? 0);
}
