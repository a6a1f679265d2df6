export {
  scorerName,
  type ExplainedPart,
  type Explanation,
  type Score,
  type Scorer,
  type SentimentLabel,
} from './scorer.ts';
export type { ScorerFamily, ScorerFiles, ScorerTraining, TrainedScorer } from './scorer-family.ts';
export { SCORER_FAMILIES, type Scorers, type ScorerState } from './scorers.ts';
export { scorerUnavailable } from './errors.ts';
export { readRatedTexts, type RatedText } from './rated-texts.ts';
export { scoreTexts } from './score-texts.ts';
export { createVader } from './vader/vader.ts';
export { vaderPolarity, type VaderPolarity } from './vader/polarity.ts';
export { runSentimentEvaluation, type SentimentFigures, type Stopwatch } from './evaluate.ts';
