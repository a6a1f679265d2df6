import { messageOf, type AppError, type Clock, type EpochMs, type Log } from '../core/index.ts';
import type { DeployedModels } from '../prediction/index.ts';
import type { Deployment } from '../registry/index.ts';
import { modelsFailing } from './errors.ts';
import { createLooks } from './router/looks.ts';
import { createRefusals, type Refusal } from './router/refusals.ts';
import { tryInShadow, type Shift, type WarmRows } from './router/shadow.ts';
import { createWatch, type WatchBounds } from './router/watch.ts';
import type { RouterView } from './views.ts';

/** Newly deployed models that fail so often within this time, or these answers, are taken back. */
const WATCH: WatchBounds = { failures: 3, answers: 10_000, forMs: 600_000 };

export interface RouterOptions {
  initial: DeployedModels;
  /** The newest entry of the ledger; null before the first. */
  readLedger(): Promise<Deployment | null>;
  /**
   * Loads what an entry says is live, every file held against its hash; what is unchanged may be taken over.
   * @throws AppError such as `REGISTRY_ARTIFACT_CHANGED`
   */
  load(entry: Deployment, present: DeployedModels): Promise<DeployedModels>;
  /** The last windows; may be empty. */
  warmRows(): WarmRows;
  /** Told after each flip. */
  onFlip?: (models: DeployedModels, shifts: readonly Shift[]) => void;
  /**
   * Raises the event and takes the refused entry back in the ledger, unless something newer answers by now. Called
   * again at the next look when it rejects for a passing reason, such as that a newer entry has come in between.
   */
  onRefused(refusal: Refusal): Promise<void>;
  watch?: Partial<WatchBounds>;
  clock: Clock;
  /** Milliseconds with any beginning, never standing still; the clock may. */
  stopwatch?: () => number;
  log: Log;
}

/** Where answers get their models from. Who takes them once for an answer never mixes two states of the ledger. */
export interface ModelRouter {
  current(): DeployedModels;
  /** These models have answered: the watch over new ones ends with enough of it. */
  answered(models: DeployedModels): void;
  /** These models could not answer; new ones that fail too often are taken back. */
  failed(models: DeployedModels, error: unknown): void;
  /**
   * Looks at the ledger and goes where it has moved. Resolves when answers come from the newest entry as it stood at
   * the call, or it has been refused. An answer under way ends with the models that it took.
   * @throws whatever reading the ledger throws
   */
  follow(): Promise<RouterView>;
  /** Why an entry is not, or no longer, answered from; null for one that was not refused. */
  refusalOf(revision: number): AppError | null;
  status(): RouterView & { shifts: readonly Shift[] };
  /** Looks by itself from now on; default: twice a second. */
  start(everyMs?: number): void;
  /** Ends that, and waits for a look under way. */
  stop(): Promise<void>;
}

/** Models that were tried on the last windows, and what came of it. */
interface Prepared {
  models: DeployedModels;
  shifts: Shift[];
}

/**
 * Follows the deployment ledger: load, verify, warm, compare in shadow, flip one pointer, watch. An entry that
 * cannot be used is refused; what was live stays.
 */
export function createModelRouter(options: RouterOptions): ModelRouter {
  const { initial, readLedger, load, warmRows, onFlip, clock, log } = options;
  const watch = createWatch({ ...WATCH, ...options.watch }, options.stopwatch ?? (() => performance.now()));
  const refusals = createRefusals(options);
  let present = { models: initial, isRollback: false };
  const current = () => present.models;
  /** Of before what answers now, where that has been refused. */
  let goodBefore = initial.revision;
  let lastSwapAt: EpochMs | null = null;
  let shifts: readonly Shift[] = [];

  const viewNow = () => ({ revision: current().revision, lastSwapAt, problem: refusals.problem() });
  const looks = createLooks({ look, view: viewNow, log });

  async function look(): Promise<void> {
    for (;;) {
      const entry = await readLedger();
      // What is newest is tried first: nobody takes back what somebody has mended meanwhile.
      if (entry !== null && entry.id !== current().revision && refusals.of(entry.id) === null) {
        const next = await prepare(entry);
        if (next !== null) flip(next, entry);
        else if (refusals.of(entry.id) === null) return;
      } else if (!(await refusals.settle(current().revision))) return;
    }
  }

  /** @returns null when the entry was refused, or is to be tried again at the next look */
  async function prepare(entry: Deployment): Promise<Prepared | null> {
    try {
      const models = await load(entry, current());
      return { models, shifts: await tryInShadow(models, current(), warmRows()) };
    } catch (error) {
      refusals.loadFailed(entry, { error, lastGood: lastGood() });
      return null;
    }
  }

  /** The entry that may be gone back to: never one that was refused. */
  function lastGood(): number {
    const { revision } = current();
    return refusals.of(revision) === null ? revision : goodBefore;
  }

  function flip(next: Prepared, entry: Deployment): void {
    goodBefore = lastGood();
    present = { models: next.models, isRollback: entry.kind === 'rollback' };
    lastSwapAt = clock.now();
    ({ shifts } = next);
    refusals.passed(entry);
    watch.begin(next.models);
    log.info({ revision: entry.id, kind: entry.kind, shifts }, 'answers come from another deployment');
    try {
      onFlip?.(next.models, shifts);
    } catch (error) {
      log.error({ revision: entry.id, reason: messageOf(error) }, 'the flip could not be told');
    }
  }

  function failed(models: DeployedModels, error: unknown): void {
    if (!watch.failed(models)) return;
    const { revision } = models;
    refusals.add(modelsFailing(revision, messageOf(error)), {
      revision,
      lastGood: goodBefore,
      isRollback: present.isRollback,
    });
    void looks.follow().catch((reason: unknown) => {
      log.warn({ reason: messageOf(reason) }, 'the ledger cannot be followed for now');
    });
  }

  return {
    current,
    answered: watch.answered,
    failed,
    refusalOf: refusals.of,
    status: () => ({ ...viewNow(), shifts }),
    ...looks,
  };
}
