import type { EpochMs } from '../core/index.ts';
import type { RawRecord, RawValue } from '../sources/index.ts';
import type { Observation } from './records.ts';

/** Silver's tables, by the kind of record that they hold. */
export const TABLE_OF = { candle: 'candles', article: 'articles', post: 'posts', index: 'indices' } as const;
export type Table = (typeof TABLE_OF)[keyof typeof TABLE_OF];
export const TABLES: readonly Table[] = Object.values(TABLE_OF);

/** Why a record was turned away. */
export interface Rejection {
  /** Stable, `<kind>_<what>`. */
  reason: string;
  field: string;
  /** The offending value as text, cut to what a person can read. */
  value: string;
  /** What is wrong, with values, and what to do. */
  message: string;
}

/** What the door says about one record. */
export type Verdict = { id: string; fieldsJson: string } & (
  | { outcome: 'accepted'; observation: Observation; isRevision: boolean }
  | { outcome: 'duplicate' }
  | { outcome: 'rejected'; rejection: Rejection }
);

/** A believed record before the door has looked whether it had it already. */
export type Inspection = Observation | Rejection;

/** What every inspection is given besides the record. */
export interface InspectionContext {
  id: string;
  now: EpochMs;
}

export function isRejection(finding: object): finding is Rejection {
  return 'reason' in finding;
}

/** Longest piece of a value that a message quotes. */
const QUOTE_LENGTH = 80;

/** A value as messages show it. */
export function quote(value: RawValue | undefined): string {
  if (value === undefined) return 'nothing';
  const text = typeof value === 'string' ? value : String(value);
  return text.length <= QUOTE_LENGTH ? text : `${text.slice(0, QUOTE_LENGTH)}…`;
}

/** Turns a record away because of one of its fields. */
export function reject(
  record: RawRecord,
  finding: { what: string; field: string; problem: string; remedy: string },
): Rejection {
  const value = quote(record.fields[finding.field]);
  return {
    reason: `${record.kind}_${finding.what}`,
    field: finding.field,
    value,
    message: `${finding.field} is ${value === '' ? 'empty' : value}: ${finding.problem}. ${finding.remedy}`,
  };
}
