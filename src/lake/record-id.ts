import { hash } from 'node:crypto';
import type { RawRecord, RawValue } from '../sources/index.ts';

/** A record's identity and the text that it was taken from. */
export interface RecordIdentity {
  id: string;
  /** The fields as JSON, names sorted: what bronze keeps. */
  fieldsJson: string;
}

/**
 * Names a record by its content: SHA-256 (first 32 hex digits) of source, kind, asset and fields. The order of the
 * fields, the file, the line and the moment of arrival do not matter, so the same record always has the same id.
 */
export function identify(record: RawRecord): RecordIdentity {
  const fieldsJson = JSON.stringify(sorted(record.fields));
  const owner = JSON.stringify([record.source, record.kind, record.asset]);
  return { id: hash('sha256', owner + fieldsJson, 'hex').slice(0, 32), fieldsJson };
}

function sorted(fields: Record<string, RawValue>): Record<string, RawValue> {
  const names = Object.keys(fields);
  if (names.every((name, place) => place === 0 || (names[place - 1] ?? '') < name)) return fields;
  return Object.fromEntries(names.sort().map((name) => [name, fields[name] ?? null]));
}
