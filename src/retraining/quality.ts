import { HOUR_MS, isoUtc, MINUTE_MS, type EpochMs } from '../core/index.ts';
import { FEWEST_GATE_ROWS, isKnown, JUDGED_MS, type HorizonData } from './learning-data.ts';

/** Fewer matured rows than this are not worth a retraining. */
const FEWEST_ROWS = FEWEST_GATE_ROWS;
/** A truth may come 24 h late, and a day's trouble is no reason to skip a week. */
const OLDEST_TRUTH_HOURS = 48;
/** More void truths than this among the newest eight weeks mean that prices are missing or stand still. */
const MOST_VOID = 0.2;
/** A column with values in half of its past belongs to this market's data; others never came or have just begun. */
const USUAL_SHARE = 0.5;
/** More gaps than this in the usual columns of the newest eight weeks mean that a source has gone. */
const MOST_MISSING = 0.2;

/**
 * Looks for a reason why nothing should be learnt from these rows now: too few, a truth that stopped coming, infinite
 * values, too many void truths, too many gaps in columns that used to be filled.
 * @returns the first reason in words with its figures, or null
 */
export function findFault(data: HorizonData, at: EpochMs): string | null {
  return tooFew(data) ?? tooOld(data, at) ?? infinite(data) ?? tooVoid(data, at) ?? tooPatchy(data);
}

function tooFew({ shipRows, horizonMinutes }: HorizonData): string | null {
  if (shipRows.count >= FEWEST_ROWS) return null;
  return `Only ${shipRows.count} windows have a known truth at ${horizonMinutes} minutes, ${FEWEST_ROWS} are needed.`;
}

function tooOld({ to, horizonMinutes }: HorizonData, at: EpochMs): string | null {
  if (to === null) return null;
  const hours = (at - to - horizonMinutes * MINUTE_MS) / HOUR_MS;
  if (hours <= OLDEST_TRUTH_HOURS) return null;
  return `The newest truth at ${horizonMinutes} minutes is that of ${isoUtc(to)}, ${Math.floor(hours)} h overdue; ${OLDEST_TRUTH_HOURS} h are allowed.`;
}

function infinite({ shipRows }: HorizonData): string | null {
  const { values, columns } = shipRows.rows;
  const place = values.findIndex((value) => value === Infinity || value === -Infinity);
  if (place < 0) return null;
  return `The feature ${columns[place % columns.length] ?? ''} holds an infinite value.`;
}

function tooVoid({ all, horizonMinutes }: HorizonData, at: EpochMs): string | null {
  let settled = 0;
  let isVoid = 0;
  for (let row = 0; row < all.count; row += 1) {
    if ((all.windowEnds[row] ?? 0) <= at - JUDGED_MS || !isKnown(all, row, at)) continue;
    settled += 1;
    if ((all.labels[row] ?? 0) > 1) isVoid += 1;
  }
  if (isVoid <= MOST_VOID * settled) return null;
  return `${share(isVoid / settled)} of the truths of the last eight weeks at ${horizonMinutes} minutes are void, ${share(MOST_VOID)} are allowed.`;
}

function tooPatchy({ shipRows, judged }: HorizonData): string | null {
  const past = missingShares(shipRows.rows);
  const newest = missingShares(judged.rows);
  const usual = newest.filter((_, place) => (past[place] ?? 1) <= 1 - USUAL_SHARE);
  const missing = usual.reduce((sum, each) => sum + each, 0) / usual.length;
  if (!(missing > MOST_MISSING)) return null;
  return `${share(missing)} of the feature values of the last eight weeks are missing in columns that used to be filled, ${share(MOST_MISSING)} are allowed.`;
}

/** Share of missing values, a column each. */
function missingShares({
  columns,
  values,
  count,
}: {
  columns: readonly string[];
  values: Float64Array;
  count: number;
}): number[] {
  const missing = new Array<number>(columns.length).fill(0);
  values.forEach((value, place) => {
    const column = place % columns.length;
    if (Number.isNaN(value)) missing[column] = (missing[column] ?? 0) + 1;
  });
  return missing.map((gaps) => gaps / count);
}

function share(value: number): string {
  return `${Math.round(100 * value)} %`;
}
