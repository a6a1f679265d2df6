import type { EpochMs, Queryable } from './core/index.ts';
import { readObservations, readScores, writeScores, type Observation } from './lake/index.ts';
import {
  scoreSideBySide,
  type LaneInput,
  type LaneScore,
  type LaneScorer,
  type ScoredInputs,
  type ScoringTroubles,
} from './prediction/index.ts';
import type { WindowParts } from './run-window.ts';
import { scorerName, type Scorer } from './sentiment/index.ts';
import type { WorkspaceRun } from './window-run.ts';

/**
 * Reads a workspace's observations as of each decision and scores their texts. In replay it reads some time ahead
 * and hands out by known time; what is ahead stays unseen until then.
 * @param options.aheadMs - 0 live, where nothing lies ahead
 * @param options - with whom is told of texts that stay without a score of a further scorer; where nobody is, as in
 *   `replay`, the failure is the window's
 */
export function createInputFeed(
  run: Pick<WorkspaceRun, 'workspace' | 'asset' | 'featureSet' | 'scorers'>,
  { aheadMs, ...troubles }: { aheadMs: number } & ScoringTroubles,
): WindowParts['read'] {
  const { workspace, asset, featureSet, scorers } = run;
  let loadedUpTo = NaN;
  let waiting: ScoredInputs<LaneInput, LaneScore> = { inputs: [], scores: [] };
  let fresh = new Map<string, LaneScore[]>();

  async function load(after: EpochMs, upTo: EpochMs): Promise<void> {
    const observations = await readObservations(workspace.pool, {
      asset,
      barMinutes: featureSet.barMinutes,
      after,
      upTo,
      indexNames: ['fear_greed'],
    });
    const lanes = await readKnownScores(workspace.pool, observations, scorers);
    waiting = await scoreSideBySide(observations, lanes, troubles);
    fresh = Map.groupBy(waiting.scores, ({ textId }) => textId);
    loadedUpTo = upTo;
  }

  return async ({ after, upTo }) => {
    const taken: ScoredInputs<LaneInput, LaneScore> = { inputs: [], scores: [] };
    let from = after;
    if (loadedUpTo > after) {
      takeKnown(taken, Math.min(upTo, loadedUpTo));
      from = loadedUpTo;
    }
    if (!(loadedUpTo >= upTo)) {
      await load(from, upTo + aheadMs);
      takeKnown(taken, upTo);
    }
    return taken;
  };

  function takeKnown(taken: ScoredInputs<LaneInput, LaneScore>, upTo: EpochMs): void {
    const end = waiting.inputs.findIndex(({ knownAt }) => knownAt > upTo);
    const known = end < 0 ? waiting.inputs : waiting.inputs.slice(0, end);
    waiting.inputs = end < 0 ? [] : waiting.inputs.slice(end);
    for (const input of known) {
      taken.inputs.push(input);
      taken.scores.push(...(fresh.get(input.id) ?? []));
    }
  }
}

/** Each scorer with what silver holds of it for these observations. */
export async function readKnownScores(
  db: Queryable,
  observations: readonly Observation[],
  scorers: readonly Scorer[],
): Promise<LaneScorer[]> {
  const textIds = observations
    .filter(({ kind }) => kind === 'article' || kind === 'post')
    .map(({ id }) => id);
  const lanes: LaneScorer[] = [];
  for (const scorer of scorers) {
    const known = await readScores(db, { scorer: scorerName(scorer), textIds });
    lanes.push({
      scorer,
      known: new Map([...known].map(([textId, { sentiment }]) => [textId, sentiment])),
    });
  }
  return lanes;
}

/** Grouped by scorer, as silver takes them. */
export async function writeLaneScores(
  client: Queryable,
  scores: readonly LaneScore[],
  scoredAt: EpochMs,
): Promise<void> {
  for (const scorer of new Set(scores.map((score) => score.scorer))) {
    await writeScores(client, {
      scorer,
      scores: scores.filter((score) => score.scorer === scorer),
      scoredAt,
    });
  }
}
