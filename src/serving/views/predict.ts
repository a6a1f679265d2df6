import type { Moment, PriceDirection } from './signal.ts';

export type LabelView = 'negative' | 'neutral' | 'positive';

/** Sentiment of one text. */
export interface TextScoreView {
  sentiment: number;
  confidence: number;
  label: LabelView;
}

/** A scorer that gave no answer: why, and what would change that. */
export interface SilentScorerView {
  scorer: string;
  reason: string;
  remedy: string;
}

/** What one arm says of the latest window, the texts added. */
export interface ArmAnswerView {
  arm: string;
  horizonMinutes: number;
  /** `trees@1.0.3` */
  modelVersion: string;
  /** 0..1 */
  probabilityUp: number;
  priceDirection: PriceDirection;
  /** Why no direction is given whatever the probability; null or absent where one is. */
  abstention?: string | null;
  /** Its 4 h news aggregate with the texts in it, -1..1; null where the arm reads none, or none is known. */
  sentiment: number | null;
  /** Columns that its price model reads. */
  featuresCount: number;
  isChampion: boolean;
  /** The vector lacked a part, or the model is past its expiry. */
  degraded: boolean;
}

/** The latest window as everything live answers it, all from one state of the ledger. */
export interface PricedView {
  windowEnd: Moment;
  asOf: Moment;
  /** Id of the ledger entry whose models answered; 0 before the first. */
  revision: number;
  /** The arm that should answer, also where it could not; null before the first deployment. */
  champion: string | null;
  /** Arms that could answer, at the horizon that was asked for; the best first where an order is known. */
  arms: readonly ArmAnswerView[];
}

/** The two scorers of the predict contract side by side. */
export interface ComparisonView {
  vaderSentiment: number | null;
  /** null where that scorer is unavailable, or was not asked. */
  finbertSentiment: number | null;
  /** Both have the same sign; null while one is missing. */
  agreement: boolean | null;
  /** Absolute difference; null while one is missing. */
  confidenceDelta: number | null;
}

/** Everything an answer of `POST /predict` and `POST /predict/{scorer}` says. */
export interface PredictView {
  /** Mean over the texts; null without text where no article is known. */
  sentiment: number | null;
  /** Mean over the texts; null without text. */
  confidence: number | null;
  /** The arm that answers; null until a window exists. */
  answer: ArmAnswerView | null;
  /** Ledger entry that the answer comes from; null without an answer. */
  revision: number | null;
  modelUsed: string;
  modelVersion: string;
  featuresCount: number;
  comparison: ComparisonView;
  /** A part was missing, or another arm or scorer stood in. */
  degraded: boolean;
  responseTimeMs: number;
  cacheHit: boolean;
  /** One entry a text, when an array was asked for. */
  items: readonly TextScoreView[] | null;
}

/** What a scorer says of the texts beside the others. All but the sentiment is null without text. */
export interface ScorerAnswerView {
  scorer: string;
  version: string;
  /** Mean over the texts; without text the aggregate of an arm that reads it. */
  sentiment: number | null;
  /** Mean over the texts. */
  confidence: number | null;
  /** The likeliest by the probabilities. */
  label: LabelView | null;
  /** Means over the texts. */
  probabilities: Readonly<Record<LabelView, number>> | null;
}

/** How far scorers are of one mind. */
export interface AgreementView {
  /** The label that most of them give. */
  label: LabelView;
  /** Share of the scorers that give it. */
  share: number;
  /** Scorers that gave a label. */
  scorers: number;
  /** Pairs that read the text with opposite signs, the widest apart first. */
  disagreements: readonly { scorers: readonly [string, string]; distance: number }[];
}

/** Everything an answer of `POST /predict/compare` says. */
export interface CompareView {
  asset: string;
  horizonMinutes: number;
  /** null until a window exists. */
  windowEnd: Moment | null;
  asOf: Moment | null;
  revision: number | null;
  /** The champion first. */
  arms: readonly ArmAnswerView[];
  scorers: readonly ScorerAnswerView[];
  unavailable: readonly SilentScorerView[];
  comparison: ComparisonView;
  /** null while fewer than two scorers gave a label. */
  agreement: AgreementView | null;
  degraded: boolean;
  responseTimeMs: number;
  cacheHit: boolean;
  /** By the champion's scorer, else VADER. */
  items: readonly TextScoreView[] | null;
}

/** A piece of a text and what it did for the score. */
export interface ExplainedPartView {
  text: string;
  /** text.slice(from, to), in UTF-16 code units. */
  from: number;
  to: number;
  /** Above 0: towards positive. */
  weight: number;
  note: string | null;
}

/** What carried one scorer's score. */
export interface ScorerExplanationView extends TextScoreView {
  scorer: string;
  version: string;
  /** What the weights are. */
  unit: string;
  /** The heaviest first. */
  parts: readonly ExplainedPartView[];
  /** Arms at the horizon in question whose price model reads this scorer. */
  readBy: readonly string[];
}

/** What a feature did for the champion's answer. */
export interface FeatureContributionView {
  feature: string;
  /** As the model was given it; NaN where it is missing. */
  value: number;
  /** Log-odds; above 0: towards up. */
  contribution: number;
}

/** Why the champion says what it says of the latest window, without any text. */
export interface ExplainedDirectionView {
  horizonMinutes: number;
  /** null before the first window. */
  windowEnd: Moment | null;
  asOf: Moment | null;
  /** The champion; null before the first deployment. */
  arm: string | null;
  /** null where no model of it is live. */
  modelVersion: string | null;
  /** 0..1 */
  probabilityUp: number | null;
  /** What it would say before any feature speaks, 0..1; with it the contributions sum to the log-odds of the probability. */
  baseProbability: number | null;
  /** The largest first, whatever its sign; null where there are none. */
  contributions: readonly FeatureContributionView[] | null;
  /** Why there are none; null where there are. */
  reason: string | null;
}

/** Everything an answer of `POST /explain` says. */
export interface ExplainView {
  direction: ExplainedDirectionView;
  explanations: readonly ScorerExplanationView[];
  unexplained: readonly SilentScorerView[];
  responseTimeMs: number;
}
