import { HOUR_MS, isAppError, isoUtc, messageOf, raiseEvent, type EpochMs, type Log } from '../core/index.ts';
import type { Operation } from '../operation.ts';
import { commitRetraining } from '../window-run.ts';

/** Retrainings that are made while windows go on. */
export interface Trainings {
  /** The newest window, if a retraining is to be asked for after it; null for an hour after one that failed. */
  dueAfter(): EpochMs | null;
  /**
   * Makes the one that is due, one at a time; nothing when none is due any more.
   * @param askedAfter - the window after which it was asked for; its failure is told once for it
   * @throws whatever kept it from being made or written, once it is told: whoever asked tries again
   */
  train(askedAfter: EpochMs): Promise<void>;
}

/** Tries follow one another within minutes; then it is left alone for so long. */
const PAUSE_MS = HOUR_MS;

/** The retrainings of an operation: one at a time in a process, whatever queue asks. */
export function createTrainings({ operation, log }: { operation: Operation; log: Log }): Trainings {
  let underWay: Promise<void> | null = null;
  let failedAt: EpochMs | null = null;

  async function make(askedAfter: EpochMs): Promise<void> {
    try {
      await trainBeside(operation, log);
      failedAt = null;
    } catch (error) {
      failedAt = operation.clock.now();
      log.error({ reason: messageOf(error) }, 'models could not be trained anew');
      await tellFailure(operation, { askedAfter, error, at: failedAt }).catch((reason: unknown) => {
        log.error({ reason: messageOf(reason) }, 'the failed retraining could not be told');
      });
      throw error;
    }
  }

  return {
    dueAfter() {
      const isPausing = failedAt !== null && operation.clock.now() - failedAt < PAUSE_MS;
      return isPausing ? null : newestDue(operation);
    },
    train(askedAfter) {
      underWay ??= make(askedAfter).finally(() => {
        underWay = null;
      });
      return underWay;
    },
  };
}

/** The newest window, if a retraining is due after it. */
function newestDue({ run }: Operation): EpochMs | null {
  if (run === null || run.lastWindow === null || run.lastWindow <= run.predictAfter) return null;
  return run.learning.isDue(run.lastWindow) ? run.lastWindow : null;
}

/**
 * It is written down whole or not at all, and serves once the router has taken it over from the ledger. One that fails
 * leaves what is live where it is.
 */
async function trainBeside(operation: Operation, log: Log): Promise<void> {
  const { run } = operation;
  const windowEnd = newestDue(operation);
  if (run === null || windowEnd === null) return;
  const retraining = await run.learning.trainIfDue(windowEnd, run.memory.history);
  if (retraining === null) return;
  // A window that failed meanwhile may have put another run in the place of the one that it began with.
  const owner = operation.run ?? run;
  const { entry, isWritten } = await commitRetraining(owner, retraining, operation.clock.now());
  // A run that was opened later has read it already: the fence lets none in between.
  if (isWritten && operation.run === owner) owner.learning.accept(retraining, entry);
  const changes = retraining.changes.length;
  if (isWritten) log.info({ at: isoUtc(retraining.at), changes }, 'models were trained anew');
  else log.info({ at: isoUtc(retraining.at) }, 'models had been trained anew meanwhile');
  await operation.router?.follow();
}

async function tellFailure(
  { storage, config }: Operation,
  { askedAfter, error, at }: { askedAfter: EpochMs; error: unknown; at: EpochMs },
): Promise<void> {
  if (storage === null) return;
  const kind = 'retraining.failed';
  const { asset } = config;
  await raiseEvent(storage.workspace.pool, {
    at,
    kind,
    severity: 'critical',
    asset,
    facts: {
      window: isoUtc(askedAfter),
      code: isAppError(error) ? error.code : null,
      message: messageOf(error),
      remedy: 'What is live stays. It is tried again within the hour; the message says what to mend.',
    },
    dedupKey: `${kind} ${asset} ${askedAfter} whole`,
  });
}
