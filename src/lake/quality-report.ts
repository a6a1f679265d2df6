import { DAY_MS, isoUtc } from '../core/index.ts';
import type { RawRecord } from '../sources/index.ts';
import type { Gap } from './bar-ledger.ts';
import { quote, TABLES, TABLE_OF, type Rejection, type Table, type Verdict } from './verdict.ts';

/** One record that was turned away, for a person to look up. */
export interface QuarantineSample {
  /** `candles-1h.csv.gz:9860`, or the source's name for what came over a wire. */
  place: string;
  field: string;
  value: string;
  /** What is wrong and what to do. */
  message: string;
}

/** How often a reason turned records away, with the first few of them. */
export interface QuarantineReason {
  table: Table;
  reason: string;
  count: number;
  samples: QuarantineSample[];
}

/** Good rows with something a person may want to know. */
export interface QualityWarning {
  kind: 'gaps' | 'unsorted' | 'revisions' | 'duplicates';
  /** The feed, for an index with its name: `history:fear-greed/fear_greed`. */
  series: string;
  /** Missing bars, late rows, rows that contradict an earlier one, or the same row again. */
  count: number;
  message: string;
}

/** What came through the door and what did not, over all records so far. */
export interface QualityReport {
  accepted: Record<Table, number>;
  /** The same record again within this reading. */
  duplicates: Record<Table, number>;
  quarantined: Record<Table, number>;
  reasons: QuarantineReason[];
  warnings: QualityWarning[];
}

const SAMPLES_PER_REASON = 5;
const GAPS_IN_A_MESSAGE = 3;

/** Counts verdicts. */
export interface Tally {
  note(record: RawRecord, verdict: Verdict): void;
  report(warnings: QualityWarning[]): QualityReport;
}

export function createTally(): Tally {
  const accepted = countPerTable();
  const duplicates = countPerTable();
  const quarantined = countPerTable();
  const reasons = new Map<string, QuarantineReason>();
  const copies = new Map<string, Sightings>();

  function note(record: RawRecord, verdict: Verdict): void {
    const table = TABLE_OF[record.kind];
    if (verdict.outcome === 'accepted') accepted[table] += 1;
    else if (verdict.outcome === 'duplicate') {
      duplicates[table] += 1;
      copies.set(record.source, sightAgain(copies.get(record.source), record));
    } else {
      quarantined[table] += 1;
      noteReason(record, table, verdict.rejection);
    }
  }

  function noteReason(record: RawRecord, table: Table, rejection: Rejection): void {
    const entry = reasons.get(rejection.reason) ?? { table, reason: rejection.reason, count: 0, samples: [] };
    entry.count += 1;
    if (entry.samples.length < SAMPLES_PER_REASON) {
      const { field, value, message } = rejection;
      entry.samples.push({ place: placeOf(record), field, value, message });
    }
    reasons.set(rejection.reason, entry);
  }

  return {
    note,
    report: (warnings) => ({
      accepted: { ...accepted },
      duplicates: { ...duplicates },
      quarantined: { ...quarantined },
      reasons: [...reasons.values()],
      warnings: [...warnings, ...[...copies].map(([source, seen]) => copyWarning(source, seen))],
    }),
  };
}

/** How often something was seen, and where first. */
export interface Sightings {
  count: number;
  first: string;
}

export function sightAgain(seen: Sightings | undefined, record: RawRecord): Sightings {
  if (seen !== undefined) return { ...seen, count: seen.count + 1 };
  const { open_time, published_at, posted_at, date } = record.fields;
  return { count: 1, first: `${placeOf(record)} (${quote(open_time ?? published_at ?? posted_at ?? date)})` };
}

function copyWarning(series: string, { count, first }: Sightings): QualityWarning {
  const message = `${series}: rows that repeat an earlier one, every field the same: ${count}, the first at ${first}. Each was taken once; leave the copies out to be rid of this.`;
  return { kind: 'duplicates', series, count, message };
}

/** A count of zero for every table of silver. */
export function countPerTable(): Record<Table, number> {
  return Object.fromEntries(TABLES.map((table) => [table, 0])) as Record<Table, number>;
}

/** The missing bars of one series. */
export interface SeriesGaps {
  /** The feed that it belongs to. */
  source: string;
  series: string;
  stepMs: number;
  gaps: readonly Gap[];
}

/** Warnings about missing bars, one a feed: of many indices in one file the one with most days missing speaks. */
export function gapWarnings(all: readonly SeriesGaps[]): QualityWarning[] {
  const gappy = all.filter(({ gaps }) => gaps.length > 0);
  return [...Map.groupBy(gappy, ({ source }) => source).values()].flatMap((feed) => {
    const [worst] = [...feed].sort((left, right) => countBars(right.gaps) - countBars(left.gaps));
    return worst === undefined ? [] : [gapWarning(worst, feed.length - 1)];
  });
}

function gapWarning({ series, stepMs, gaps }: SeriesGaps, others: number): QualityWarning {
  const count = countBars(gaps);
  const isDaily = stepMs === DAY_MS;
  const named = [...gaps]
    .sort((left, right) => right.bars - left.bars)
    .slice(0, GAPS_IN_A_MESSAGE)
    .map(({ from, to, bars }) => (bars === 1 ? isoUtc(from) : `${isoUtc(from)} to ${isoUtc(to)} (${bars})`));
  const message = [
    `${series} lacks ${count} ${isDaily ? 'day' : 'bar'}${count === 1 ? '' : 's'} between its first and its last, the longest runs:`,
    `${named.join(', ')}${isDaily ? '' : ' (close times)'}.`,
    others === 0 ? '' : `So do ${others} more series of this feed.`,
    'What is computed over a gap is missing, too.',
  ];
  return { kind: 'gaps', series, count, message: message.filter((part) => part !== '').join(' ') };
}

function countBars(gaps: readonly Gap[]): number {
  return gaps.reduce((sum, { bars }) => sum + bars, 0);
}

function placeOf(record: RawRecord): string {
  return record.origin === null ? record.source : `${record.origin.file}:${record.origin.line}`;
}
