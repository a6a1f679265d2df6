export { SENTIMENTS, scorerName, type Score, type Scorer, type SentimentLabel } from './scorer.ts';
export { createVader } from './vader/vader.ts';
export { vaderPolarity, type VaderPolarity } from './vader/polarity.ts';
