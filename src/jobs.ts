import { PgBoss } from 'pg-boss';
import { z } from 'zod';
import { isoUtc, messageOf, type EpochMs, type Log } from './core/index.ts';

/** The queue that wakes a live worker when a window is due. */
export const WINDOW_QUEUE = 'decide-windows';

/** What a wake-up carries. The ledger decides what is due; the payload only says for whom the bell rings. */
export const windowWakeSchema = z.object({ asset: z.string().min(1), dueAt: z.number().int() });

/** The queue of retrainings, which take longer than a window may wait. */
export const RETRAINING_QUEUE = 'retrain';

/** What a retraining is asked for with; the ledger of trainings decides whether it is still due. */
export const retrainingSchema = z.object({ asset: z.string().min(1), windowEnd: z.number().int() });

/** Live operation's alarm clock. */
export interface WindowJobs {
  /** Stops waking, after the window under way. */
  stop(): Promise<void>;
}

/** Seconds between two looks into the queue: a window is decided at most this long after it is due. */
const POLL_SECONDS = 2;
/** A retraining takes minutes, on a small machine an hour; only after this is it thought to be lost. */
const RETRAINING_SECONDS = 6 * 3_600;
/** A window under way is given this long to end. */
const STOP_PATIENCE_MS = 20_000;

/**
 * Wakes the worker at each window's decision moment, by pg-boss. A wake-up that fails is tried again with growing
 * pauses; the next window's is laid down whatever happens. Of one window only one waits in the queue, however often
 * this is started; and doubles would do no harm: the window ledger lets each window in once.
 * @param options.nextDueAt - the decision moment of the next window that is not decided yet
 * @param options.decideDueWindows - decides every window that is due, in order
 * @param options.retrainingDueAfter - the window after which a retraining is due; null while none is
 * @param options.retrain - makes the retraining that was asked for after a window; nothing when none is due any more. One
 *   that fails is tried again like a window
 */
export async function startWindowJobs(options: {
  databaseUrl: string;
  /** The queue's own Postgres schema. */
  schema: string;
  asset: string;
  nextDueAt: () => EpochMs;
  decideDueWindows: () => Promise<void>;
  retrainingDueAfter: () => EpochMs | null;
  retrain: (windowEnd: EpochMs) => Promise<void>;
  log: Log;
}): Promise<WindowJobs> {
  const { databaseUrl, schema, asset, nextDueAt, decideDueWindows, retrainingDueAfter, retrain, log } =
    options;
  const boss = new PgBoss({
    connectionString: databaseUrl,
    schema,
    max: 2,
    application_name: 'bellwether-queue',
  });
  boss.on('error', (error: Error) => {
    log.error({ reason: error.message }, 'the queue of windows failed');
  });
  try {
    await boss.start();
    // Short: what waits under the same key is not laid down twice.
    for (const queue of [WINDOW_QUEUE, RETRAINING_QUEUE]) {
      await boss.createQueue(queue, { policy: 'short', retryLimit: 5, retryDelay: 15, retryBackoff: true });
    }
    await boss.work(WINDOW_QUEUE, { pollingIntervalSeconds: POLL_SECONDS }, async (jobs) => {
      for (const job of jobs) await answer(windowWakeSchema.parse(job.data));
    });
    await boss.work(RETRAINING_QUEUE, { pollingIntervalSeconds: POLL_SECONDS }, async (jobs) => {
      for (const { data } of jobs) {
        const asked = retrainingSchema.parse(data);
        if (asked.asset === asset) await retrain(asked.windowEnd);
      }
    });
    await askForRetraining();
    await layDownNext();
  } catch (error) {
    await boss.stop({ graceful: false });
    throw error;
  }
  return { stop: () => boss.stop({ graceful: true, timeout: STOP_PATIENCE_MS }) };

  async function answer(wake: z.infer<typeof windowWakeSchema>): Promise<void> {
    try {
      if (wake.asset !== asset) return;
      await decideDueWindows();
      await askForRetraining();
    } catch (error) {
      log.error({ asset, reason: messageOf(error) }, 'a window could not be decided');
      throw error;
    } finally {
      await layDownNext();
    }
  }

  async function askForRetraining(): Promise<void> {
    const windowEnd = retrainingDueAfter();
    if (windowEnd === null) return;
    await boss.send(RETRAINING_QUEUE, retrainingSchema.parse({ asset, windowEnd }), {
      singletonKey: asset,
      // Said with each job: a queue that an older version made keeps its own patience.
      expireInSeconds: RETRAINING_SECONDS,
    });
  }

  async function layDownNext(): Promise<void> {
    const dueAt = nextDueAt();
    await boss.send(WINDOW_QUEUE, windowWakeSchema.parse({ asset, dueAt }), {
      startAfter: new Date(dueAt),
      singletonKey: `${asset} ${isoUtc(dueAt)}`,
    });
  }
}
