import { DAY_MS, MINUTE_MS, SECOND_MS, createRandom, isoUtc, type EpochMs } from '../core/index.ts';
import { createMarket, createMoods, type Mood, type SimulatedBar, type Span } from './market.ts';
import { spoil } from './mischief.ts';
import { closesDay, createNewsroom } from './newsroom.ts';
import type { KnownRange, RawRecord, Source } from './source.ts';

/** The feeds of the simulator, without its prefix. */
export type SimulatedFeed = 'candles' | 'news' | 'posts' | 'fear-greed';

/**
 * Something that goes wrong on purpose while `from` <= t < `to`:
 * - drift: words mean their opposite, and the volatility is 2.5 times as high
 * - outage: what would first be seen then is never seen; `feeds` says of which, news and posts by default
 * - bad-records: records that the door of the lake has to refuse come in between, some in place of good ones
 */
export interface Injection extends Span {
  kind: 'drift' | 'outage' | 'bad-records';
  feeds?: readonly SimulatedFeed[];
}

/** What decides a simulated market; the same options give the same market on every machine. */
export interface SimulatorOptions {
  /** Any integer. */
  seed: number;
  /** `BTC-USD` */
  asset: string;
  /** Divides a day. */
  barMinutes: number;
  /** The open of the first bar, a multiple of the bar. */
  origin: EpochMs;
  /** Push of the mood on the next bar in standard deviations of that bar; 0 is pure noise. */
  sentimentStrength: number;
  inject?: readonly Injection[];
}

/** An invented market without an end. */
export interface Simulator extends Source {
  readonly isSimulated: true;
  /**
   * The best guess that anybody could make about the bar after `windowEnd`: the sign of its hidden push.
   * @param windowEnd - close of a bar, the origin or later
   * @throws RangeError when it is no close of a bar of this market
   */
  oracle(windowEnd: EpochMs): Mood;
}

/** A candle is seen this long after its close. */
const CANDLE_LAG_MS = 5 * SECOND_MS;

/** How far a market has been played; a reading takes it along and leaves it for the next one. */
interface Cursor {
  position: EpochMs;
  bar: number;
  /** Seen later than `position`. */
  pending: RawRecord[];
  openOf: (bar: number) => EpochMs;
  playBar: (bar: number) => RawRecord[];
}

/**
 * A seeded market with volatility clustering, jumps and exactly symmetric log returns, and the headlines, posts and
 * daily fear-and-greed that go with it. A hidden mood colours the texts of a bar and pushes the bar after it. What is
 * read does not depend on how the time is cut into ranges: reading on costs only the new bars, going back plays the
 * market again from its origin.
 * @returns feeds `simulator:candles`, `simulator:news`, `simulator:posts`, `simulator:fear-greed`, in the order of
 *   first sight. `fetch` needs a finite end.
 * @throws RangeError for a bar that does not divide a day, an origin off the bars, a negative strength, an empty span
 * @example createSimulator({ seed: 1, asset: 'BTC-USD', barMinutes: 15, origin: 0, sentimentStrength: 0 })
 */
export function createSimulator(options: SimulatorOptions): Simulator {
  refuseNonsense(options);
  const barMs = options.barMinutes * MINUTE_MS;
  const moodAt = createMoods(createRandom(options.seed).fork('moods'), barMs);
  let rested: Cursor | null = null;

  async function* read(range: KnownRange): AsyncGenerator<RawRecord> {
    if (range.upTo <= range.after) return;
    // Taken out while it is in use, so that two readings at once never move the same market.
    const cursor = rested !== null && rested.position <= range.after ? rested : startCursor(options, moodAt);
    if (cursor === rested) rested = null;
    for (const records of play(cursor, range.upTo)) {
      for (const record of records) {
        if ((record.firstSeenAt ?? 0) > range.after) yield record;
      }
    }
    rested = cursor;
  }

  return {
    name: 'simulator',
    kinds: ['candle', 'article', 'post', 'index'],
    isSimulated: true,
    fetch(range) {
      if (!(range.upTo < Infinity) || Number.isNaN(range.after)) {
        throw new RangeError(`a simulated market has no end: ask up to a moment, not to ${range.upTo}`);
      }
      return read(range);
    },
    oracle(windowEnd) {
      const bars = (windowEnd - options.origin) / barMs;
      if (!Number.isInteger(bars) || bars < 0) {
        throw new RangeError(`no bar of this simulated market closes at ${windowEnd}`);
      }
      return moodAt(bars - 1);
    },
  };
}

function refuseNonsense({ seed, barMinutes, origin, sentimentStrength, inject }: SimulatorOptions): void {
  if (!Number.isInteger(seed)) throw new RangeError(`a seed is an integer, got ${seed}`);
  const barMs = barMinutes * MINUTE_MS;
  if (!(barMinutes >= 1) || !Number.isInteger(barMinutes) || DAY_MS % barMs !== 0) {
    throw new RangeError(`a bar is a number of minutes that divides a day, got ${barMinutes}`);
  }
  if (!Number.isInteger(origin / barMs)) {
    throw new RangeError(`the origin ${origin} is no multiple of a bar of ${barMinutes} minutes`);
  }
  if (!(sentimentStrength >= 0 && sentimentStrength < Infinity)) {
    throw new RangeError(`the strength is 0 or more, got ${sentimentStrength}`);
  }
  const empty = inject?.find(({ from, to }) => !(from < to));
  if (empty !== undefined)
    throw new RangeError(`${empty.kind} from ${empty.from} to ${empty.to} lasts no time`);
}

/** Plays bars until nothing more can be seen by `upTo`, and yields what was seen, in the order of first sight. */
function* play(cursor: Cursor, upTo: EpochMs): Generator<RawRecord[]> {
  for (;;) {
    const nextOpen = cursor.openOf(cursor.bar);
    // Whatever a bar brings is seen after its open, so up to there the order is final.
    const certain = Math.min(nextOpen, upTo);
    if (certain > cursor.position) {
      cursor.position = certain;
      yield takeSeen(cursor, certain);
    }
    if (nextOpen >= upTo) return;
    cursor.pending.push(...cursor.playBar(cursor.bar));
    cursor.bar += 1;
  }
}

function takeSeen(cursor: Cursor, moment: EpochMs): RawRecord[] {
  const seen: RawRecord[] = [];
  const later: RawRecord[] = [];
  for (const record of cursor.pending) (seenAt(record) <= moment ? seen : later).push(record);
  cursor.pending = later;
  return seen.sort((left, right) => seenAt(left) - seenAt(right));
}

function startCursor(options: SimulatorOptions, moodAt: (bar: number) => Mood): Cursor {
  const { asset, origin, barMinutes } = options;
  const barMs = barMinutes * MINUTE_MS;
  const random = createRandom(options.seed);
  const drifts = spansOf(options, 'drift');
  const spoiled = spansOf(options, 'bad-records');
  const outages = (options.inject ?? []).filter(({ kind }) => kind === 'outage');
  const strength = options.sentimentStrength;
  const nextBar = createMarket({ random, origin, barMs, strength, shifts: drifts, moodAt });
  const newsroom = createNewsroom({ random, asset, barMs });
  const mischief = random.fork('mischief');

  function playBar(bar: number): RawRecord[] {
    const candle = nextBar();
    const { openTime, open } = candle;
    const mood = isWithin(drifts, openTime) ? (-moodAt(bar) as Mood) : moodAt(bar);
    const texts = { openTime, price: open, mood };
    const records = [
      candleRecord(candle, { asset, barMinutes }),
      ...newsroom.articles(texts),
      ...newsroom.posts(texts),
    ];
    const closeTime = openTime + barMs;
    if (closesDay(closeTime)) {
      // Before the origin there is no mood to look back on: the first one is taken to have lasted.
      records.push(newsroom.fearGreed(closeTime, (back) => moodAt(Math.max(-1, bar - back))));
    }
    const arrived = isWithin(spoiled, openTime) ? spoil(records, mischief) : records;
    return arrived.filter((record) => !outages.some((outage) => isLost(record, outage)));
  }

  const openOf = (bar: number) => origin + bar * barMs;
  return { position: -Infinity, bar: 0, pending: [], openOf, playBar };
}

function candleRecord(candle: SimulatedBar, market: { asset: string; barMinutes: number }): RawRecord {
  const { openTime, open, high, low, close, volume } = candle;
  return {
    source: 'simulator:candles',
    kind: 'candle',
    asset: market.asset,
    fields: { open_time: isoUtc(openTime), bar_minutes: market.barMinutes, open, high, low, close, volume },
    origin: null,
    firstSeenAt: openTime + market.barMinutes * MINUTE_MS + CANDLE_LAG_MS,
    backfilled: false,
  };
}

function spansOf({ inject }: SimulatorOptions, kind: Injection['kind']): Injection[] {
  return (inject ?? []).filter((injection) => injection.kind === kind);
}

function isWithin(spans: readonly Span[], moment: EpochMs): boolean {
  return spans.some(({ from, to }) => moment >= from && moment < to);
}

function isLost(record: RawRecord, outage: Injection): boolean {
  const feeds = outage.feeds ?? ['news', 'posts'];
  return isWithin([outage], seenAt(record)) && feeds.some((feed) => record.source === `simulator:${feed}`);
}

function seenAt(record: RawRecord): EpochMs {
  return record.firstSeenAt ?? 0;
}
