export {
  RECORD_KINDS,
  type KnownRange,
  type RawRecord,
  type RawValue,
  type RecordKind,
  type Source,
} from './source.ts';
