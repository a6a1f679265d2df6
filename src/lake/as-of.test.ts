import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestWorkspace, type TestWorkspace } from '../../test/database.ts';
import { DAY_MS, HOUR_MS } from '../core/index.ts';
import { ASSET, NOW, START, article, candle, fearGreed, someRecords, sourceOf } from './fixtures/records.ts';
import {
  lakeMigrations,
  compareObservations,
  ingest,
  observeInMemory,
  readBarSpan,
  readCandles,
  readFreshness,
  readObservations,
  readScores,
  writeScores,
  type Observation,
} from './index.ts';

const HOURS = 400;
const RANGE = { after: -Infinity, upTo: Infinity };
/** Everything that can go wrong along the way, between good rows. */
const RECORDS = [
  ...someRecords(HOURS),
  candle(3, { close: '100.9' }),
  candle(500, { open: '0.1', high: '0.15000000000000002', low: '0.1', close: '0.13', volume: '1e-7' }),
  candle(7, { low: '101' }),
  article(9, { first_seen_at: '2021-11-01T10:00:00.123Z' }),
  fearGreed(1, { name: 'search_volume', value: '0.08667619027649118' }),
  fearGreed(1, { value: '99' }),
  candle(2),
];

let workspace: TestWorkspace;
let inMemory: Observation[];
beforeAll(async () => {
  workspace = await createTestWorkspace([lakeMigrations]);
  await ingest({ workspace, source: sourceOf(RECORDS), asset: ASSET, range: RANGE, now: NOW });
  inMemory = (await observeInMemory(sourceOf(RECORDS), { asset: ASSET, now: NOW })).observations;
});
afterAll(async () => {
  await workspace.drop();
});

const read = (within: { after: number; upTo: number }, indexNames?: string[]) =>
  readObservations(workspace.pool, { asset: ASSET, barMinutes: 60, ...within, indexNames });

describe('reading as of a moment', () => {
  it('gives what the door gives in memory, number for number and in the same order', async () => {
    expect(inMemory.length).toBeGreaterThan(HOURS);
    expect(await read(RANGE)).toEqual(inMemory);
  });

  it('gives exactly what was known within any range, its end included and its beginning not', async () => {
    const known = inMemory.map(({ knownAt }) => knownAt);
    const bound = fc.oneof(fc.constantFrom(...known), fc.integer({ min: START - DAY_MS, max: NOW + DAY_MS }));
    await fc.assert(
      fc.asyncProperty(bound, bound, async (after, upTo) => {
        const expected = inMemory.filter(({ knownAt }) => knownAt > after && knownAt <= upTo);
        expect(await read({ after, upTo })).toEqual(expected);
      }),
      { numRuns: 30 },
    );
  });

  it('leaves out other bars, other assets and unwanted indices', async () => {
    const names = new Set(
      (await read(RANGE, ['fear_greed'])).flatMap((row) => (row.kind === 'index' ? row.name : [])),
    );
    expect([...names]).toEqual(['fear_greed']);
    const others = [
      { asset: ASSET, barMinutes: 15 },
      { asset: 'ETH-USD', barMinutes: 60 },
    ];
    const [bars15, ether] = await Promise.all(
      others.map((options) => readObservations(workspace.pool, { ...options, ...RANGE })),
    );
    expect(bars15?.some(({ kind }) => kind === 'candle')).toBe(false);
    expect(ether).toEqual([]);
  });

  it('gives the bars alone, and the span that they cover', async () => {
    const bars = inMemory.filter(({ kind }) => kind === 'candle');
    const options = { asset: ASSET, barMinutes: 60 };
    expect(await readCandles(workspace.pool, { ...options, ...RANGE })).toEqual(bars);
    const span = { first: START + HOUR_MS, last: START + 501 * HOUR_MS };
    expect(await readBarSpan(workspace.pool, options)).toEqual(span);
    expect(await readBarSpan(workspace.pool, { ...options, barMinutes: 15 })).toBeNull();
  });

  it('tells of every feed how much of it was known, and how new it was', async () => {
    const asOf = START + 30 * HOUR_MS;
    const feeds = await readFreshness(workspace.pool, { asset: ASSET, asOf });
    for (const { source, rows, lastKnownAt } of feeds) {
      const known = inMemory.filter((row) => row.source === source && row.knownAt <= asOf);
      expect([rows, lastKnownAt]).toEqual([known.length, known.at(-1)?.knownAt]);
    }
    expect(feeds.map(({ source }) => source)).toEqual([...feeds.map(({ source }) => source)].sort());
    expect(feeds.length).toBeGreaterThanOrEqual(4);
  });
});

describe('observing in memory', () => {
  it('reports like the door, tells how far it is and leaves out unwanted indices', async () => {
    const steps: number[] = [];
    const many = Array.from({ length: 5_001 }, (_, hour) => candle(hour));
    const source = sourceOf([
      ...many,
      fearGreed(0),
      fearGreed(0, { name: 'other' }),
      fearGreed(0, { value: '101' }),
    ]);
    const { observations, report } = await observeInMemory(source, {
      asset: ASSET,
      now: NOW,
      indexNames: ['fear_greed'],
      onProgress: (count) => steps.push(count),
    });
    expect(steps).toEqual([5_000]);
    expect(observations).toHaveLength(5_002);
    expect(report).toMatchObject({ accepted: { candles: 5_001, indices: 2 }, quarantined: { indices: 1 } });
    expect(observations).toEqual([...observations].sort(compareObservations));
  });
});

describe('scores of texts', () => {
  const scorer = 'vader@1.0.0';
  const scoreOf = (textId: string, sentiment: number) => ({
    textId,
    sentiment,
    confidence: 0.5,
    negative: 0.2,
    neutral: 0.3,
    positive: 0.5,
  });

  it('stay as they were first said, bit for bit, and belong to their scorer alone', async () => {
    const [first, second] = ['one', 'two'];
    const scores = [scoreOf(first, 0.1 + 0.2)];
    await writeScores(workspace.pool, { scorer, scores, scoredAt: NOW });
    await writeScores(workspace.pool, { scorer, scores: [scoreOf(first, -1)], scoredAt: NOW });
    const textIds = [first, second];
    expect(await readScores(workspace.pool, { scorer, textIds })).toEqual(new Map([[first, scores[0]]]));
    expect(await readScores(workspace.pool, { scorer: 'other@1.0.0', textIds })).toEqual(new Map());
  });
});
