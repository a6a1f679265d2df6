import { DAY_MS, isoUtc } from '../core/index.ts';
import type { RawRecord } from '../sources/index.ts';
import { indexKnownAt } from './known-at.ts';
import { EARLIEST, isStorable, readDecimal, readMoment } from './parse.ts';
import type { IndexObservation } from './records.ts';
import { reject, type InspectionContext, type Rejection } from './verdict.ts';

/** Ranges that a publisher states for its index. */
const RANGES: Readonly<Record<string, readonly [low: number, high: number]>> = { fear_greed: [0, 100] };

const MAX_NAME_LENGTH = 100;

/** Holds a daily index value against everything that can be said of it alone. */
export function inspectIndex(record: RawRecord, context: InspectionContext): IndexObservation | Rejection {
  const { name } = record.fields;
  if (typeof name !== 'string' || name === '' || name.length > MAX_NAME_LENGTH || !isStorable(name)) {
    const problem = `no name of 1 to ${MAX_NAME_LENGTH} characters`;
    return reject(record, {
      what: 'name_invalid',
      field: 'name',
      problem,
      remedy: 'Give it, e.g. fear_greed.',
    });
  }
  const day = readMoment(record.fields.date);
  const fault = findBadDay(record, day, context.now) ?? findBadValue(record, name);
  if (fault !== null) return fault;
  return {
    kind: 'index',
    id: context.id,
    source: record.source,
    asset: record.asset,
    eventTime: day,
    knownAt: indexKnownAt({ name, day }, record.firstSeenAt),
    name,
    value: readDecimal(record.fields.value),
  };
}

function findBadDay(record: RawRecord, day: number, now: number): Rejection | null {
  const fault = (what: string, problem: string, remedy: string) =>
    reject(record, { what, field: 'date', problem, remedy });
  if (!(day % DAY_MS === 0)) return fault('date_unreadable', 'not a day', 'Write a date such as 2021-11-05.');
  if (day < EARLIEST)
    return fault('date_too_early', `before ${isoUtc(EARLIEST)}`, 'Check the unit of the date.');
  if (day > now)
    return fault('in_future', `begins after now (${isoUtc(now)})`, 'Check the clock of the source.');
  return null;
}

function findBadValue(record: RawRecord, name: string): Rejection | null {
  const value = readDecimal(record.fields.value);
  const field = 'value';
  if (Number.isNaN(value)) {
    const remedy = 'Give a plain decimal, or leave the day out.';
    return reject(record, { what: 'not_a_number', field, problem: 'not a finite decimal', remedy });
  }
  const [low, high] = RANGES[name] ?? [-Infinity, Infinity];
  if (value >= low && value <= high) return null;
  const problem = `${name} lies in ${low}..${high}`;
  return reject(record, {
    what: 'out_of_range',
    field,
    problem,
    remedy: 'Take this day again from the provider.',
  });
}
