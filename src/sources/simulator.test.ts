import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { DAY_MS, HOUR_MS, MINUTE_MS, parseUtc } from '../core/index.ts';
import reference from './fixtures/vader-compounds.json' with { type: 'json' };
import { strengthForAccuracy } from './market.ts';
import { createSimulator, type Injection, type SimulatorOptions } from './simulator.ts';
import { collect, describeSource } from './source.contract.ts';
import type { RawRecord } from './source.ts';

const ORIGIN = Date.UTC(2024, 0, 1);
const GRACE_MS = MINUTE_MS;

function simulate(changes: Partial<SimulatorOptions> = {}) {
  return createSimulator({
    seed: 1,
    asset: 'BTC-USD',
    barMinutes: 60,
    origin: ORIGIN,
    sentimentStrength: 0.2,
    ...changes,
  });
}

function upTo(hours: number) {
  return { after: -Infinity, upTo: ORIGIN + hours * HOUR_MS };
}

function play(changes: Partial<SimulatorOptions>, hours: number): Promise<RawRecord[]> {
  return collect(simulate(changes), upTo(hours));
}

function ofFeed(records: readonly RawRecord[], feed: string): RawRecord[] {
  return records.filter(({ source }) => source === `simulator:${feed}`);
}

const PATTERNS = Object.entries(reference.compounds).map(([pattern, compound]) => ({
  shape: new RegExp(`^${pattern.replace(/[?.]/g, '\\$&').replace(/\{\w+\}/g, '.+')}$`),
  compound,
}));

/** The compound that the reference VADER gives a text of this market. */
function compoundOf(text: string): number {
  return PATTERNS.find(({ shape }) => shape.test(text))?.compound ?? NaN;
}

interface Window {
  mood: number;
  sentiment: number;
  isUp: boolean;
}

/** What a model sees at each window: the mean sentiment of what became known in four hours, and what came after. */
function windowsOf(records: readonly RawRecord[], oracle: (windowEnd: number) => number): Window[] {
  const known = ofFeed(records, 'news').map(({ firstSeenAt, fields }) => ({
    at: firstSeenAt ?? NaN,
    compound: compoundOf(String(fields['title'])),
  }));
  const candles = ofFeed(records, 'candles');
  const windows: Window[] = [];
  let [from, to, sum] = [0, 0, 0];
  for (const { fields } of candles.slice(5)) {
    const windowEnd = parseUtc(String(fields['open_time']));
    for (; (known[to]?.at ?? Infinity) <= windowEnd + GRACE_MS; to += 1) sum += known[to]?.compound ?? 0;
    for (; (known[from]?.at ?? Infinity) <= windowEnd + GRACE_MS - 4 * HOUR_MS; from += 1)
      sum -= known[from]?.compound ?? 0;
    const isUp = Number(fields['close']) > Number(fields['open']);
    windows.push({ mood: oracle(windowEnd), sentiment: sum / (to - from), isUp });
  }
  return windows;
}

function shareOf(windows: readonly Window[], question: (window: Window) => boolean): number {
  return windows.filter(question).length / windows.length;
}

describe('the simulator', () => {
  it('is labelled as simulated in its flag, its feeds, its publishers and its platform', async () => {
    const records = await play({}, 48);
    expect(simulate().isSimulated).toBe(true);
    expect(new Set(records.map(({ source }) => source))).toEqual(
      new Set(['simulator:candles', 'simulator:news', 'simulator:posts', 'simulator:fear-greed']),
    );
    expect(
      ofFeed(records, 'news').every(({ fields }) => String(fields['publisher']).startsWith('Simulated')),
    ).toBe(true);
    expect(ofFeed(records, 'posts').every(({ fields }) => fields['platform'] === 'simulator')).toBe(true);
  });

  it('brings each candle five seconds after its close, one a bar, without a gap', async () => {
    const candles = ofFeed(await play({ barMinutes: 15 }, 24), 'candles');
    expect(candles).toHaveLength(95);
    candles.forEach(({ fields, firstSeenAt }, bar) => {
      expect(parseUtc(String(fields['open_time']))).toBe(ORIGIN + bar * 15 * MINUTE_MS);
      expect(fields['bar_minutes']).toBe(15);
      expect(firstSeenAt).toBe(ORIGIN + (bar + 1) * 15 * MINUTE_MS + 5_000);
    });
  });

  it('shows texts one to twenty minutes after they were published, several an hour whatever the mood', async () => {
    const simulator = simulate();
    const records = await collect(simulator, upTo(24 * 120));
    const perMood = new Map<number, { texts: number; bars: number }>();
    const count = (moment: number, what: 'texts' | 'bars') => {
      const mood = simulator.oracle(Math.floor(moment / HOUR_MS) * HOUR_MS + HOUR_MS);
      const tally = perMood.get(mood) ?? { texts: 0, bars: 0 };
      tally[what] += 1;
      perMood.set(mood, tally);
    };
    for (const { fields, firstSeenAt } of ofFeed(records, 'news')) {
      const published = parseUtc(String(fields['published_at']));
      expect((firstSeenAt ?? NaN) - published).toBeGreaterThanOrEqual(MINUTE_MS);
      expect((firstSeenAt ?? NaN) - published).toBeLessThanOrEqual(20 * MINUTE_MS);
      count(published, 'texts');
    }
    for (const { fields } of ofFeed(records, 'candles')) count(parseUtc(String(fields['open_time'])), 'bars');
    for (const { texts, bars } of perMood.values()) expect(Math.abs(texts / bars - 5)).toBeLessThan(0.3);
  });

  it('has a fear-and-greed value a day, within 0 and 100, that leans on the mood of the days before', async () => {
    const simulator = simulate();
    const values = ofFeed(await collect(simulator, upTo(24 * 200)), 'fear-greed');
    expect(values).toHaveLength(199);
    let agreeing = 0;
    for (const { fields, firstSeenAt } of values) {
      const day = parseUtc(String(fields['date']));
      expect(firstSeenAt).toBe(day + HOUR_MS);
      const value = Number(fields['value']);
      expect(value).toBeGreaterThanOrEqual(0);
      expect(value).toBeLessThanOrEqual(100);
      if (Math.sign(value - 50) === simulator.oracle(day)) agreeing += 1;
    }
    expect(agreeing / values.length).toBeGreaterThan(0.65);
  });

  it('gives the same records however the time is cut', async () => {
    const whole = await play({}, 72);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: -100, max: 72 * 3_600 }), { maxLength: 12 }),
        async (seconds) => {
          const simulator = simulate();
          const cuts = [
            ...seconds.toSorted((a, b) => a - b).map((second) => ORIGIN + second * 1_000),
            ORIGIN + 72 * HOUR_MS,
          ];
          const parts: RawRecord[] = [];
          let after = -Infinity;
          for (const cut of cuts) {
            parts.push(...(await collect(simulator, { after, upTo: cut })));
            after = cut;
          }
          expect(parts).toEqual(whole);
        },
      ),
      { numRuns: 25, seed: 1 },
    );
  });

  it('can leave time out and can go back', async () => {
    const whole = await play({}, 72);
    const late = whole.filter(({ firstSeenAt }) => (firstSeenAt ?? 0) > ORIGIN + 60 * HOUR_MS);
    const simulator = simulate();
    expect(await collect(simulator, { after: ORIGIN + 60 * HOUR_MS, upTo: ORIGIN + 72 * HOUR_MS })).toEqual(
      late,
    );
    expect(await collect(simulator, upTo(72))).toEqual(whole);
    expect(await collect(simulator, { after: ORIGIN + 9, upTo: ORIGIN + 9 })).toEqual([]);
  });

  it('differs from seed to seed and keeps its dice when only the strength changes', async () => {
    expect(await play({ seed: 2 }, 24)).not.toEqual(await play({}, 24));
    const [weak, strong] = [
      await play({ sentimentStrength: 0 }, 24),
      await play({ sentimentStrength: 1 }, 24),
    ];
    expect(ofFeed(strong, 'news').map(({ firstSeenAt }) => firstSeenAt)).toEqual(
      ofFeed(weak, 'news').map(({ firstSeenAt }) => firstSeenAt),
    );
  });

  it.each<[string, Partial<SimulatorOptions>]>([
    ['a bar that does not divide a day', { barMinutes: 7 }],
    ['a bar of nothing', { barMinutes: 0 }],
    ['an origin off the bars', { origin: ORIGIN + 1 }],
    ['a negative strength', { sentimentStrength: -1 }],
    ['a broken seed', { seed: 0.5 }],
    ['an injection that lasts no time', { inject: [{ kind: 'outage', from: 5, to: 5 }] }],
  ])('refuses %s', (_, changes) => {
    expect(() => simulate(changes)).toThrow(RangeError);
  });

  it('refuses to be read without an end, and an oracle of a moment that closes no bar', () => {
    expect(() => simulate().fetch({ after: -Infinity, upTo: Infinity })).toThrow(RangeError);
    expect(() => simulate().oracle(ORIGIN + 1)).toThrow(RangeError);
    expect(() => simulate().oracle(ORIGIN - HOUR_MS)).toThrow(RangeError);
  });
});

describe('the planted signal', () => {
  it('can be read from the news of four hours nearly as well as by the oracle', async () => {
    const simulator = simulate({ seed: 3, sentimentStrength: strengthForAccuracy(0.6) });
    const windows = windowsOf(await collect(simulator, upTo(6_000)), simulator.oracle);
    expect(windows.length).toBeGreaterThan(5_900);
    expect(shareOf(windows, ({ mood, isUp }) => mood > 0 === isUp)).toBeGreaterThan(0.58);
    expect(shareOf(windows, ({ mood, sentiment }) => mood > 0 === sentiment > 0)).toBeGreaterThan(0.93);
    expect(shareOf(windows, ({ sentiment, isUp }) => sentiment > 0 === isUp)).toBeGreaterThan(0.57);
  });

  it('is not there at strength 0, though the texts still have a mood', async () => {
    const simulator = simulate({ seed: 4, sentimentStrength: 0 });
    const windows = windowsOf(await collect(simulator, upTo(6_000)), simulator.oracle);
    expect(shareOf(windows, ({ mood, sentiment }) => mood > 0 === sentiment > 0)).toBeGreaterThan(0.93);
    expect(Math.abs(shareOf(windows, ({ sentiment, isUp }) => sentiment > 0 === isUp) - 0.5)).toBeLessThan(
      0.02,
    );
  });
});

describe('what can be injected', () => {
  const span = { from: ORIGIN + 24 * HOUR_MS, to: ORIGIN + 48 * HOUR_MS };
  const isInside = ({ firstSeenAt }: RawRecord) =>
    (firstSeenAt ?? 0) >= span.from && (firstSeenAt ?? 0) < span.to;
  const inject = (kind: Injection['kind'], feeds?: Injection['feeds']): Injection[] => [
    { kind, ...span, ...(feeds === undefined ? {} : { feeds }) },
  ];

  it('an outage takes news and posts of its time and nothing else', async () => {
    const [clean, cut] = [await play({}, 72), await play({ inject: inject('outage') }, 72)];
    const isText = ({ kind }: RawRecord) => kind === 'article' || kind === 'post';
    expect(cut).toEqual(clean.filter((record) => !(isInside(record) && isText(record))));
    expect(cut.length).toBeLessThan(clean.length);
  });

  it('an outage can take the candles instead', async () => {
    const [clean, cut] = [await play({}, 72), await play({ inject: inject('outage', ['candles']) }, 72)];
    expect(cut).toEqual(clean.filter((record) => !(isInside(record) && record.kind === 'candle')));
    expect(ofFeed(clean, 'candles').length - ofFeed(cut, 'candles').length).toBe(24);
  });

  it('a drift turns the meaning of words over and makes the market wilder', async () => {
    const drift: Injection = { kind: 'drift', from: ORIGIN + 2_000 * HOUR_MS, to: ORIGIN + 4_000 * HOUR_MS };
    const simulator = simulate({ inject: [drift] });
    const records = await collect(simulator, upTo(4_000));
    const windows = windowsOf(records, simulator.oracle);
    const agrees = ({ mood, sentiment }: Window) => mood > 0 === sentiment > 0;
    expect(shareOf(windows.slice(0, 1_900), agrees)).toBeGreaterThan(0.9);
    expect(shareOf(windows.slice(2_010), agrees)).toBeLessThan(0.1);
    const sizes = ofFeed(records, 'candles').map(({ fields }) =>
      Math.abs(Math.log(Number(fields['close']) / Number(fields['open']))),
    );
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(mean(sizes.slice(2_000)) / mean(sizes.slice(0, 2_000))).toBeGreaterThan(1.7);
  });

  it('bad records are of every kind, come only in their time, and leave the rest as it was', async () => {
    const bad = { kind: 'bad-records', from: ORIGIN + 100 * HOUR_MS, to: ORIGIN + 300 * HOUR_MS } as const;
    const [clean, spoiled] = [await play({}, 400), await play({ inject: [bad] }, 400)];
    const key = (record: RawRecord) => JSON.stringify(record);
    const good = new Set(clean.map(key));
    const strange = spoiled.filter((record) => !good.has(key(record)));
    const has = (test: (fields: RawRecord['fields'], record: RawRecord) => boolean) =>
      strange.some((record) => test(record.fields, record));
    expect(has(({ open, high, low, close }) => [open, high, low, close].includes('NaN'))).toBe(true);
    expect(has(({ high, low }) => Number(high) < Number(low))).toBe(true);
    expect(
      has(
        ({ open_time: time }, { firstSeenAt }) => parseUtc(String(time)) > (firstSeenAt ?? 0) + 300 * DAY_MS,
      ),
    ).toBe(true);
    expect(
      has(
        ({ published_at: time }, { firstSeenAt }) =>
          parseUtc(String(time)) > (firstSeenAt ?? 0) + 300 * DAY_MS,
      ),
    ).toBe(true);
    expect(has(({ title }, { kind }) => kind === 'article' && title === null)).toBe(true);
    expect(has(({ text }, { kind }) => kind === 'post' && text === '')).toBe(true);
    const keys = spoiled.map(key);
    expect(keys.length - new Set(keys).size).toBeGreaterThan(0);

    const there = new Set(keys);
    const lost = clean.filter((record) => !there.has(key(record)));
    expect(lost.length).toBeGreaterThan(0);
    expect(lost.every(({ kind }) => kind === 'candle')).toBe(true);
    for (const { firstSeenAt } of [...strange, ...lost]) {
      expect(firstSeenAt).toBeGreaterThan(bad.from);
      expect(firstSeenAt).toBeLessThanOrEqual(bad.to + 20 * MINUTE_MS);
    }
    expect(await play({ inject: [bad] }, 400)).toEqual(spoiled);
  });
});

describeSource({
  name: 'the simulator',
  asset: 'BTC-USD',
  range: { after: ORIGIN + 20 * HOUR_MS, upTo: ORIGIN + 60 * HOUR_MS },
  open: async () => simulate(),
});
