import type { EpochMs } from './core/index.ts';
import type { FeatureLanes, FeatureState } from './features/index.ts';
import { PAST_RETURN, type FeatureMatrix } from './models/index.ts';
import {
  aggregateOf,
  HORIZONS_MINUTES,
  probabilityOf,
  reasonToAbstain,
  rowMatrices,
  type Arm,
  type DeployedModel,
  type DeployedModels,
  type WindowMemory,
} from './prediction/index.ts';

/** The newest committed window, so that a text can be tried on it while the next one is being decided. */
export interface PresentWindow {
  windowEnd: EpochMs;
  asOf: EpochMs;
  lanes: FeatureLanes;
  /** The state of each lane after the window; read and copied, never folded into. */
  featureStates: readonly FeatureState[];
  /** ln(close(T) / close(T-h)) per horizon. */
  pastReturns: readonly number[];
}

/** Of some texts, by the `family@version` of the scorer that gave them. */
export type Sentiments = ReadonlyMap<string, readonly number[]> | null;

/** What an arm says of the present window with some texts added. */
export interface ArmAnswer {
  arm: string;
  horizonMinutes: number;
  modelVersion: string;
  probabilityUp: number;
  /** Its 4 h aggregate, the texts in it; null where it reads none, or none is known. */
  sentiment: number | null;
  featuresCount: number;
  isChampion: boolean;
  degraded: boolean;
  /** Why it should rather give no direction; null where it should. */
  abstention: string | null;
}

/** Stands behind every real source in the order of folding: the texts are known last. */
const REQUEST_SOURCE = '~request';

/** The present window of a memory that has just been committed. */
export function presentWindow(memory: WindowMemory, windowEnd: EpochMs): PresentWindow {
  return {
    windowEnd,
    asOf: windowEnd + memory.graceMs,
    lanes: memory.lanes,
    featureStates: memory.featureStates.map((state) => state.copy()),
    pastReturns: HORIZONS_MINUTES.map((horizonMinutes) => {
      const { values, columns } = memory.history.rowsAt(horizonMinutes);
      return values[values.length - columns.length + columns.indexOf(PAST_RETURN)] ?? NaN;
    }),
  };
}

/**
 * What every deployed arm of a horizon says of a window, the texts stepped as articles known at its decision, through
 * a copy of the feature state. An arm whose model fails is told to `onFailure` and left out.
 * @param options.sentiments - of the texts, -1..1 each, by scorer; a model whose scorer is not in it is left out, since
 *   it must not be given another's. null: the window as it is
 */
export function priceWithTexts(options: {
  present: PresentWindow;
  deployed: DeployedModels;
  arms: readonly Arm[];
  asset: string;
  horizonMinutes: number;
  sentiments: Sentiments;
  onFailure: (model: DeployedModel, error: unknown) => void;
}): ArmAnswer[] {
  const { present, deployed, arms, horizonMinutes, sentiments, onFailure } = options;
  const { values, degraded } = readWithTexts(options);
  const { lanes, pastReturns, windowEnd, asOf } = present;
  const place = (HORIZONS_MINUTES as readonly number[]).indexOf(horizonMinutes);
  const row = rowMatrices({ windowEnd, values, pastReturns }, lanes.names)[place];
  if (row === undefined) return [];
  return deployed.models
    .filter((model) => model.horizonMinutes === horizonMinutes)
    .filter(({ scorer }) => scorer === null || sentiments === null || sentiments.has(scorer))
    .flatMap((model) => {
      const arm = arms.find(({ name }) => name === model.arm);
      if (arm === undefined) return [];
      try {
        return [
          {
            arm: arm.name,
            horizonMinutes,
            modelVersion: model.modelVersion,
            probabilityUp: probabilityOf(model.model, row),
            sentiment: aggregateOf(values, model.scorer, lanes),
            featuresCount: lanes.names.length - lanes.hiddenFrom(model.scorer).length,
            isChampion: deployed.champions.get(horizonMinutes) === arm.name,
            degraded: degraded || asOf > model.expiresAt,
            abstention: reasonToAbstain({
              dissimilarity: model.dissimilarity ?? null,
              row,
              expiresAt: model.expiresAt,
              at: asOf,
            }),
          },
        ];
      } catch (error) {
        onFailure(model, error);
        return [];
      }
    });
}

/** The window as it is, as models see it, once per horizon of `HORIZONS_MINUTES`. */
export function presentRows(present: PresentWindow): FeatureMatrix[] {
  const { lanes, pastReturns, windowEnd } = present;
  // No article is stepped, so that no asset has to be named.
  const { values } = readWithTexts({ present, asset: '', sentiments: null });
  return rowMatrices({ windowEnd, values, pastReturns }, lanes.names);
}

function readWithTexts({
  present,
  asset,
  sentiments,
}: {
  present: PresentWindow;
  asset: string;
  sentiments: Sentiments;
}): { values: Float64Array; degraded: boolean } {
  const { lanes, featureStates, windowEnd, asOf } = present;
  // However they are scored, the texts are counted.
  const count = Math.max(0, ...[...(sentiments?.values() ?? [])].map(({ length }) => length));
  let degraded = false;
  const vectors = featureStates.map((own) => {
    const scored = sentiments?.get(own.featureSet.scorer);
    const state = count === 0 ? own : own.copy();
    for (let place = 0; place < count; place += 1) {
      const id = String(place).padStart(4, '0');
      const known = { source: REQUEST_SOURCE, asset, eventTime: asOf, knownAt: asOf, text: '' };
      state.apply({ kind: 'article', id, ...known, sentiment: scored?.[place] ?? null }, asOf);
    }
    const vector = new Float64Array(state.featureSet.names.length);
    degraded = state.read({ windowEnd, asOf }, vector);
    return vector;
  });
  return { values: lanes.widen(vectors), degraded };
}
