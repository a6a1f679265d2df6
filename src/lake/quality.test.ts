import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DAY_MS, HOUR_MS, isoUtc } from '../core/index.ts';
import type { RawRecord, RawValue } from '../sources/index.ts';
import { ASSET, NOW, START, article, candle, fearGreed, post } from './fixtures/records.ts';
import { createDoor } from './quality.ts';
import type { Rejection, Verdict } from './verdict.ts';

const createTestDoor = () => createDoor({ asset: ASSET, now: NOW });

function rejectionOf(record: RawRecord): Rejection {
  const verdict = createTestDoor().check(record);
  if (verdict.outcome !== 'rejected') throw new Error(`the door let ${JSON.stringify(record.fields)} in`);
  return verdict.rejection;
}

function observationOf(verdict: Verdict) {
  if (verdict.outcome !== 'accepted') throw new Error(`not accepted: ${JSON.stringify(verdict)}`);
  return verdict.observation;
}

describe('a good record', () => {
  it('becomes a candle known five seconds after its close', () => {
    expect(observationOf(createTestDoor().check(candle(0)))).toMatchObject({
      kind: 'candle',
      source: 'history:candles-60m',
      eventTime: START + HOUR_MS,
      knownAt: START + HOUR_MS + 5_000,
      barMinutes: 60,
      open: 100,
      high: 102.5,
      low: 99.5,
      close: 100,
      volume: 12.345,
    });
  });

  it('becomes an article of its title, a post of its text, an index of its value', () => {
    const door = createTestDoor();
    expect(observationOf(door.check(article(3)))).toMatchObject({
      kind: 'article',
      text: 'Miners report a calm hour number 3',
      knownAt: START + 3 * HOUR_MS + 106 * 60_000,
    });
    expect(observationOf(door.check(post(3)))).toMatchObject({
      kind: 'post',
      text: 'hour 3 and still holding 🚀',
    });
    expect(observationOf(door.check(fearGreed(2)))).toMatchObject({
      kind: 'index',
      name: 'fear_greed',
      value: 22,
    });
  });

  it('is known from our own first sight when somebody else saw it before', () => {
    const seen = START + 5 * HOUR_MS;
    const live = { ...article(3, { first_seen_at: isoUtc(START + 4 * HOUR_MS) }), firstSeenAt: seen };
    expect(observationOf(createTestDoor().check(live)).knownAt).toBe(seen);
  });

  it('keeps an article whose first sight is older than its stamp, known from its stamp', () => {
    const early = article(3, { first_seen_at: isoUtc(START) });
    expect(observationOf(createTestDoor().check(early)).knownAt).toBe(START + 3 * HOUR_MS + 60_000);
  });

  it('may carry numbers instead of texts, and no trades', () => {
    const numbers = candle(0, { open: 100, high: 101.5, low: 99, close: 100.25, volume: 0 });
    expect(observationOf(createTestDoor().check(numbers))).toMatchObject({ high: 101.5, volume: 0 });
  });
});

describe('a bad record', () => {
  const far = isoUtc(NOW + DAY_MS);
  const cases: [string, RawRecord, reason: string, field: string][] = [
    ['a candle with a price of NaN', candle(0, { close: 'NaN' }), 'candle_not_a_number', 'close'],
    ['a candle with an infinite price', candle(0, { high: 'Infinity' }), 'candle_not_a_number', 'high'],
    ['a candle with an empty price', candle(0, { low: '' }), 'candle_not_a_number', 'low'],
    ['a candle without volume', candle(0, { volume: null }), 'candle_not_a_number', 'volume'],
    ['a candle with a thousands separator', candle(0, { open: '1,000' }), 'candle_not_a_number', 'open'],
    ['a candle with an endless exponent', candle(0, { open: '1e-9999' }), 'candle_not_a_number', 'open'],
    ['a candle with a price of zero', candle(0, { low: '0' }), 'candle_price_not_positive', 'low'],
    ['a candle with a negative price', candle(0, { open: '-5' }), 'candle_price_not_positive', 'open'],
    ['a candle with negative volume', candle(0, { volume: '-1' }), 'candle_negative_volume', 'volume'],
    ['a candle whose high is below its open', candle(0, { high: '99.7' }), 'candle_impossible_ohlc', 'high'],
    ['a candle whose low is above its close', candle(0, { low: '100.5' }), 'candle_impossible_ohlc', 'low'],
    [
      'a candle without a zone',
      candle(0, { open_time: '2021-11-05T07:00:00' }),
      'candle_time_unreadable',
      'open_time',
    ],
    ['a candle without a time', candle(0, { open_time: null }), 'candle_time_unreadable', 'open_time'],
    [
      'a candle on no day',
      candle(0, { open_time: '2021-02-30T07:00:00Z' }),
      'candle_time_unreadable',
      'open_time',
    ],
    [
      'a candle of 1970',
      candle(0, { open_time: '1970-01-01T00:00:00Z' }),
      'candle_time_too_early',
      'open_time',
    ],
    [
      'a candle off the grid',
      candle(0, { open_time: '2021-11-05T07:15:00Z' }),
      'candle_time_misaligned',
      'open_time',
    ],
    ['a candle of tomorrow', candle(0, { open_time: far }), 'candle_in_future', 'open_time'],
    ['a candle whose bar is still open', candle(400 * 24), 'candle_in_future', 'open_time'],
    ['a candle of seven minutes', candle(0, { bar_minutes: 7 }), 'candle_bar_invalid', 'bar_minutes'],
    ['a candle of half a minute', candle(0, { bar_minutes: 0.5 }), 'candle_bar_invalid', 'bar_minutes'],
    ['a candle of another asset', { ...candle(0), asset: 'ETH-USD' }, 'candle_asset_unexpected', 'asset'],
    ['a line that cannot be read', candle(0, { _unreadable: '1,2' }), 'candle_unreadable', '_unreadable'],
    ['an article without a title', article(0, { title: null }), 'article_title_empty', 'title'],
    ['an article with a blank title', article(0, { title: ' \t' }), 'article_title_empty', 'title'],
    [
      'an article with a body for a title',
      article(0, { title: 'x'.repeat(1_001) }),
      'article_title_too_long',
      'title',
    ],
    [
      'an article with half a character',
      article(0, { title: 'moon \uD83D' }),
      'article_title_broken',
      'title',
    ],
    ['an article with a NUL', article(0, { title: 'a\u0000b' }), 'article_title_broken', 'title'],
    ['an article of next year', article(0, { published_at: far }), 'article_in_future', 'published_at'],
    ['an article seen next year', article(0, { first_seen_at: far }), 'article_in_future', 'first_seen_at'],
    [
      'an article with a vague date',
      article(0, { published_at: 'yesterday' }),
      'article_time_unreadable',
      'published_at',
    ],
    [
      'an article with a vague sight',
      article(0, { first_seen_at: 'soon' }),
      'article_time_unreadable',
      'first_seen_at',
    ],
    [
      'an article of 1970',
      article(0, { published_at: '1970-01-19T19:00:00Z' }),
      'article_time_too_early',
      'published_at',
    ],
    ['an empty post', post(0, { text: '' }), 'post_text_empty', 'text'],
    ['a novel for a post', post(0, { text: 'x'.repeat(40_001) }), 'post_text_too_long', 'text'],
    ['a post of next year', post(0, { posted_at: far }), 'post_in_future', 'posted_at'],
    ['an index without a name', fearGreed(0, { name: '' }), 'index_name_invalid', 'name'],
    ['an index on no day', fearGreed(0, { date: '2021-13-01' }), 'index_date_unreadable', 'date'],
    ['an index at noon', fearGreed(0, { date: '2021-11-05T12:00:00Z' }), 'index_date_unreadable', 'date'],
    ['an index of 1970', fearGreed(0, { date: '1970-01-01' }), 'index_date_too_early', 'date'],
    ['an index of next year', fearGreed(0, { date: '2031-01-01' }), 'index_in_future', 'date'],
    ['an index without a value', fearGreed(0, { value: '' }), 'index_not_a_number', 'value'],
    ['a fear above 100', fearGreed(0, { value: '101' }), 'index_out_of_range', 'value'],
    ['a fear below 0', fearGreed(0, { value: '-1' }), 'index_out_of_range', 'value'],
  ];

  it.each(cases)('%s is turned away with reason, field, value and remedy', (...row) => {
    const [, record, reason, field] = row;
    const rejection = rejectionOf(record);
    expect(rejection).toMatchObject({ reason, field });
    expect(rejection.message).toContain(field);
    expect(rejection.message).toMatch(/: .+\. .+\.$/s);
  });

  it('names what its source knows of a line that cannot be read', () => {
    const long = article(0, { _unreadable: '{"title"', _problem: 'longer than 1048576 characters' });
    const { reason, message } = rejectionOf(long);
    expect(reason).toBe('article_unreadable');
    expect(message).toContain('the line is longer than 1048576 characters. Shorten it');
  });

  it('is quoted shortly', () => {
    expect(rejectionOf(candle(0, { close: 'x'.repeat(500) })).value).toHaveLength(81);
  });

  it('never makes the door throw, whatever its fields hold', () => {
    const value: fc.Arbitrary<RawValue> = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.double(),
      fc.boolean(),
      fc.constant(null),
    );
    const names = [
      'open_time',
      'bar_minutes',
      'open',
      'high',
      'low',
      'close',
      'volume',
      'title',
      'text',
      'date',
      'name',
      'value',
    ];
    const kinds = fc.constantFrom('candle', 'article', 'post', 'index' as const);
    fc.assert(
      fc.property(kinds, fc.dictionary(fc.constantFrom(...names), value), (kind, fields) => {
        const door = createTestDoor();
        const record = { ...candle(0), kind, fields } as RawRecord;
        const { outcome } = door.check(record);
        const { accepted, quarantined } = door.report();
        const counted = [accepted, quarantined].flatMap((counts) => Object.values(counts));
        expect(counted.reduce((sum, count) => sum + count)).toBe(1);
        expect(['accepted', 'rejected']).toContain(outcome);
      }),
    );
  });
});

describe('a price that jumps', () => {
  const outcomes = (records: RawRecord[]) => {
    const door = createTestDoor();
    return records.map((record) => door.check(record).outcome);
  };
  const at = (hour: number, price: number) =>
    candle(hour, { open: price, high: price * 1.01, low: price * 0.99, close: price });

  it('is turned away when it spikes, and the bars after it are not', () => {
    expect(outcomes([at(0, 100), at(1, 1_000), at(2, 101)])).toEqual(['accepted', 'rejected', 'accepted']);
  });

  it('passes when it crashes as Bitcoin did on 2020-03-12 and 13', () => {
    const closes = [7358.56, 6262.01, 5808.98, 4916.78, 4240.69, 5098.63];
    expect(outcomes(closes.map((price, hour) => at(hour, price)))).not.toContain('rejected');
  });

  it('is turned away when only its high or its low is out of reach', () => {
    expect(outcomes([at(0, 100), candle(1, { high: '250' }), candle(2, { low: '12' })])).toEqual([
      'accepted',
      'rejected',
      'rejected',
    ]);
    expect(rejectionOf(candle(0, { high: '250' }))).toMatchObject({
      reason: 'candle_price_jump',
      field: 'high',
    });
  });

  it('is believed after six bars that agree, so that one wrong first bar does not shut the door for good', () => {
    const outcome = outcomes([
      at(0, 10),
      ...Array.from({ length: 8 }, (_, hour) => at(hour + 1, 100 + hour)),
    ]);
    expect(outcome.slice(1)).toEqual([
      ...Array<string>(5).fill('rejected'),
      'accepted',
      'accepted',
      'accepted',
    ]);
  });

  it('is not judged by a close that is more than a day old', () => {
    expect(outcomes([at(0, 100), at(26, 250)])).toEqual(['accepted', 'accepted']);
  });

  it('is judged by the close that an earlier reading left', () => {
    const references = new Map([['history:candles-60m/60m', { close: 1_000, at: START }]]);
    expect(createDoor({ asset: ASSET, now: NOW, references }).check(at(0, 100)).outcome).toBe('rejected');
  });
});

describe('a record that comes twice', () => {
  it('is counted as a duplicate, wherever it stands', () => {
    const door = createTestDoor();
    const records = [candle(0), article(0), post(0), fearGreed(0)];
    for (const record of records) door.check(record);
    const again = records.map((record) => door.check({ ...record, origin: null }).outcome);
    expect(again).toEqual(Array(4).fill('duplicate'));
    expect(door.report().duplicates).toEqual({ candles: 1, articles: 1, posts: 1, indices: 1 });
  });

  it('with other values is a revision: known only from now on, while the first one serves', () => {
    const door = createTestDoor();
    const first = door.check(candle(0));
    const revised = door.check(candle(0, { close: '101' }));
    expect(first).toMatchObject({ isRevision: false, observation: { knownAt: START + HOUR_MS + 5_000 } });
    expect(revised).toMatchObject({ isRevision: true, observation: { knownAt: NOW, close: 101 } });
    expect(door.check(candle(0, { close: '101' })).outcome).toBe('duplicate');
    expect(door.report().warnings).toMatchObject([
      { kind: 'revisions', count: 1 },
      { kind: 'duplicates', count: 1 },
    ]);
  });

  it('from another source is no revision', () => {
    const door = createTestDoor();
    door.check(candle(0));
    const other = { ...candle(0, { close: '101' }), source: 'history:elsewhere' };
    expect(door.check(other)).toMatchObject({ outcome: 'accepted', isRevision: false });
  });
});

describe('the report', () => {
  it('names file and line of what was turned away, and at most five of a kind', () => {
    const door = createTestDoor();
    for (let hour = 0; hour < 9; hour += 1) door.check(candle(hour, { close: 'n/a' }));
    const { quarantined, reasons } = door.report();
    expect(quarantined).toEqual({ candles: 9, articles: 0, posts: 0, indices: 0 });
    expect(reasons).toHaveLength(1);
    expect(reasons[0]).toMatchObject({ table: 'candles', reason: 'candle_not_a_number', count: 9 });
    expect(reasons[0]?.samples).toHaveLength(5);
    expect(reasons[0]?.samples[0]).toMatchObject({
      place: 'candles-60m.csv.gz:2',
      field: 'close',
      value: 'n/a',
    });
  });

  it('warns of gaps with the longest runs', () => {
    const door = createTestDoor();
    for (const hour of [0, 1, 5, 6, 8]) door.check(candle(hour));
    const [warning] = door.report().warnings;
    expect(warning).toMatchObject({ kind: 'gaps', series: 'history:candles-60m/60m', count: 4 });
    expect(warning?.message).toContain(
      '2021-11-01T03:00:00Z to 2021-11-01T05:00:00Z (3), 2021-11-01T08:00:00Z',
    );
  });

  it('speaks of one missing bar as one', () => {
    const door = createTestDoor();
    for (const hour of [0, 2]) door.check(candle(hour));
    expect(door.report().warnings[0]?.message).toContain('lacks 1 bar between');
  });

  it('lets the worst index of a file speak for all', () => {
    const door = createTestDoor();
    for (const day of [0, 1, 5]) door.check(fearGreed(day));
    for (const day of [0, 3]) door.check(fearGreed(day, { name: 'volume' }));
    const { warnings } = door.report();
    expect(warnings).toMatchObject([{ kind: 'gaps', series: 'history:fear-greed/fear_greed', count: 3 }]);
    expect(warnings[0]?.message).toContain('1 more');
  });

  it('warns of rows out of order, which it has taken', () => {
    const door = createTestDoor();
    const outcomes = [0, 2, 1].map((hour) => door.check(candle(hour)).outcome);
    expect(outcomes).toEqual(Array(3).fill('accepted'));
    expect(door.report().warnings).toMatchObject([{ kind: 'unsorted', count: 1 }]);
  });
});
