import { DAY_MS, isoUtc, parseUtc, type Random } from '../core/index.ts';
import type { RawRecord, RawValue } from './source.ts';

/** How often a bar in a span of bad records gets one. */
const MISCHIEF_PROBABILITY = 0.5;
const FAR_AHEAD_MS = 400 * DAY_MS;

type Trick = (records: readonly RawRecord[], random: Random) => RawRecord[];

/** Each takes a bar's good records and gives them back with something wrong among them. */
const TRICKS: readonly Trick[] = [
  // The good candle is lost: what came in its place is no number.
  (records, random) => {
    const price = choose(random, ['open', 'high', 'low', 'close'] as const);
    return records.map((record) => (record.kind === 'candle' ? change(record, { [price]: 'NaN' }) : record));
  },
  (records) => withCopy(records, 'candle', ({ fields }) => ({ high: fields['low'], low: fields['high'] })),
  (records) => withCopy(records, 'candle', ahead('open_time')),
  (records) => withCopy(records, 'candle', () => ({})),
  (records) => withCopy(records, 'article', () => ({ title: null })),
  (records) => withCopy(records, 'article', ahead('published_at')),
  (records) => withCopy(records, 'post', () => ({ text: '' })),
];

/**
 * Spoils about every second bar: prices that are no numbers, a high below the low, stamps far in the future, the same
 * row twice, an article without a title, an empty post.
 */
export function spoil(records: readonly RawRecord[], random: Random): RawRecord[] {
  if (random.uniform() >= MISCHIEF_PROBABILITY) return [...records];
  return choose(random, TRICKS)(records, random);
}

function withCopy(
  records: readonly RawRecord[],
  kind: RawRecord['kind'],
  changes: (record: RawRecord) => Record<string, RawValue | undefined>,
): RawRecord[] {
  const good = records.find((record) => record.kind === kind);
  return good === undefined ? [...records] : [...records, change(good, changes(good))];
}

function ahead(field: string) {
  return ({ fields }: RawRecord) => ({ [field]: isoUtc(parseUtc(String(fields[field])) + FAR_AHEAD_MS) });
}

function change(record: RawRecord, changes: Record<string, RawValue | undefined>): RawRecord {
  const fields = { ...record.fields };
  for (const [name, value] of Object.entries(changes)) fields[name] = value ?? null;
  return { ...record, fields };
}

function choose<Item>(random: Random, items: readonly Item[]): Item {
  return items[random.integer(items.length)] as Item;
}
