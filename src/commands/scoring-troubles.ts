import { DAY_MS, floorTo, isAppError, messageOf, raiseEvent, type Log } from '../core/index.ts';
import type { Operation } from '../operation.ts';
import type { ScoringTroubles } from '../prediction/index.ts';

/** Texts that a further scorer leaves without a score stay so: somebody should know, once a day and scorer. */
export function tellTroubles(
  { storage, config, clock }: Pick<Operation, 'storage' | 'config' | 'clock'>,
  log: Log,
): Required<ScoringTroubles> {
  const tell = (
    kind: string,
    { scorer, error, ...facts }: { scorer: string; error: unknown; texts?: number },
  ) => {
    const { asset } = config;
    const at = clock.now();
    const message = messageOf(error);
    log.error({ scorer, reason: message, ...facts }, 'texts stay without a score of this scorer');
    if (storage === null) return;
    raiseEvent(storage.workspace.pool, {
      at,
      kind,
      severity: 'warning',
      asset,
      facts: {
        scorer,
        ...facts,
        code: isAppError(error) ? error.code : null,
        message,
        remedy: 'Other lanes go on. The message says what to mend; BELLWETHER_SCORERS leaves a scorer out.',
      },
      dedupKey: `${kind} ${asset} ${scorer} ${floorTo(at, DAY_MS)}`,
    }).catch((reason: unknown) => {
      log.error({ reason: messageOf(reason) }, 'texts without a score could not be told');
    });
  };
  return {
    onFailure: (scorer, error) => tell('sentiment.scorer-failed', { scorer, error }),
    onUnreadable: (scorer, { texts, error }) => tell('sentiment.texts-unread', { scorer, texts, error }),
  };
}
