import { isAppError, messageOf, type AppError, type Clock, type Log } from '../../core/index.ts';
import type { Deployment } from '../../registry/index.ts';
import { modelsUnusable } from '../errors.ts';
import type { RouterProblemView } from '../views.ts';

/** A load that fails for a passing reason is tried again; after so many times the reason is taken to be lasting. */
const LOAD_ATTEMPTS = 5;

/** An entry of the ledger that is not, or no longer, to be answered from. */
export interface Refusal extends RouterProblemView {
  /** What stands up to this entry can be answered from; nothing of it is ever taken back. */
  lastGood: number;
  /** It is a rollback: not itself but what it led back to is to be taken back. */
  isRollback: boolean;
  /** Answers come from something newer by now: nothing has to be taken back. */
  isSuperseded: boolean;
}

type Untold = Omit<Refusal, 'isSuperseded'>;

/** What was refused, and what is still to be told about it. */
export function createRefusals({
  onRefused,
  clock,
  log,
}: {
  onRefused(refusal: Refusal): Promise<void>;
  clock: Clock;
  log: Log;
}) {
  const refused = new Map<number, AppError>();
  const untold: Untold[] = [];
  let problem: RouterProblemView | null = null;
  let attempts = { revision: NaN, count: 0 };

  function add(error: AppError, about: Pick<Untold, 'revision' | 'lastGood' | 'isRollback'>): void {
    const { revision, lastGood } = about;
    const { code, message } = error;
    refused.set(revision, error);
    problem = { at: clock.now(), revision, code, message };
    untold.push({ ...problem, ...about });
    log.error({ ...problem, lastGood }, 'a deployment was refused');
  }

  return {
    add,
    of: (revision: number) => refused.get(revision) ?? null,
    problem: () => problem,
    loadFailed(entry: Deployment, { error, lastGood }: { error: unknown; lastGood: number }): void {
      const count = attempts.revision === entry.id ? attempts.count + 1 : 1;
      attempts = { revision: entry.id, count };
      const isLasting = isAppError(error) && !error.retryable;
      if (!isLasting && count < LOAD_ATTEMPTS) {
        log.warn(
          { revision: entry.id, reason: messageOf(error), count },
          'a deployment could not be loaded yet',
        );
        return;
      }
      const reason = isAppError(error) ? error : modelsUnusable(entry.id, error);
      add(reason, { revision: entry.id, lastGood, isRollback: entry.kind === 'rollback' });
    },
    /** A problem that was only taken back stays to be seen until something new is live. */
    passed({ kind, actor }: Deployment): void {
      if (kind !== 'rollback' || actor !== 'system') problem = null;
    },
    /**
     * Tells what is untold, the newest first, as it is taken back; what cannot be told for a passing reason is kept for
     * the next look.
     * @param serving - the entry that answers come from
     * @returns whether anything was told: then the ledger may have moved
     */
    async settle(serving: number): Promise<boolean> {
      let isMoved = false;
      untold.sort((left, right) => left.revision - right.revision);
      for (let newest = untold.at(-1); newest !== undefined; newest = untold.at(-1)) {
        try {
          await onRefused({ ...newest, isSuperseded: serving > newest.revision });
          isMoved = true;
        } catch (error) {
          const facts = { revision: newest.revision, reason: messageOf(error) };
          if (!isAppError(error) || error.retryable) {
            log.warn(facts, 'a refusal could not be followed up yet');
            return isMoved;
          }
          log.error(facts, 'a refusal could not be followed up');
        }
        untold.splice(untold.indexOf(newest), 1);
      }
      return isMoved;
    },
  };
}
