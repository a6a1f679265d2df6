import { isoUtc, type EpochMs } from '../core/index.ts';
import type { RawRecord } from '../sources/index.ts';
import { textKnownAt } from './known-at.ts';
import { EARLIEST, TIME_REMEDY, isStorable, readMoment } from './parse.ts';
import type { TextObservation } from './records.ts';
import { isRejection, reject, type InspectionContext, type Rejection } from './verdict.ts';

interface TextShape {
  kind: TextObservation['kind'];
  textField: string;
  timeField: string;
  maxLength: number;
}

/** No headline is longer: what is, is an article's body in the wrong field. */
const ARTICLE: TextShape = {
  kind: 'article',
  textField: 'title',
  timeField: 'published_at',
  maxLength: 1_000,
};

/** The longest post that Reddit itself accepts. */
const POST: TextShape = { kind: 'post', textField: 'text', timeField: 'posted_at', maxLength: 40_000 };

/** Holds an article (its title is what counts) or a post against everything that can be said of it alone. */
export function inspectText(record: RawRecord, context: InspectionContext): TextObservation | Rejection {
  const shape = record.kind === 'post' ? POST : ARTICLE;
  const text = readText(record, shape);
  if (typeof text !== 'string') return text;
  const times = readTimes(record, shape, context.now);
  if (isRejection(times)) return times;
  return {
    kind: shape.kind,
    id: context.id,
    source: record.source,
    asset: record.asset,
    eventTime: times.publishedAt,
    knownAt: textKnownAt(times.publishedAt, times.firstSeenAt),
    text,
  };
}

function readText(record: RawRecord, { textField: field, maxLength }: TextShape): string | Rejection {
  const text = record.fields[field];
  if (typeof text !== 'string' || text.trim() === '') {
    const remedy = 'Leave out rows without words: there is nothing to score.';
    return reject(record, { what: `${field}_empty`, field, problem: 'no text', remedy });
  }
  if (text.length > maxLength) {
    const problem = `${text.length} characters, at most ${maxLength} are taken`;
    return reject(record, { what: `${field}_too_long`, field, problem, remedy: 'Shorten it at its source.' });
  }
  if (!isStorable(text)) {
    const problem = 'holds a NUL character or half of a surrogate pair';
    return reject(record, {
      what: `${field}_broken`,
      field,
      problem,
      remedy: 'Write the file again as UTF-8.',
    });
  }
  return text;
}

interface TextTimes {
  publishedAt: EpochMs;
  firstSeenAt: EpochMs | null;
}

function readTimes(record: RawRecord, { timeField }: TextShape, now: EpochMs): TextTimes | Rejection {
  const publishedAt = readPast(record, timeField, now);
  if (typeof publishedAt !== 'number') return publishedAt;
  const noted = record.fields.first_seen_at;
  if (noted === undefined || noted === null || noted === '') {
    return { publishedAt, firstSeenAt: record.firstSeenAt };
  }
  const firstSeenAt = readPast(record, 'first_seen_at', now);
  if (typeof firstSeenAt !== 'number') return firstSeenAt;
  // Somebody else may have seen it before us; we could use it from our own first sight only.
  return { publishedAt, firstSeenAt: Math.max(firstSeenAt, record.firstSeenAt ?? firstSeenAt) };
}

function readPast(record: RawRecord, field: string, now: EpochMs): EpochMs | Rejection {
  const moment = readMoment(record.fields[field]);
  if (Number.isNaN(moment)) {
    return reject(record, { what: 'time_unreadable', field, problem: 'not a moment', remedy: TIME_REMEDY });
  }
  if (moment < EARLIEST) {
    const problem = `before ${isoUtc(EARLIEST)}`;
    return reject(record, { what: 'time_too_early', field, problem, remedy: 'Check the unit of the stamp.' });
  }
  if (moment > now) {
    const problem = `after now (${isoUtc(now)})`;
    return reject(record, {
      what: 'in_future',
      field,
      problem,
      remedy: 'Check the clock and the zone of the source.',
    });
  }
  return moment;
}
