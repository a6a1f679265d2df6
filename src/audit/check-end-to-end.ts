import { DAY_MS, isoUtc, MINUTE_MS, SECOND_MS, type EpochMs } from '../core/index.ts';
import { notRun, outcomeOf, SAYS_THE_SAME, type Check } from './check.ts';
import { lastWeeklyFit } from './fit-moments.ts';
import { foldRecords, walk } from './pipeline.ts';

const DAYS_PREDICTED = 7;

/**
 * All stages in a row, as a run goes through them: at the decision of a weekly fit everything that could not have been
 * known is deleted, and the predictions of the week before and of the window itself must keep every bit.
 */
export const endToEnd: Check = {
  name: 'end-to-end',
  seesSymptoms: true,
  async run({ pipeline, records, times, whole }) {
    const at = lastWeeklyFit(whole.rows);
    if (at === undefined) return notRun('no weekly fit lies between the warm-up and the last window');
    const asOf = at + pipeline.facts.graceSeconds * SECOND_MS;
    const past = records.filter((_, place) => !((times[place]?.knownFrom ?? NaN) > asOf));
    const cut = await foldRecords(pipeline, past);
    const tested = {
      from: at - Math.max(DAYS_PREDICTED * DAY_MS, pipeline.facts.barMinutes * MINUTE_MS),
      to: at,
      refit: 'weekly',
    } as const;
    const before = byWindow(whole.rows.windowEnds, walk(pipeline, whole.rows, tested).probabilities);
    if (new Set(before.values()).size <= 1) return notRun(SAYS_THE_SAME);
    const after = byWindow(cut.rows.windowEnds, walk(pipeline, cut.rows, tested).probabilities);
    const moved = [...before].filter(([windowEnd, value]) => !Object.is(value, after.get(windowEnd)));
    const [first] = moved;
    const compared = `${before.size} predictions up to ${isoUtc(at)}: every bit, with ${records.length - past.length} records of the time after deleted`;
    if (first === undefined) return outcomeOf(compared, []);
    const evidence = {
      predictionsCompared: before.size,
      predictionsMoved: moved.length,
      first: { window: isoUtc(first[0]), before: first[1], after: after.get(first[0]) ?? null },
    };
    return outcomeOf(compared, [{ name: 'future-in-predictions', evidence }]);
  },
};

function byWindow(windowEnds: Float64Array, probabilities: Float64Array): Map<EpochMs, number> {
  const found = new Map<EpochMs, number>();
  probabilities.forEach((probability, row) => {
    if (!Number.isNaN(probability)) found.set(windowEnds[row] ?? NaN, probability);
  });
  return found;
}
