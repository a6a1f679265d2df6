import type { RatedText } from '../rated-texts.ts';
import type { ScorerFamily, ScorerFiles, ScorerTraining, TrainedScorer } from '../scorer-family.ts';
import type { Scorer } from '../scorer.ts';
import { ARTIFACT_FILE, encodeArtifact, readArtifact, VADER_FAMILY } from './artifact.ts';
import { trainVader } from './train.ts';
import { createRetrainedVader, VADER_REFERENCE_VERSION } from './vader.ts';

/**
 * VADER as a family that learns: terms of the market, corrections to old valences, and a calibration, on top of the
 * reference, which stays version 1.0.0 (`createVader`). Training takes seconds and always succeeds.
 */
export const vaderFamily: ScorerFamily = {
  name: VADER_FAMILY,
  train: async (rows, training) => train(rows, training),
  load: async (files, version) => load(files, version),
};

async function train(rows: readonly RatedText[], training: ScorerTraining): Promise<TrainedScorer> {
  const { seed, base, onProgress } = training;
  // 1.0.0 is the reference itself and has no file.
  const before =
    base === null || base.version === VADER_REFERENCE_VERSION ? null : await readArtifact(base.files);
  const { artifact, metrics } = trainVader(rows, { seed, before, ...(onProgress && { onProgress }) });
  return {
    files: new Map([[ARTIFACT_FILE, encodeArtifact(artifact)]]),
    parameters: { reference: artifact.reference, outcome: artifact.outcome, base: base?.version ?? null },
    metrics,
  };
}

async function load(files: ScorerFiles, version: string): Promise<Scorer> {
  return createRetrainedVader(await readArtifact(files), version);
}
