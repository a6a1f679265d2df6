import type { Score, Scorer } from '../src/sentiment/index.ts';

/** A scorer that agrees with nobody: it goes by the letters of a text. The same text has always the same score. */
export function createSecondScorer(version = '0.1.0'): Scorer {
  return {
    family: 'second',
    version,
    score: (texts) => Promise.resolve(texts.map(scoreOf)),
  };
}

function scoreOf(text: string): Score {
  let sum = 0;
  for (const letter of text) sum += letter.codePointAt(0) ?? 0;
  const sentiment = ((sum % 201) - 100) / 100;
  const positive = (1 + sentiment) / 3;
  const negative = (1 - sentiment) / 3;
  return {
    sentiment,
    confidence: Math.max(positive, negative, 1 / 3),
    label: sentiment > 0 ? 'positive' : sentiment < 0 ? 'negative' : 'neutral',
    probabilities: { positive, negative, neutral: 1 - positive - negative },
  };
}
