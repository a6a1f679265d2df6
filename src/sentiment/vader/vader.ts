import type { Scorer } from '../scorer.ts';
import { VADER_FAMILY, type VaderArtifact } from './artifact.ts';
import { calibratedScore, referenceScore } from './calibration.ts';
import { explainText } from './explain.ts';
import { vaderPolarity } from './polarity.ts';
import { compoundOfSums, createAnalyser, type Analyser } from './retrained.ts';

/** The version that behaves as the reference does. */
export const VADER_REFERENCE_VERSION = '1.0.0';

/**
 * VADER as a scorer: no model file, no network, more than a million headlines a second.
 * `sentiment` is the compound; the probabilities are softmax(-4c, 0.2, 4c), a monotone reading of it and no calibration.
 * @example (await createVader().score(['Bitcoin soars to a great new high']))[0]?.label // 'positive'
 */
export function createVader(): Scorer {
  let analyser: Analyser | undefined;
  return {
    family: VADER_FAMILY,
    version: VADER_REFERENCE_VERSION,
    score: async (texts) => texts.map((text) => referenceScore(vaderPolarity(text).compound)),
    explain: async (text) => {
      analyser ??= createAnalyser([]);
      return { score: referenceScore(vaderPolarity(text).compound), ...explainText(analyser, text) };
    },
  };
}

/** A version that was learnt on top of the reference: `sentiment` is its compound, and all else follows from that. */
export function createRetrainedVader(artifact: VaderArtifact, version: string): Scorer {
  const learnt = artifact.terms.map(({ term, base, valence }) => ({ term, added: valence - base }));
  const { calibration } = artifact;
  const analyser = createAnalyser(learnt);
  const scoreOf = (text: string) => {
    const sums = analyser.analyse(text);
    return calibratedScore({ compound: compoundOfSums(sums), hasTicker: sums.hasTicker }, calibration);
  };
  return {
    family: VADER_FAMILY,
    version,
    score: async (texts) => texts.map(scoreOf),
    explain: async (text) => ({ score: scoreOf(text), ...explainText(analyser, text) }),
  };
}
