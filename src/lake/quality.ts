import { DAY_MS, MINUTE_MS, type EpochMs } from '../core/index.ts';
import type { RawRecord } from '../sources/index.ts';
import { createBarLedger, type BarLedger } from './bar-ledger.ts';
import { inspectCandle, inspectJump, type PriceMemory, type PriceReference } from './inspect-candle.ts';
import { inspectIndex } from './inspect-index.ts';
import { inspectText } from './inspect-text.ts';
import {
  createTally,
  gapWarnings,
  sightAgain,
  type QualityReport,
  type QualityWarning,
  type Sightings,
} from './quality-report.ts';
import { identify, type RecordIdentity } from './record-id.ts';
import type { CandleObservation, IndexObservation, TextObservation } from './records.ts';
import { isRejection, reject, type Inspection, type Rejection, type Verdict } from './verdict.ts';

/** Judges raw records one after the other; what it has seen decides about duplicates, jumps, revisions and gaps. */
export interface Door {
  check(record: RawRecord): Verdict;
  /** Counts, reasons and warnings over everything checked so far. */
  report(): QualityReport;
}

export interface DoorOptions {
  asset: string;
  /** Nothing that claims to lie after it is believed; a revision is known from it on. */
  now: EpochMs;
  /** The last believed close of each series (see `seriesName`), where an earlier reading left off. */
  references?: ReadonlyMap<string, PriceReference>;
}

/** One sequence of bars or days. */
interface Series {
  source: string;
  name: string;
  stepMs: number;
  ledger: BarLedger;
  prices: PriceMemory;
  late?: Sightings;
  revised?: Sightings;
  revisions: Set<string>;
}

/** The name under which bars of one feed and length follow each other. */
export function seriesName(candle: { source: string; barMinutes: number }): string {
  return `${candle.source}/${candle.barMinutes}m`;
}

/**
 * The quality checks at the lake's door. Types are checked by hand rather than by a schema library: a million and a
 * half bars have to pass in seconds.
 *
 * The first version of a bar (or of an index's day) that passes is the one that serves. The identical record again
 * is a duplicate. Another version of a bar from the same source is a revision: it is kept, but known only from `now`
 * on, the moment at which the contradiction was first seen. A row that is older than its predecessor is a good row
 * out of order.
 */
export function createDoor(options: DoorOptions): Door {
  const series = new Map<string, Series>();
  const textIds = new Set<string>();
  const tally = createTally();

  function seriesOf({ source, name, stepMs }: Pick<Series, 'source' | 'name' | 'stepMs'>): Series {
    const known = series.get(name);
    if (known !== undefined) return known;
    const prices = { reference: options.references?.get(name) ?? null, rival: null };
    const fresh: Series = {
      source,
      name,
      stepMs,
      ledger: createBarLedger(stepMs),
      prices,
      revisions: new Set<string>(),
    };
    series.set(name, fresh);
    return fresh;
  }

  function judge(record: RawRecord, identity: RecordIdentity): Verdict {
    const inspection = findForeign(record, options.asset) ?? inspect(record, identity.id, options.now);
    if (isRejection(inspection)) return { ...identity, outcome: 'rejected', rejection: inspection };
    if (inspection.kind === 'candle') return placeCandle(record, inspection, identity);
    if (inspection.kind === 'index') return placeIndex(record, inspection, identity);
    return placeText(inspection, identity);
  }

  function placeCandle(record: RawRecord, candle: CandleObservation, identity: RecordIdentity): Verdict {
    const stepMs = candle.barMinutes * MINUTE_MS;
    const own = seriesOf({ source: candle.source, name: seriesName(candle), stepMs });
    const jump = inspectJump(record, candle, own.prices);
    if (jump !== null) return { ...identity, outcome: 'rejected', rejection: jump };
    const verdict = place({ own, record, identity }, candle);
    if (verdict.outcome === 'accepted' && !verdict.isRevision) {
      own.prices.reference = { close: candle.close, at: candle.eventTime };
      own.prices.rival = null;
    }
    return verdict;
  }

  function placeIndex(record: RawRecord, index: IndexObservation, identity: RecordIdentity): Verdict {
    const name = `${index.source}/${index.name}`;
    const own = seriesOf({ source: index.source, name, stepMs: DAY_MS });
    return place({ own, record, identity }, index);
  }

  function place(
    { own, record, identity }: { own: Series; record: RawRecord; identity: RecordIdentity },
    observation: CandleObservation | IndexObservation,
  ): Verdict {
    const isLate = own.ledger.isLate(observation.eventTime);
    const news = own.ledger.place(observation.eventTime, identity.id);
    if (news === 'same' || own.revisions.has(identity.id)) return { ...identity, outcome: 'duplicate' };
    if (isLate) own.late = sightAgain(own.late, record);
    if (news === 'first') return { ...identity, outcome: 'accepted', observation, isRevision: false };
    own.revisions.add(identity.id);
    own.revised = sightAgain(own.revised, record);
    const knownAt = Math.max(observation.knownAt, options.now);
    return { ...identity, outcome: 'accepted', observation: { ...observation, knownAt }, isRevision: true };
  }

  function placeText(text: TextObservation, identity: RecordIdentity): Verdict {
    if (textIds.has(identity.id)) return { ...identity, outcome: 'duplicate' };
    textIds.add(identity.id);
    return { ...identity, outcome: 'accepted', observation: text, isRevision: false };
  }

  return {
    check(record) {
      const verdict = judge(record, identify(record));
      tally.note(record, verdict);
      return verdict;
    },
    report: () => tally.report(warningsAbout([...series.values()])),
  };
}

function inspect(record: RawRecord, id: string, now: EpochMs): Inspection {
  const context = { id, now };
  if (record.kind === 'candle') return inspectCandle(record, context);
  return record.kind === 'index' ? inspectIndex(record, context) : inspectText(record, context);
}

/** What cannot be read at all, or is about something else. */
function findForeign(record: RawRecord, asset: string): Rejection | null {
  if (record.fields._unreadable !== undefined) {
    const { _problem: known } = record.fields;
    const finding =
      typeof known === 'string'
        ? { problem: `the line is ${known}`, remedy: 'Shorten it, or look for a line break that is missing.' }
        : {
            problem: 'the line cannot be read',
            remedy:
              'Compare the line with its neighbours: a cell too many or too few, a quote, a broken JSON object.',
          };
    return reject(record, { what: 'unreadable', field: '_unreadable', ...finding });
  }
  if (record.asset === asset) return null;
  const message = `asset is ${record.asset}: only ${asset} is taken here. Import it into a workspace of its own.`;
  return { reason: `${record.kind}_asset_unexpected`, field: 'asset', value: record.asset, message };
}

function warningsAbout(all: readonly Series[]): QualityWarning[] {
  const gaps = gapWarnings(
    all.map(({ source, name, stepMs, ledger }) => ({ source, series: name, stepMs, gaps: ledger.gaps() })),
  );
  return [...gaps, ...all.flatMap(disorderOf)];
}

function disorderOf({ name, late, revised }: Series): QualityWarning[] {
  const warnings: QualityWarning[] = [];
  if (late !== undefined) {
    const { count, first } = late;
    const message = `${name}: rows that stand after later ones: ${count}, the first at ${first}. They were taken; sort the file to be rid of this.`;
    warnings.push({ kind: 'unsorted', series: name, count, message });
  }
  if (revised !== undefined) {
    const { count, first } = revised;
    const message = `${name}: rows that contradict an earlier row of the same time: ${count}, the first at ${first}. The earlier one serves, the others are kept beside it; leave out those that are wrong.`;
    warnings.push({ kind: 'revisions', series: name, count, message });
  }
  return warnings;
}
