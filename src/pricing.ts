import type { EpochMs } from './core/index.ts';
import type { FeatureState } from './features/index.ts';
import { PAST_RETURN } from './models/index.ts';
import {
  HORIZONS_MINUTES,
  probabilityOf,
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
  /** The state after the window; read and copied, never folded into. */
  featureState: FeatureState;
  /** ln(close(T) / close(T-h)) per horizon. */
  pastReturns: readonly number[];
}

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
}

const AGGREGATE = 'news_sentiment_4h';
/** Stands behind every real source in the order of folding: the texts are known last. */
const REQUEST_SOURCE = '~request';

/** The present window of a memory that has just been committed. */
export function presentWindow(memory: WindowMemory, windowEnd: EpochMs): PresentWindow {
  return {
    windowEnd,
    asOf: windowEnd + memory.graceMs,
    featureState: memory.featureState.copy(),
    pastReturns: HORIZONS_MINUTES.map((horizonMinutes) => {
      const { values, columns } = memory.history.rowsAt(horizonMinutes);
      return values[values.length - columns.length + columns.indexOf(PAST_RETURN)] ?? NaN;
    }),
  };
}

/**
 * What every deployed arm of a horizon says of a window, the texts stepped as articles known at its decision, through
 * a copy of the feature state. An arm whose model fails is told to `onFailure` and left out.
 * @param options.sentiments - of the texts, -1..1 each; none: the window as it is
 */
export function priceWithTexts(options: {
  present: PresentWindow;
  deployed: DeployedModels;
  arms: readonly Arm[];
  asset: string;
  horizonMinutes: number;
  sentiments: readonly number[];
  onFailure: (model: DeployedModel, error: unknown) => void;
}): ArmAnswer[] {
  const { present, deployed, arms, horizonMinutes, onFailure } = options;
  const { values, degraded } = readWithTexts(options);
  const { names } = present.featureState.featureSet;
  const { pastReturns, windowEnd, asOf } = present;
  const place = (HORIZONS_MINUTES as readonly number[]).indexOf(horizonMinutes);
  const row = rowMatrices({ windowEnd, values, pastReturns }, names)[place];
  if (row === undefined) return [];
  const aggregate = values[names.indexOf(AGGREGATE)] ?? NaN;
  return deployed.models
    .filter((model) => model.horizonMinutes === horizonMinutes)
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
            sentiment: arm.usesSentiment && !Number.isNaN(aggregate) ? aggregate : null,
            featuresCount: arm.usesSentiment
              ? names.length
              : names.length - present.featureState.featureSet.withoutSentiment.length,
            isChampion: deployed.champions.get(horizonMinutes) === arm.name,
            degraded: degraded || asOf > model.expiresAt,
          },
        ];
      } catch (error) {
        onFailure(model, error);
        return [];
      }
    });
}

function readWithTexts({
  present,
  asset,
  sentiments,
}: {
  present: PresentWindow;
  asset: string;
  sentiments: readonly number[];
}): { values: Float64Array; degraded: boolean } {
  const { windowEnd, asOf } = present;
  const state = sentiments.length === 0 ? present.featureState : present.featureState.copy();
  sentiments.forEach((sentiment, place) => {
    const id = String(place).padStart(4, '0');
    state.apply(
      {
        kind: 'article',
        id,
        source: REQUEST_SOURCE,
        asset,
        eventTime: asOf,
        knownAt: asOf,
        text: '',
        sentiment,
      },
      asOf,
    );
  });
  const values = new Float64Array(state.featureSet.names.length);
  const degraded = state.read({ windowEnd, asOf }, values);
  return { values, degraded };
}
