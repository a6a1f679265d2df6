export {
  knownSinceOf,
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
export { linearFamily } from './linear/linear.ts';
export { createEnsembleFamily } from './ensemble/ensemble-family.ts';
export { createEnsemble, type Ensemble, type EnsembleScore } from './ensemble/ensemble.ts';
export { createVader } from './vader/vader.ts';
export { vaderFamily } from './vader/family.ts';
export { unavailableBecause } from './transformer/errors.ts';
export { createTransformer, type Transformer } from './transformer/transformer.ts';
export { createTransformerFamily, type BaseFolder } from './transformer/transformer-family.ts';
export { createHubClient, type FetchProgress, type HubClient } from './transformer/hub.ts';
export { vaderPolarity, type VaderPolarity } from './vader/polarity.ts';
export {
  runSentimentEvaluation,
  type SentimentEvaluation,
  type SentimentFigures,
  type Stopwatch,
  type TwoClassFigures,
} from './evaluate.ts';
export type { Difference } from './compare.ts';
export { crossValidate, trainTogether, transfer, type StudyOptions, type StudyTest } from './study.ts';
export {
  LABELLED_SOURCES,
  missingFiles,
  readStudySet,
  SCORED_SOURCES,
  type StudySet,
  type StudySource,
} from './study-sets.ts';
