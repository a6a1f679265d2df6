import { isoUtc, MINUTE_MS, type EpochMs } from '../core/index.ts';
import { VOID_LABEL } from '../models/index.ts';
import { notRun, outcomeOf, type AuditCase, type Check, type Evidence, type Finding } from './check.ts';
import { closeTimeOf } from './known-from.ts';

interface Wrong {
  count: number;
  first: Evidence | null;
}

/**
 * Every label once more, from the raw candles: close(T+h) against close(T), and one bar later the same. And none may be
 * known before the close that decides it.
 */
export const truth: Check = {
  name: 'truth',
  seesSymptoms: false,
  run(audited) {
    const { rows, labelsOneBarLater } = audited.whole;
    const { barMinutes, horizonMinutes } = audited.pipeline.facts;
    const closes = rawCloses(audited);
    const readable = readableFrom(audited);
    const span = horizonMinutes * MINUTE_MS;
    const sets = [
      { labels: rows.labels, delay: 0 },
      { labels: labelsOneBarLater, delay: barMinutes * MINUTE_MS },
    ];
    let compared = 0;
    const mismatch: Wrong = { count: 0, first: null };
    const early: Wrong = { count: 0, first: null };
    for (const { labels, delay } of sets) {
      rows.windowEnds.forEach((windowEnd, row) => {
        const label = labels[row] ?? VOID_LABEL;
        const entry = closes.get(windowEnd + delay) ?? NaN;
        const end = closes.get(windowEnd + delay + span) ?? NaN;
        if (label > 1 || Number.isNaN(entry) || Number.isNaN(end)) return;
        compared += 1;
        if ((end > entry ? 1 : 0) !== label || end === entry) {
          note(mismatch, { window: isoUtc(windowEnd), delayMinutes: delay / MINUTE_MS, label, entry, end });
        }
        const knownAt = rows.labelKnownAt[row] ?? NaN;
        const due = readable.get(windowEnd + span) ?? -Infinity;
        if (delay === 0 && knownAt < due) {
          note(early, { window: isoUtc(windowEnd), knownAt: isoUtc(knownAt), closeReadableAt: isoUtc(due) });
        }
      });
    }
    if (compared === 0) return notRun('no window has a label and both closes');
    return outcomeOf(`${compared} labels, those of an entry one bar later included, against the raw closes`, [
      ...findingOf('label-mismatch', compared, mismatch),
      ...findingOf('label-known-early', compared, early),
    ]);
  },
};

function note(wrong: Wrong, first: Evidence): void {
  wrong.count += 1;
  wrong.first ??= first;
}

function findingOf(name: string, compared: number, { count, first }: Wrong): Finding[] {
  return count === 0 ? [] : [{ name, evidence: { labelsCompared: compared, labelsWrong: count, first } }];
}

/** By close time; a bar of which the history holds several versions is left out, since which one counts is another check's. */
function rawCloses({ records }: AuditCase): Map<EpochMs, number> {
  const closes = new Map<EpochMs, number>();
  for (const record of records) {
    if (record.kind !== 'candle') continue;
    const closeTime = closeTimeOf(record);
    const close = Number(record.fields.close);
    const other = closes.get(closeTime);
    closes.set(closeTime, other === undefined || other === close ? close : NaN);
  }
  return closes;
}

/** When the pipeline itself could first read the close of a bar. */
function readableFrom({ whole }: AuditCase): Map<EpochMs, EpochMs> {
  const readable = new Map<EpochMs, EpochMs>();
  for (const input of whole.inputs) {
    if (input.kind !== 'candle') continue;
    readable.set(input.eventTime, Math.min(input.knownAt, readable.get(input.eventTime) ?? Infinity));
  }
  return readable;
}
