import type { RatedText } from '../rated-texts.ts';
import type { LearntTerm, VaderArtifact } from './artifact.ts';
import { REFERENCE_CALIBRATION, thresholdsOf, type Calibration } from './calibration.ts';
import { createAnalyser } from './retrained.ts';
import { fitCalibration, type CalibrationProblem } from './train-calibration.ts';
import { compoundsOf, createDesign, describeTerms, type Design } from './train-design.ts';
import { foldOf, readTruths, type Truths } from './train-rows.ts';
import { isBetter, judge, type Judgement } from './train-judgement.ts';
import { fitValences } from './train-valences.ts';

/** What a training made, and how it did on rows that it had not seen. */
export interface VaderTraining {
  artifact: VaderArtifact;
  metrics: Record<string, number | null>;
}

/** How a version is trained. */
export interface VaderTrainingOptions {
  seed: number;
  /** The version that it goes on from; null: the reference. */
  before: VaderArtifact | null;
  onProgress?: (phrase: string, share: number | null) => void;
}

/** Parts of the rows; each is scored by what the others teach. */
const FOLDS = 3;
const THRESHOLD_DIGITS = 4;

/**
 * Learns terms and a calibration on top of the reference, or of the version that it goes on from. Both are kept only
 * where they lower the log-loss of rows that they were not fitted on; so it always ends, with the old behaviour at worst.
 */
export function trainVader(rows: readonly RatedText[], options: VaderTrainingOptions): VaderTraining {
  const { before, onProgress } = options;
  const old: Version = {
    terms: before?.terms ?? [],
    calibration: before?.calibration ?? REFERENCE_CALIBRATION,
  };
  const truths = readTruths(rows);
  if (new Set(truths.side).size < 2) {
    const reason = rows.length === 0 ? 'there are no rows' : 'all rows say the same';
    return {
      artifact: artifactOf(old, `nothing was learnt, because ${reason}`),
      metrics: { rows: rows.length },
    };
  }
  onProgress?.('reading the texts', 0);
  const texts = rows.map(({ text }) => text);
  const known = old.terms.map(({ term, base, valence }) => ({ term, added: valence - base }));
  const design = createDesign(texts, createAnalyser(known), known);
  const folds = foldsOf(texts, options.seed);
  const unseen = scoreUnseen({ design, truths }, folds, onProgress);
  const { hasTicker } = design;
  const today = { compounds: compoundsOf(design, design.known), hasTicker, truths };
  const calibrate = (problem: CalibrationProblem) => fitCalibration(problem, old.calibration);
  const trials = {
    old: judge(today, folds, () => old.calibration),
    calibrated: judge(today, folds, calibrate),
    learnt: judge({ compounds: unseen, hasTicker, truths }, folds, calibrate),
  };
  onProgress?.('fitting all rows', FOLDS / (FOLDS + 1));
  const { outcome, version, kept } = settle({ design, truths, unseen, old }, trials);
  return {
    artifact: artifactOf(version, outcome),
    metrics: metricsOf(rows.length, version, { kept, old: trials.old }),
  };
}

interface Version {
  terms: readonly LearntTerm[];
  calibration: Calibration;
}

interface Trials {
  old: Judgement;
  calibrated: Judgement;
  learnt: Judgement;
}

interface Material {
  design: Design;
  truths: Truths;
}

type Progress = VaderTrainingOptions['onProgress'];

/** Rows of each part, by their texts. */
function foldsOf(texts: readonly string[], seed: number): Int32Array[] {
  const folds = Array.from({ length: FOLDS }, (): number[] => []);
  for (const [row, text] of texts.entries()) folds[foldOf(text, FOLDS, seed)]?.push(row);
  return folds.map((rows) => Int32Array.from(rows));
}

/** The compound of each row by terms that were fitted without its part. */
function scoreUnseen(
  { design, truths }: Material,
  folds: readonly Int32Array[],
  onProgress: Progress,
): Float64Array {
  const compounds = new Float64Array(design.base.length);
  for (const [place, fold] of folds.entries()) {
    onProgress?.('fitting without a part of the rows', place / (FOLDS + 1));
    const others = Int32Array.from(folds.flatMap((rows) => (rows === fold ? [] : [...rows])));
    const changes = fitValences({ design, truths, rows: others });
    const scored = compoundsOf(design, plus(design.known, changes));
    for (const row of fold) compounds[row] = scored[row] as number;
  }
  return compounds;
}

/** Takes what did best on unseen rows, fitted on all of them. */
function settle(
  { design, truths, unseen, old }: Material & { unseen: Float64Array; old: Version },
  trials: Trials,
): { outcome: string; version: Version; kept: Judgement } {
  const rows = Int32Array.from(truths.side.keys());
  const { hasTicker } = design;
  if (isBetter(trials.learnt, trials.old) && isBetter(trials.learnt, trials.calibrated)) {
    const changes = fitValences({ design, truths, rows });
    const terms = describeTerms({ design, truths }, plus(design.known, changes));
    const calibration = fitCalibration({ compounds: unseen, hasTicker, truths, rows }, old.calibration);
    const changed = changes.reduce((count, change) => count + (change === 0 ? 0 : 1), 0);
    return {
      outcome: `${changed} terms and a calibration were learnt`,
      version: { terms, calibration },
      kept: trials.learnt,
    };
  }
  if (isBetter(trials.calibrated, trials.old)) {
    const compounds = compoundsOf(design, design.known);
    const calibration = fitCalibration({ compounds, hasTicker, truths, rows }, old.calibration);
    const outcome =
      'a calibration was learnt; no terms, because they did not help on rows that they were not fitted on';
    return { outcome, version: { terms: old.terms, calibration }, kept: trials.calibrated };
  }
  return {
    outcome: 'nothing was learnt, because nothing helped on rows that it was not fitted on',
    version: old,
    kept: trials.old,
  };
}

function artifactOf({ terms, calibration }: Version, outcome: string): VaderArtifact {
  const thresholds = (hasTicker: boolean) => {
    const { positive, negative } = thresholdsOf(calibration, hasTicker);
    return { positive: round(positive), negative: round(negative) };
  };
  return {
    format: 'bellwether-vader',
    formatVersion: 1,
    reference: 'vaderSentiment 3.3.2',
    outcome,
    calibration,
    thresholds: { ...thresholds(false), withTicker: thresholds(true) },
    terms: [...terms],
  };
}

/** Of what was kept, and of what it goes on from, on the same rows. */
function metricsOf(
  rows: number,
  { terms, calibration }: Version,
  { kept, old }: { kept: Judgement; old: Judgement },
): VaderTraining['metrics'] {
  const { positive, negative } = thresholdsOf(calibration, false);
  return {
    rows,
    terms: terms.length,
    accuracy: kept.accuracy,
    macroF1: kept.macroF1,
    sideRecall: kept.sideRecall,
    logLoss: kept.logLoss,
    accuracyBefore: old.accuracy,
    macroF1Before: old.macroF1,
    sideRecallBefore: old.sideRecall,
    logLossBefore: old.logLoss,
    positiveThreshold: positive,
    negativeThreshold: negative,
  };
}

function round(value: number): number {
  return Number(value.toFixed(THRESHOLD_DIGITS)) + 0;
}

function plus(one: Float64Array, other: Float64Array): Float64Array {
  return one.map((value, at) => value + (other[at] as number));
}
