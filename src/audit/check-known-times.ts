import { isoUtc, MINUTE_MS, type EpochMs } from '../core/index.ts';
import type { Observation } from '../lake/index.ts';
import { quantile } from '../stats/index.ts';
import type { RawRecord } from '../sources/index.ts';
import { notRun, outcomeOf, type AuditCase, type Check, type Evidence, type Finding } from './check.ts';

/** A kind of record that comes too early, by the name of its leak. */
export const EARLY_LEAKS = {
  candle: 'close-at-open',
  text: 'news-at-publication',
  index: 'index-before-its-time',
} as const;

/** What the three checks of the future attack. */
export type SourceKind = keyof typeof EARLY_LEAKS;

/** Articles and posts are one kind here: both have a stamp and become known after it. */
export function sourceKindOf({ kind }: { kind: RawRecord['kind'] }): SourceKind {
  return kind === 'article' || kind === 'post' ? 'text' : kind;
}

interface Early {
  read: number;
  leadsMs: number[];
  example: { what: string; knownFrom: string; readableAt: string } | null;
}

/**
 * Every observation against the moment from which its raw record could have been used. They are matched by content,
 * never by time, because the time is what is in question; where several records say the same, the n-th reading must not
 * come before the n-th record.
 */
export const knownTimes: Check = {
  name: 'known-times',
  seesSymptoms: false,
  run({ records, times, whole }) {
    if (whole.observations.length === 0) return notRun('nothing came through the door');
    const allowed = new Map<string, EpochMs[]>();
    records.forEach((record, place) => {
      const knownFrom = times[place]?.knownFrom ?? NaN;
      if (!Number.isNaN(knownFrom)) append(allowed, contentOf(record), knownFrom);
    });
    const read = new Map<string, EpochMs[]>();
    for (const observation of whole.observations) {
      append(read, contentOfObservation(observation), observation.knownAt);
    }
    const early = compareTimes(allowed, read);
    const findings = Object.entries(early).flatMap(([kind, found]): Finding[] =>
      found.leadsMs.length === 0
        ? []
        : [{ name: EARLY_LEAKS[kind as SourceKind], evidence: earlyEvidence(found) }],
    );
    const counts = Object.entries(early).map(([kind, { read: count }]) => `${count} ${plural(kind)}`);
    return outcomeOf(`${counts.join(', ')}: first readable against the rules of known time`, findings);
  },
};

function compareTimes(
  allowed: ReadonlyMap<string, EpochMs[]>,
  read: ReadonlyMap<string, EpochMs[]>,
): Record<SourceKind, Early> {
  const early: Record<SourceKind, Early> = {
    candle: { read: 0, leadsMs: [], example: null },
    text: { read: 0, leadsMs: [], example: null },
    index: { read: 0, leadsMs: [], example: null },
  };
  for (const [content, moments] of read) {
    const own = early[content.slice(0, content.indexOf('|')) as SourceKind];
    const due = (allowed.get(content) ?? []).toSorted((left, right) => left - right);
    own.read += moments.length;
    moments
      .toSorted((left, right) => left - right)
      .forEach((readableAt, place) => {
        const knownFrom = due[place];
        if (knownFrom === undefined || readableAt >= knownFrom) return;
        own.leadsMs.push(knownFrom - readableAt);
        own.example ??= { what: content, knownFrom: isoUtc(knownFrom), readableAt: isoUtc(readableAt) };
      });
  }
  return early;
}

function earlyEvidence({ read, leadsMs, example }: Early): Evidence {
  const leads = Float64Array.from(leadsMs, (lead) => lead / MINUTE_MS);
  return {
    observations: read,
    readTooEarly: leads.length,
    medianLeadMinutes: quantile(leads, 0.5),
    longestLeadMinutes: leads.reduce((longest, lead) => Math.max(longest, lead), 0),
    example,
  };
}

function contentOf(record: RawRecord): string {
  const { fields, kind } = record;
  if (kind === 'candle') {
    const numbers = [fields.open, fields.high, fields.low, fields.close, fields.volume].map(Number);
    return `candle|${record.source}|${numbers.join(' ')}`;
  }
  if (kind === 'index') return `index|${record.source}|${fields.name} ${Number(fields.value)}`;
  return `text|${record.source}|${kind === 'article' ? fields.title : fields.text}`;
}

function contentOfObservation(observation: Observation): string {
  const { kind, source } = observation;
  if (kind === 'candle') {
    const { open, high, low, close, volume } = observation;
    return `candle|${source}|${[open, high, low, close, volume].join(' ')}`;
  }
  if (kind === 'index') return `index|${source}|${observation.name} ${observation.value}`;
  return `text|${source}|${observation.text}`;
}

function append(lists: Map<string, EpochMs[]>, key: string, moment: EpochMs): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [moment]);
  else list.push(moment);
}

export function plural(kind: string): string {
  return kind === 'index' ? 'index days' : `${kind}s`;
}

/** How many records of a kind there are; the reason of a check that cannot run. */
export function countOf({ records }: Pick<AuditCase, 'records'>, kind: SourceKind): number {
  return records.filter((record) => sourceKindOf(record) === kind).length;
}
