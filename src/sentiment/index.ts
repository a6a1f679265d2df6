export { SENTIMENTS, scorerName, type Score, type Scorer, type SentimentLabel } from './scorer.ts';
