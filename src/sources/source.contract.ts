import { describe, expect, it } from 'vitest';
import { parseUtc } from '../core/index.ts';
import { RECORD_KINDS, type KnownRange, type RawRecord, type RecordKind, type Source } from './source.ts';

/** The fields that every readable record of a kind has to carry. */
const CANONICAL: Readonly<Record<RecordKind, readonly string[]>> = {
  candle: ['open_time', 'bar_minutes', 'open', 'high', 'low', 'close', 'volume'],
  article: ['published_at', 'first_seen_at', 'publisher', 'title'],
  post: ['posted_at', 'first_seen_at', 'platform', 'text'],
  index: ['name', 'date', 'value'],
};
const EVENT_TIME: Readonly<Record<RecordKind, string>> = {
  candle: 'open_time',
  article: 'published_at',
  post: 'posted_at',
  index: 'date',
};

/** A source under test, with a range in which it has good records of each of its kinds. */
export interface SourceUnderTest {
  name: string;
  open(): Promise<Source>;
  range: KnownRange;
  asset: string;
}

/** Everything that a source yields in a range. */
export async function collect(source: Source, range: KnownRange): Promise<RawRecord[]> {
  const records: RawRecord[] = [];
  for await (const record of source.fetch(range)) records.push(record);
  return records;
}

/** What every source has to keep, whatever it reads from. */
export function describeSource(subject: SourceUnderTest): void {
  describe(`${subject.name} as a source`, () => {
    it('has a name without paths and says what kinds it brings', async () => {
      const source = await subject.open();
      expect(source.name).toMatch(/^[a-z][a-z0-9:-]*$/);
      expect(source.kinds.length).toBeGreaterThan(0);
      expect(RECORD_KINDS).toEqual(expect.arrayContaining([...source.kinds]));
    });

    it('brings exactly the kinds that it announces, under names that begin with its own', async () => {
      const source = await subject.open();
      const records = await collect(source, subject.range);
      expect(new Set(records.map((record) => record.kind))).toEqual(new Set(source.kinds));
      for (const name of new Set(records.map((record) => record.source))) {
        expect(name).toMatch(new RegExp(`^${source.name}:[a-z0-9-]+$`));
      }
    });

    it('carries the canonical fields of each kind, with plain values and a readable event time', async () => {
      const records = await collect(await subject.open(), subject.range);
      for (const { kind, fields } of records) {
        expect(Object.keys(fields)).toEqual(expect.arrayContaining([...CANONICAL[kind]]));
        expect(parseUtc(String(fields[EVENT_TIME[kind]]))).not.toBeNaN();
        for (const value of Object.values(fields)) {
          expect(value === null || ['string', 'number', 'boolean'].includes(typeof value)).toBe(true);
        }
      }
    });

    it('gives the same records when it is asked twice, and when it is opened anew', async () => {
      const source = await subject.open();
      const first = await collect(source, subject.range);
      expect(await collect(source, subject.range)).toEqual(first);
      expect(await collect(await subject.open(), subject.range)).toEqual(first);
    });

    it('keeps two readings that run at once apart', async () => {
      const source = await subject.open();
      const [left, right] = await Promise.all([
        collect(source, subject.range),
        collect(source, subject.range),
      ]);
      expect(right).toEqual(left);
    });

    it('can be left in the middle and read again from the start', async () => {
      const source = await subject.open();
      const whole = await collect(source, subject.range);
      for await (const record of source.fetch(subject.range)) {
        expect(record).toEqual(whole[0]);
        break;
      }
      expect(await collect(source, subject.range)).toEqual(whole);
    });

    it('says of each record whether it was seen live or brought in later, never both', async () => {
      const { after, upTo } = subject.range;
      for (const record of await collect(await subject.open(), subject.range)) {
        expect(record.asset).toBe(subject.asset);
        expect(record.backfilled).toBe(record.firstSeenAt === null);
        if (record.firstSeenAt === null) continue;
        expect(record.firstSeenAt).toBeGreaterThan(after);
        expect(record.firstSeenAt).toBeLessThanOrEqual(upTo);
      }
    });
  });
}
