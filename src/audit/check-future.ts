import { createRandom, isoUtc, MINUTE_MS, SECOND_MS, type EpochMs } from '../core/index.ts';
import type { RawRecord } from '../sources/index.ts';
import { notRun, outcomeOf, type AuditCase, type Check, type Finding, type Outcome } from './check.ts';
import { countOf, EARLY_LEAKS, plural, sourceKindOf, type SourceKind } from './check-known-times.ts';
import { compareRows, differenceEvidence } from './compare-rows.ts';
import { foldRecords } from './pipeline.ts';

/** Each cut folds the history anew; candles are in every feature and every label, so they get most. */
const CUTS: Record<SourceKind, number> = { candle: 3, text: 3, index: 2 };
/** The words that stand in for a headline of the future. */
const OTHER_WORDS = 'Panic and crash: a terrible, horrible disaster';

/**
 * The three attacks on the future, one for each kind of source. At some windows everything of that kind which could not
 * have been used at the decision is deleted, or changed into something else, and all rows up to the window must keep
 * every bit, the truth that was known by then included. The windows are chosen where a careless reader would stumble:
 * something has a stamp before the decision and became known after it.
 */
export const futureChecks: readonly Check[] = (['candle', 'text', 'index'] as const).map((kind) => ({
  name: `future-${kind === 'index' ? 'indices' : plural(kind)}`,
  seesSymptoms: false,
  run: (audited) => attackFuture(audited, kind),
}));

async function attackFuture(audited: AuditCase, kind: SourceKind): Promise<Outcome> {
  const cuts = chooseCuts(audited, kind);
  if (cuts.length === 0) {
    const count = countOf(audited, kind);
    return notRun(
      count === 0
        ? `the history has no ${plural(kind)}`
        : `none of ${count} ${plural(kind)} has a stamp before a window's decision and became known after it`,
    );
  }
  const findings: Finding[] = [];
  let compared = 0;
  let touched = 0;
  for (const [place, windowEnd] of cuts.entries()) {
    const asOf = windowEnd + audited.pipeline.facts.graceSeconds * SECOND_MS;
    const how = place % 2 === 0 ? 'deleted' : 'changed';
    const { records, count } = withoutFuture(audited, { kind, asOf, how });
    const { rows } = await foldRecords(audited.pipeline, records);
    const difference = compareRows(audited.whole.rows, rows, { upTo: windowEnd, asOf });
    compared += difference.compared;
    touched += count;
    if (difference.differing === 0) continue;
    const evidence = { window: isoUtc(windowEnd), future: how, recordsTouched: count };
    findings.push({
      name: EARLY_LEAKS[kind],
      evidence: { ...evidence, ...differenceEvidence(difference) },
    });
  }
  const told = cuts.map((windowEnd) => isoUtc(windowEnd)).join(', ');
  return outcomeOf(
    `${compared} rows up to ${told}: every bit, with ${touched} ${plural(kind)} of the time after deleted or changed`,
    findings,
  );
}

/** Windows at whose decision a record of this kind has its stamp, but could not be used yet. */
export function trapWindows({ pipeline, records, times, whole }: AuditCase, kind: SourceKind): EpochMs[] {
  const { barMinutes, graceSeconds } = pipeline.facts;
  const { windowEnds } = whole.rows;
  const bar = barMinutes * MINUTE_MS;
  const grace = graceSeconds * SECOND_MS;
  const first = windowEnds[0] ?? Infinity;
  const last = windowEnds.at(-1) ?? -Infinity;
  const traps = new Set<EpochMs>();
  records.forEach((record, place) => {
    const { stamp = NaN, knownFrom = NaN } = times[place] ?? {};
    if (sourceKindOf(record) !== kind) return;
    // The last window decided before the record could be used.
    const windowEnd = (Math.ceil((knownFrom - grace) / bar) - 1) * bar;
    if (windowEnd >= first && windowEnd <= last && stamp <= windowEnd + grace) traps.add(windowEnd);
  });
  return [...traps].sort((left, right) => left - right);
}

function chooseCuts(audited: AuditCase, kind: SourceKind): EpochMs[] {
  const traps = trapWindows(audited, kind);
  // Early rows are mostly missing values, which say little.
  const later = traps.slice(Math.floor(traps.length / 4));
  const random = createRandom(audited.seed).fork(`cuts ${kind}`);
  const chosen = new Set<EpochMs>();
  for (let draw = 0; draw < CUTS[kind] && later.length > 0; draw += 1) {
    chosen.add(later[random.integer(later.length)] ?? NaN);
  }
  return [...chosen].sort((left, right) => left - right);
}

function withoutFuture(
  { records, times }: AuditCase,
  { kind, asOf, how }: { kind: SourceKind; asOf: EpochMs; how: 'deleted' | 'changed' },
): { records: RawRecord[]; count: number } {
  let count = 0;
  const kept = records.flatMap((record, place) => {
    if (sourceKindOf(record) !== kind || !((times[place]?.knownFrom ?? NaN) > asOf)) return [record];
    count += 1;
    return how === 'deleted' ? [] : [changed(record)];
  });
  return { records: kept, count };
}

/** Something else that the door believes: a price a little higher, other words, another day's mood. */
function changed(record: RawRecord): RawRecord {
  const { fields, kind } = record;
  if (kind === 'candle') return { ...record, fields: { ...fields, ...scaledBar(record, 1.01) } };
  if (kind === 'index')
    return { ...record, fields: { ...fields, value: Number(fields.value) > 50 ? 3 : 97 } };
  return { ...record, fields: { ...fields, [kind === 'article' ? 'title' : 'text']: OTHER_WORDS } };
}

/** The prices of a raw bar times a factor, in eight digits, and twice its volume. */
export function scaledBar({ fields }: RawRecord, factor: number): RawRecord['fields'] {
  const prices = (['open', 'high', 'low', 'close'] as const).map((name) => [
    name,
    Number((Number(fields[name]) * factor).toPrecision(8)),
  ]);
  return { ...Object.fromEntries(prices), volume: Number((Number(fields.volume) * 2).toPrecision(8)) };
}
