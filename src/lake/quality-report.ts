import { DAY_MS, isoUtc } from '../core/index.ts';
import type { RawRecord } from '../sources/index.ts';
import type { Gap } from './bar-ledger.ts';
import { TABLES, TABLE_OF, type Rejection, type Table, type Verdict } from './verdict.ts';

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
  kind: 'gaps' | 'unsorted' | 'revisions';
  /** The feed, for an index with its name: `history:fear-greed/fear_greed`. */
  series: string;
  /** Missing bars, late rows, or rows that contradict an earlier one. */
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

  function note(record: RawRecord, verdict: Verdict): void {
    const table = TABLE_OF[record.kind];
    if (verdict.outcome === 'accepted') accepted[table] += 1;
    else if (verdict.outcome === 'duplicate') duplicates[table] += 1;
    else {
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
      warnings,
    }),
  };
}

/** A count of zero for every table of silver. */
export function countPerTable(): Record<Table, number> {
  return Object.fromEntries(TABLES.map((table) => [table, 0])) as Record<Table, number>;
}

/** A warning about missing bars that names the longest runs. */
export function gapWarning(series: string, gaps: readonly Gap[], stepMs: number): QualityWarning {
  const count = gaps.reduce((sum, gap) => sum + gap.bars, 0);
  const longest = [...gaps].sort((left, right) => right.bars - left.bars).slice(0, GAPS_IN_A_MESSAGE);
  const named = longest.map((gap) =>
    gap.bars === 1 ? isoUtc(gap.from) : `${isoUtc(gap.from)} to ${isoUtc(gap.to)} (${gap.bars})`,
  );
  const lead = gaps.length > longest.length ? 'the longest: ' : '';
  const step = stepMs >= DAY_MS ? 'days' : 'bars';
  return {
    kind: 'gaps',
    series,
    count,
    message: `${series}: ${count} ${step} missing in ${gaps.length} gaps, ${lead}${named.join(', ')}. Features over a gap are missing, too.`,
  };
}

function placeOf(record: RawRecord): string {
  return record.origin === null ? record.source : `${record.origin.file}:${record.origin.line}`;
}
