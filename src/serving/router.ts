import { messageOf, type Clock, type EpochMs, type Log } from '../core/index.ts';
import type { DeployedModels } from '../prediction/index.ts';
import type { Deployment } from '../registry/index.ts';
import { modelsFailing } from './errors.ts';
import { createLooks } from './router/looks.ts';
import { createPointer } from './router/pointer.ts';
import { createRefusals, type Refusal } from './router/refusals.ts';
import { tryInShadow, type Shift, type WarmRows } from './router/shadow.ts';
import { createWatch, type WatchBounds } from './router/watch.ts';
import type { RouterView } from './views.ts';

/** A rollback has to be over in five seconds, so nobody is waited for longer than this. */
const DRAIN_MS = 2_000;
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
   * Raises the event, and takes back in the ledger the newest standing entry if it is newer than `lastGood`. Called
   * again at the next look when it rejects for a passing reason.
   */
  onRefused(refusal: Refusal): Promise<void>;
  watch?: Partial<WatchBounds>;
  drainMs?: number;
  clock: Clock;
  /** Milliseconds with any beginning, never standing still; the clock may. */
  stopwatch?: () => number;
  log: Log;
}

/** Where answers get their models from. Who takes them once for an answer never mixes two states of the ledger. */
export interface ModelRouter {
  current(): DeployedModels;
  /** Does work with the present models, and counts it: a flip waits for it, and its failures are the models'. */
  use<Result>(work: (models: DeployedModels) => Result | Promise<Result>): Promise<Result>;
  /** For work outside `use`: these models could not answer. */
  failed(models: DeployedModels, error: unknown): void;
  /**
   * Looks at the ledger and goes where it has moved. Resolves when answers come from the newest entry as it stood at
   * the call, or it has been refused; the old models are drained then.
   * @throws whatever reading the ledger throws
   */
  follow(): Promise<RouterView>;
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
 * Follows the deployment ledger: load, verify, warm, compare in shadow, flip one pointer, drain, watch. An entry that
 * cannot be used is refused; what was live stays.
 */
export function createModelRouter(options: RouterOptions): ModelRouter {
  const { initial, readLedger, load, warmRows, onFlip, drainMs = DRAIN_MS, clock, log } = options;
  const watch = createWatch({ ...WATCH, ...options.watch }, options.stopwatch ?? (() => performance.now()));
  const refusals = createRefusals(options);
  const pointer = createPointer(initial);
  const { current } = pointer;
  let lastSwapAt: EpochMs | null = null;
  let shifts: readonly Shift[] = [];

  const viewNow = () => ({ revision: current().revision, lastSwapAt, problem: refusals.problem() });
  const looks = createLooks({ look, view: viewNow, log });

  async function look(): Promise<void> {
    for (;;) {
      const entry = await readLedger();
      if (await refusals.settle()) continue;
      if (entry === null || entry.id === current().revision || refusals.has(entry.id)) return;
      const next = await prepare(entry);
      if (next !== null) await flip(next, entry);
      else if (!refusals.has(entry.id)) return;
    }
  }

  /** @returns null when the entry was refused, or is to be tried again at the next look */
  async function prepare(entry: Deployment): Promise<Prepared | null> {
    try {
      const models = await load(entry, current());
      return { models, shifts: await tryInShadow(models, current(), warmRows()) };
    } catch (error) {
      refusals.loadFailed(entry, { error, lastGood: current().revision });
      return null;
    }
  }

  async function flip(next: Prepared, entry: Deployment): Promise<void> {
    const old = current().revision;
    const draining = pointer.flip(next.models, drainMs);
    lastSwapAt = clock.now();
    ({ shifts } = next);
    refusals.passed(entry);
    watch.begin(next.models, old);
    log.info({ revision: entry.id, kind: entry.kind, shifts }, 'answers come from another deployment');
    try {
      onFlip?.(next.models, shifts);
    } catch (error) {
      log.error({ revision: entry.id, reason: messageOf(error) }, 'the flip could not be told');
    }
    const inside = await draining;
    if (inside > 0) log.warn({ revision: old, inside }, 'answers of the old models are still under way');
  }

  function failed(models: DeployedModels, error: unknown): void {
    const lastGood = watch.failed(models);
    if (lastGood === null) return;
    const { revision } = models;
    const { code, message } = modelsFailing(revision, messageOf(error));
    refusals.add({ at: clock.now(), revision, code, message, lastGood });
    void looks.follow().catch((reason: unknown) => {
      log.warn({ reason: messageOf(reason) }, 'the ledger cannot be followed for now');
    });
  }

  return {
    current,
    use: (work) =>
      pointer.use(async (models) => {
        try {
          const result = await work(models);
          watch.answered(models);
          return result;
        } catch (error) {
          failed(models, error);
          throw error;
        }
      }),
    failed,
    status: () => ({ ...viewNow(), shifts }),
    ...looks,
  };
}
