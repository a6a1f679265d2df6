export { scorerName, type Score, type Scorer, type SentimentLabel } from './scorer.ts';
export { scoreTexts } from './score-texts.ts';
export { createVader } from './vader/vader.ts';
export { vaderPolarity, type VaderPolarity } from './vader/polarity.ts';
export { runSentimentEvaluation, type SentimentFigures, type Stopwatch } from './evaluate.ts';
