import { createRandom, isoUtc, SECOND_MS, type EpochMs } from '../core/index.ts';
import type { DirectionRows } from '../models/index.ts';
import { notRun, outcomeOf, type Check, type Evidence, type Finding } from './check.ts';
import { compareRows, differenceEvidence } from './compare-rows.ts';
import { fitMoments, rowsUpTo, tooShort } from './fit-moments.ts';
import type { AuditedPipeline } from './pipeline.ts';

const FITS = 3;

/**
 * Whatever is learned from rows (means, spreads, bins) must be learned inside the fit. So the rows up to a fit are
 * prepared, chosen and fitted alone, and again with the rest of the history behind them as it is and with its features
 * made three times as large: prepared rows and saved model must be the same, bit for bit and byte for byte. Accuracy
 * would not show it: a scaler that has seen all rows hardly moves a prediction.
 */
export const scaling: Check = {
  name: 'learned-inside-the-fit',
  seesSymptoms: false,
  run({ pipeline, whole, seed }) {
    const { rows } = whole;
    const fits = fitMoments(rows, FITS);
    if (fits.length === 0) return notRun(tooShort(rows));
    const stretched = createRandom(seed).fork('stretched').integer(2);
    const findings: Finding[] = [];
    let prepared = 0;
    for (const [place, fittedAt] of fits.entries()) {
      const past = rowsUpTo(rows, fittedAt);
      const isStretched = (place + stretched) % 2 === 0;
      const behind = isStretched ? stretchedAfter(rows, past.count) : rows;
      prepared += past.count;
      const evidence = leakEvidence(pipeline, { alone: past, behind, fittedAt });
      if (evidence !== null) {
        const future = isStretched ? 'features three times as large' : 'as it is';
        findings.push({
          name: 'scaler-on-all',
          evidence: { fit: isoUtc(fittedAt), laterRows: rows.count - past.count, future, ...evidence },
        });
      }
    }
    return outcomeOf(
      `${prepared} prepared rows and ${fits.length} saved models, alone and with the rest of the history behind them`,
      findings,
    );
  },
};

function leakEvidence(
  pipeline: AuditedPipeline,
  { alone, behind, fittedAt }: { alone: DirectionRows; behind: DirectionRows; fittedAt: EpochMs },
): Evidence | null {
  const { horizonMinutes, embargoMinutes, graceSeconds } = pipeline.facts;
  const asOf = fittedAt + graceSeconds * SECOND_MS;
  const maturity = { asOf, horizonMinutes, embargoMinutes };
  const past = pipeline.prepare(alone);
  const all = pipeline.prepare(behind);
  const rows = compareRows(past, all, { upTo: fittedAt, asOf: Infinity });
  const save = (prepared: DirectionRows) =>
    JSON.stringify(pipeline.fit(pipeline.select(rowsUpTo(prepared, fittedAt), maturity)).toJson());
  const before = save(past);
  const after = save(all);
  if (rows.differing === 0 && before === after) return null;
  return { ...differenceEvidence(rows), savedModelMoved: before !== after, savedBytes: before.length };
}

function stretchedAfter(rows: DirectionRows, first: number): DirectionRows {
  const start = first * rows.columns.length;
  return { ...rows, values: rows.values.map((value, place) => (place < start ? value : 3 * value)) };
}
