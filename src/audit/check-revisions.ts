import { createRandom, isoUtc, MINUTE_MS, type EpochMs } from '../core/index.ts';
import type { FeatureInput } from '../features/index.ts';
import { compareObservations } from '../lake/index.ts';
import type { RawRecord } from '../sources/index.ts';
import { notRun, outcomeOf, type AuditCase, type Check, type Finding } from './check.ts';
import { scaledBar } from './check-future.ts';
import { compareRows, differenceEvidence, type RowDifference } from './compare-rows.ts';
import { closeTimeOf } from './known-from.ts';
import { foldRecords } from './pipeline.ts';

const REVISED_BARS = 24;
const FEWEST_BARS = 48;
/** Two percent off: no price jump for the door, and no rounding. */
const FACTOR = 1.02;
/** A provider corrects a bar within the hour. */
const REVISED_AFTER_MS = 30 * MINUTE_MS;

/**
 * Some bars get a second version with other prices: once as a raw record behind the first one, as a corrected archive
 * holds it, and once as an observation half an hour later, as live operation meets it. The first closed version serves,
 * so no row and no label of the whole history may move.
 */
export const revisions: Check = {
  name: 'revisions',
  seesSymptoms: false,
  async run(audited) {
    const { pipeline, whole } = audited;
    const bars = chooseBars(audited);
    if (bars.length === 0) return notRun(`fewer than ${FEWEST_BARS} bars`);
    const archive = await foldRecords(pipeline, [...audited.records, ...bars.map(revisedRecord)]);
    const live = pipeline.fold(withRevisions(whole.inputs, new Set(bars.map(closeTimeOf))));
    const versions = [
      ['a second record of the bar', archive.rows],
      ['a second observation half an hour later', live.rows],
    ] as const;
    const everything = { upTo: Infinity, asOf: Infinity };
    const findings = versions.flatMap(([came, rows]): Finding[] => {
      const difference = compareRows(whole.rows, rows, everything);
      if (difference.differing === 0) return [];
      return [{ name: 'revised-value', evidence: { came, ...revisedEvidence(bars, difference) } }];
    });
    const natural = await withoutLaterVersions(audited);
    if (natural.difference.differing > 0) {
      const evidence = { came: `${natural.count} later versions that the history itself holds` };
      findings.push({
        name: 'revised-value',
        evidence: { ...evidence, ...differenceEvidence(natural.difference) },
      });
    }
    return outcomeOf(
      `${whole.rows.count} rows and their truth: every bit, with ${bars.length} bars revised by ${Math.round((FACTOR - 1) * 100)} %, as records and as observations` +
        (natural.count > 0 ? `, and without ${natural.count} later versions of the history` : ''),
      findings,
    );
  },
};

function chooseBars({ records, whole, seed }: AuditCase): RawRecord[] {
  const accepted = new Set(
    whole.inputs.filter(({ kind }) => kind === 'candle').map(({ eventTime }) => eventTime),
  );
  const candles = records.filter((record) => record.kind === 'candle' && accepted.has(closeTimeOf(record)));
  if (candles.length < FEWEST_BARS) return [];
  const random = createRandom(seed).fork('revised bars');
  const places = new Set<number>();
  while (places.size < Math.min(REVISED_BARS, candles.length / 2)) places.add(random.integer(candles.length));
  return [...places].sort((left, right) => left - right).flatMap((place) => candles[place] ?? []);
}

function revisedRecord(record: RawRecord): RawRecord {
  return { ...record, fields: { ...record.fields, ...scaledBar(record, FACTOR) } };
}

function withRevisions(inputs: readonly FeatureInput[], closeTimes: ReadonlySet<EpochMs>): FeatureInput[] {
  const revised = inputs.flatMap((input): FeatureInput[] => {
    if (input.kind !== 'candle' || !closeTimes.has(input.eventTime)) return [];
    const { id, open, high, low, close, knownAt } = input;
    const prices = {
      open: open * FACTOR,
      high: high * FACTOR,
      low: low * FACTOR,
      close: close * FACTOR,
    };
    return [{ ...input, ...prices, id: `${id}-revised`, knownAt: knownAt + REVISED_AFTER_MS }];
  });
  return [...inputs, ...revised].sort(compareObservations);
}

/** What the folding is like without those records of the history that come second for their bar. */
async function withoutLaterVersions({
  pipeline,
  records,
  whole,
}: AuditCase): Promise<{ count: number; difference: RowDifference }> {
  const later = laterVersions(records);
  let kept = records;
  if (later.size > 0) {
    const firstOnly = await pipeline.observe(records.filter((record) => !later.has(record)));
    const told = new Set(firstOnly.map(({ eventTime }) => eventTime));
    // Where the door turned the first version away the second one is the first.
    kept = records.filter((record) => !later.has(record) || !told.has(closeTimeOf(record)));
  }
  const rows = kept.length === records.length ? whole.rows : (await foldRecords(pipeline, kept)).rows;
  const difference = compareRows(whole.rows, rows, { upTo: Infinity, asOf: Infinity });
  return { count: records.length - kept.length, difference };
}

function laterVersions(records: readonly RawRecord[]): Set<RawRecord> {
  const seen = new Set<string>();
  const later = new Set<RawRecord>();
  for (const record of records) {
    if (record.kind !== 'candle') continue;
    const bar = `${record.source} ${record.fields.bar_minutes} ${record.fields.open_time}`;
    if (seen.has(bar)) later.add(record);
    seen.add(bar);
  }
  return later;
}

function revisedEvidence(bars: readonly RawRecord[], difference: RowDifference): Record<string, unknown> {
  const [example] = bars;
  return {
    revisedBars: bars.length,
    revisedBy: FACTOR - 1,
    firstRevised:
      example === undefined
        ? null
        : { closedAt: isoUtc(closeTimeOf(example)), close: Number(example.fields.close) },
    ...differenceEvidence(difference),
  };
}
