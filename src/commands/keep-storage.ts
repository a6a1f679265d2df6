import { setTimeout as pause } from 'node:timers/promises';
import { openStorage } from '../compose.ts';
import { messageOf, type Log } from '../core/index.ts';
import { isConnectionLost } from '../database-away.ts';
import type { Operation } from '../operation.ts';

/** Sees to it that an operation has a database: opens its storage again when the server was lost. */
export interface StorageKeeper {
  /**
   * Opens the storage again, trying with growing pauses until it stands or the operation is told to stop. Called again
   * meanwhile it joins the attempt under way.
   */
  recover(cause: unknown): Promise<void>;
  /** Looks at the database now and then, and recovers it when it is away. Returns at once. */
  watch(): void;
  /** Called after each recovery, for what holds on to the old server; when it fails, all is tried again. */
  onReopened: (() => Promise<void>) | null;
  /** Resolves when no look and no recovery is under way any more; only after the signal. */
  settled(): Promise<void>;
}

/** Between two looks. */
const LOOK_MS = 5_000;
/** After a recovery that failed, doubled each time up to the longest. */
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;

/** @param options.lookMs - between two looks at the database; default 5 s */
export function keepStorage(options: {
  operation: Operation;
  log: Log;
  signal: AbortSignal;
  lookMs?: number;
}): StorageKeeper {
  const { operation, log, signal, lookMs = LOOK_MS } = options;
  let recovery: Promise<void> | null = null;
  let watching = Promise.resolve();

  async function reopen(): Promise<void> {
    const lost = operation.storage;
    const { config, workspaceName } = operation;
    operation.storage = await openStorage({ config, workspaceName, log });
    operation.run = null;
    // Only now: the last one out stops the server, and a new one must not have to start it again.
    await lost?.close().catch((error: unknown) => {
      log.warn({ reason: messageOf(error) }, 'the lost storage did not end cleanly');
    });
    await keeper.onReopened?.();
  }

  async function tryUntilOpen(cause: unknown): Promise<void> {
    log.warn({ reason: messageOf(cause) }, 'the database is away; opening it again');
    say(cause);
    for (let pauseMs = FIRST_PAUSE_MS; !signal.aborted; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      try {
        await reopen();
        if (operation.failure?.isLasting === false) operation.failure = null;
        log.warn({}, 'the database is back');
        return;
      } catch (error) {
        log.error({ reason: messageOf(error) }, 'the database could not be opened again');
        say(error);
        await rest(pauseMs, signal);
      }
    }
  }

  function say(cause: unknown): void {
    if (operation.failure?.isLasting === true) return;
    operation.failure = {
      reason: `the database is away: ${messageOf(cause)}`,
      remedy:
        'It is opened again by itself; if this lasts, stop Bellwether and start it again, nothing is lost.',
      isLasting: false,
    };
  }

  async function look(): Promise<void> {
    while (!signal.aborted) {
      await rest(lookMs, signal);
      if (signal.aborted || operation.storage === null) continue;
      try {
        await operation.storage.workspace.pool.query('SELECT 1');
      } catch (error) {
        if (isConnectionLost(error)) await keeper.recover(error);
      }
    }
  }

  const keeper: StorageKeeper = {
    onReopened: null,
    recover(cause) {
      recovery ??= tryUntilOpen(cause).finally(() => {
        recovery = null;
      });
      return recovery;
    },
    watch() {
      watching = look();
    },
    async settled() {
      await watching;
      await recovery;
    },
  };
  return keeper;
}

/** Sleeps, unless told to stop. */
export async function rest(ms: number, signal: AbortSignal): Promise<void> {
  await pause(Math.max(0, ms), undefined, { signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}
