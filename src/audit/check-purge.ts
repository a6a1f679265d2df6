import { isoUtc, MINUTE_MS, SECOND_MS, type EpochMs } from '../core/index.ts';
import type { DirectionRows } from '../models/index.ts';
import { notRun, outcomeOf, type Check, type Evidence, type Finding } from './check.ts';
import { fitMoments, tooShort } from './fit-moments.ts';
import { walk, type AuditedPipeline } from './pipeline.ts';

const FITS = 6;
/** Of these fits so many are made twice. */
const REFITTED = 3;
/** Predicted by each of those fits. */
const PREDICTED_BARS = 24;

/**
 * No label may teach before it is known. Each row is handed over with its own number as its future return, so that the
 * chosen rows tell which they are; and whatever becomes known after a fit is turned into its opposite, which must move
 * neither a byte of the saved model nor a bit of a prediction.
 */
export const purge: Check = {
  name: 'label-purge',
  seesSymptoms: false,
  run({ pipeline, whole }) {
    const { rows } = whole;
    const fits = fitMoments(rows, FITS);
    if (fits.length === 0) return notRun(tooShort(rows));
    const findings: Finding[] = [];
    let chosen = 0;
    for (const fittedAt of fits) {
      const picked = pickedRows(pipeline, rows, fittedAt);
      chosen += picked.length;
      const evidence = overlapEvidence(pipeline, { rows, picked, fittedAt });
      if (evidence !== null) findings.push({ name: 'label-overlap', evidence });
    }
    if (chosen === 0 && findings.length === 0) {
      return notRun('no fit has a row to learn from: no label is known, or all are void or held out');
    }
    const refitted = fits.filter((_, place) => place % Math.floor(FITS / REFITTED) === 0);
    for (const fittedAt of refitted) {
      const evidence = poisonEvidence(pipeline, rows, fittedAt);
      if (evidence !== null) findings.push({ name: 'label-overlap', evidence });
    }
    return outcomeOf(
      `${chosen} training rows of ${fits.length} fits: known before their fit, embargo kept; ${refitted.length} fits again with all later labels turned over`,
      findings,
    );
  },
};

function pickedRows(pipeline: AuditedPipeline, rows: DirectionRows, fittedAt: EpochMs): number[] {
  const { horizonMinutes, embargoMinutes, graceSeconds } = pipeline.facts;
  const asOf = fittedAt + graceSeconds * SECOND_MS;
  const numbered = { ...rows, futureReturns: Float64Array.from({ length: rows.count }, (_, row) => row) };
  return [...pipeline.select(numbered, { asOf, horizonMinutes, embargoMinutes }).futureReturns];
}

function overlapEvidence(
  pipeline: AuditedPipeline,
  { rows, picked, fittedAt }: { rows: DirectionRows; picked: readonly number[]; fittedAt: EpochMs },
): Evidence | null {
  const { horizonMinutes, embargoMinutes, graceSeconds } = pipeline.facts;
  const asOf = fittedAt + graceSeconds * SECOND_MS;
  const reach = (horizonMinutes + embargoMinutes) * MINUTE_MS;
  const unknown = picked.filter((row) => !((rows.labelKnownAt[row] ?? NaN) <= asOf));
  const embargoed = picked.filter((row) => !((rows.windowEnds[row] ?? NaN) + reach <= asOf));
  if (unknown.length === 0 && embargoed.length === 0) return null;
  const latest = unknown.reduce((late, row) => Math.max(late, rows.labelKnownAt[row] ?? NaN), asOf);
  const firstRow = Math.min(...unknown, ...embargoed);
  return {
    fit: isoUtc(fittedAt),
    trainingRows: picked.length,
    labelsKnownAfterTheFit: unknown.length,
    rowsInsideTheEmbargo: embargoed.length,
    latestKnownMinutesAfter: (latest - asOf) / MINUTE_MS,
    firstWindow: isoUtc(rows.windowEnds[firstRow] ?? NaN),
  };
}

function poisonEvidence(pipeline: AuditedPipeline, rows: DirectionRows, fittedAt: EpochMs): Evidence | null {
  const { barMinutes, graceSeconds } = pipeline.facts;
  const asOf = fittedAt + graceSeconds * SECOND_MS;
  const tested = {
    from: fittedAt,
    to: fittedAt + PREDICTED_BARS * barMinutes * MINUTE_MS,
    refit: 'once',
  } as const;
  const isLater = (row: number) => !((rows.labelKnownAt[row] ?? NaN) <= asOf);
  const poisoned = {
    ...rows,
    labels: rows.labels.map((label, row) => (label <= 1 && isLater(row) ? 1 - label : label)),
    futureReturns: rows.futureReturns.map((value, row) => (isLater(row) ? -value : value)),
  };
  const before = walk(pipeline, rows, tested);
  const after = walk(pipeline, poisoned, tested);
  const moved = before.probabilities.filter((value, row) => !Object.is(value, after.probabilities[row]));
  const sameModel = before.saved.join() === after.saved.join();
  if (moved.length === 0 && sameModel) return null;
  return {
    fit: isoUtc(fittedAt),
    laterLabelsTurned: rows.labels.reduce((sum, label, row) => sum + (label <= 1 && isLater(row) ? 1 : 0), 0),
    savedModelMoved: !sameModel,
    predictionsMoved: moved.length,
  };
}
