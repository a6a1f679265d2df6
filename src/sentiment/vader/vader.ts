import type { Score, Scorer, SentimentLabel } from '../scorer.ts';
import { vaderPolarity } from './polarity.ts';

/** At and beyond it a compound has a direction; the border of the reference's own documentation. */
const LABEL_BORDER = 0.05;
/** With this slope the three probabilities cross exactly at the label's borders. */
const SLOPE = 4;
const NEUTRAL_LOGIT = SLOPE * LABEL_BORDER;

/**
 * VADER as a scorer: no model file, no network, about a million headlines a second.
 * `sentiment` is the compound; the probabilities are softmax(-4c, 0.2, 4c), a monotone reading of it and no calibration.
 * @example (await createVader().score(['Bitcoin soars to a great new high']))[0]?.label // 'positive'
 */
export function createVader(): Scorer {
  return {
    family: 'vader',
    version: '1.0.0',
    score: async (texts) => texts.map((text) => scoreOf(vaderPolarity(text).compound)),
  };
}

function scoreOf(compound: number): Score {
  const up = Math.exp(SLOPE * compound);
  const down = 1 / up;
  const flat = Math.exp(NEUTRAL_LOGIT);
  const total = up + down + flat;
  const probabilities = { negative: down / total, neutral: flat / total, positive: up / total };
  return {
    sentiment: compound,
    confidence: Math.max(probabilities.negative, probabilities.neutral, probabilities.positive),
    label: labelOf(compound),
    probabilities,
  };
}

function labelOf(compound: number): SentimentLabel {
  if (compound >= LABEL_BORDER) return 'positive';
  return compound <= -LABEL_BORDER ? 'negative' : 'neutral';
}
