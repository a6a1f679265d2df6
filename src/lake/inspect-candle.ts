import { DAY_MS, MINUTE_MS, isoUtc, type EpochMs } from '../core/index.ts';
import type { RawRecord } from '../sources/index.ts';
import { candleKnownAt } from './known-at.ts';
import { EARLIEST, TIME_REMEDY, readDecimal, readMoment } from './parse.ts';
import type { CandleObservation } from './records.ts';
import { isRejection, reject, type InspectionContext, type Rejection } from './verdict.ts';

/**
 * A price this many times above or below the last one is taken for an error. The largest true move from close to
 * close in eight years of Bitcoin bars is a factor of 1.21, the widest single bar 1.38 from low to high.
 */
const JUMP_FACTOR = 2;

/** A close older than this says nothing about what a price may be. */
const REFERENCE_REACH_MS = DAY_MS;

/** So many bars in a row that agree with each other on another level are believed: then it was the old one that erred. */
const BELIEVED_AFTER = 6;

/** The last close that was believed. */
export interface PriceReference {
  close: number;
  /** The close time of its bar. */
  at: EpochMs;
}

/** What jumps are judged by, for one series of bars. */
export interface PriceMemory {
  reference: PriceReference | null;
  /** The last close that was turned away for its jump, and how many before it agree. */
  rival: (PriceReference & { streak: number }) | null;
}

/** Holds a candle against everything that can be said of it alone. */
export function inspectCandle(record: RawRecord, context: InspectionContext): CandleObservation | Rejection {
  const bar = readBar(record, context.now);
  if (isRejection(bar)) return bar;
  const prices = readPrices(record);
  if (isRejection(prices)) return prices;
  return {
    kind: 'candle',
    id: context.id,
    source: record.source,
    asset: record.asset,
    eventTime: bar.closeTime,
    knownAt: candleKnownAt(bar.closeTime, record.firstSeenAt),
    barMinutes: bar.barMinutes,
    ...prices,
  };
}

/** Holds a candle against the prices before it; remembers a rival level, but leaves the reference to the door. */
export function inspectJump(
  record: RawRecord,
  candle: CandleObservation,
  memory: PriceMemory,
): Rejection | null {
  const { reference } = memory;
  const isFresh = reference !== null && Math.abs(candle.eventTime - reference.at) <= REFERENCE_REACH_MS;
  const base = isFresh ? reference.close : candle.open;
  const field = (['close', 'open', 'high', 'low'] as const).find((name) => isJump(candle[name], base));
  if (field === undefined) return null;
  if (field === 'close' && isBelieved(candle, memory)) return null;
  return reject(record, {
    what: 'price_jump',
    field,
    problem: `more than a factor of ${JUMP_FACTOR} away from ${isFresh ? 'the last close' : "the bar's open"} ${base}`,
    remedy: `If the price is right, ${BELIEVED_AFTER} bars in a row at the new level are needed to believe it.`,
  });
}

function readBar(record: RawRecord, now: EpochMs): { closeTime: EpochMs; barMinutes: number } | Rejection {
  const openTime = readMoment(record.fields.open_time);
  const barMinutes = readDecimal(record.fields.bar_minutes);
  if (!(Number.isInteger(barMinutes) && barMinutes >= 1 && 1_440 % barMinutes === 0)) {
    const problem = 'no whole number of minutes that divides a day';
    return reject(record, { what: 'bar_invalid', field: 'bar_minutes', problem, remedy: 'Use 1 to 1440.' });
  }
  const closeTime = openTime + barMinutes * MINUTE_MS;
  const fault = findBadTime({ openTime, closeTime, now });
  return fault === null ? { closeTime, barMinutes } : reject(record, { field: 'open_time', ...fault });
}

type Finding = Omit<Parameters<typeof reject>[1], 'field'>;

function findBadTime(bar: { openTime: EpochMs; closeTime: EpochMs; now: EpochMs }): Finding | null {
  const { openTime, closeTime, now } = bar;
  if (Number.isNaN(openTime)) {
    return { what: 'time_unreadable', problem: 'not a moment', remedy: TIME_REMEDY };
  }
  if (openTime < EARLIEST) {
    const problem = `before ${isoUtc(EARLIEST)}`;
    return { what: 'time_too_early', problem, remedy: 'Check the unit of the stamp.' };
  }
  if (openTime % (closeTime - openTime) !== 0) {
    const problem = `not a multiple of the bar of ${(closeTime - openTime) / MINUTE_MS} minutes`;
    return {
      what: 'time_misaligned',
      problem,
      remedy: "A candle's stamp is the time at which its bar opened.",
    };
  }
  if (closeTime <= now) return null;
  const problem = `its bar closes at ${isoUtc(closeTime)}, after now (${isoUtc(now)})`;
  return { what: 'in_future', problem, remedy: 'Only closed bars are taken; check the clock and the zone.' };
}

type Prices = Pick<CandleObservation, 'open' | 'high' | 'low' | 'close' | 'volume'>;

function readPrices(record: RawRecord): Prices | Rejection {
  const { fields } = record;
  const prices: Prices = {
    open: readDecimal(fields.open),
    high: readDecimal(fields.high),
    low: readDecimal(fields.low),
    close: readDecimal(fields.close),
    volume: readDecimal(fields.volume),
  };
  return (
    findNoNumber(record, prices) ?? findNoPrice(record, prices) ?? findImpossible(record, prices) ?? prices
  );
}

const PRICE_FIELDS = ['open', 'high', 'low', 'close'] as const;
const NUMBER_FIELDS = [...PRICE_FIELDS, 'volume'] as const;

function findNoNumber(record: RawRecord, prices: Prices): Rejection | null {
  const field = NUMBER_FIELDS.find((name) => Number.isNaN(prices[name]));
  if (field === undefined) return null;
  const remedy =
    'Give a plain decimal such as 33287.70, or leave the row out: a missing bar is handled, a wrong one not.';
  return reject(record, { what: 'not_a_number', field, problem: 'not a finite decimal', remedy });
}

function findNoPrice(record: RawRecord, prices: Prices): Rejection | null {
  const field = PRICE_FIELDS.find((name) => prices[name] <= 0);
  if (field !== undefined) {
    const remedy = 'Leave out bars that have no price.';
    return reject(record, { what: 'price_not_positive', field, problem: 'a price lies above zero', remedy });
  }
  if (prices.volume >= 0) return null;
  const remedy = 'Use 0 for a bar without trades.';
  return reject(record, { what: 'negative_volume', field: 'volume', problem: 'below zero', remedy });
}

function findImpossible(record: RawRecord, prices: Prices): Rejection | null {
  const { open, high, low, close } = prices;
  const remedy = 'Take this bar again from the provider.';
  if (high < Math.max(open, low, close)) {
    const problem = `below open ${open}, low ${low} or close ${close}`;
    return reject(record, { what: 'impossible_ohlc', field: 'high', problem, remedy });
  }
  if (low > Math.min(open, close)) {
    const problem = `above open ${open} or close ${close}`;
    return reject(record, { what: 'impossible_ohlc', field: 'low', problem, remedy });
  }
  return null;
}

function isJump(price: number, base: number): boolean {
  return price > base * JUMP_FACTOR || price * JUMP_FACTOR < base;
}

/** Counts how many bars in a row agree on a level that the reference contradicts. */
function isBelieved(candle: CandleObservation, memory: PriceMemory): boolean {
  const { rival } = memory;
  const agrees =
    rival !== null &&
    Math.abs(candle.eventTime - rival.at) <= REFERENCE_REACH_MS &&
    !isJump(candle.close, rival.close);
  const streak = agrees ? rival.streak + 1 : 1;
  memory.rival = { close: candle.close, at: candle.eventTime, streak };
  return streak >= BELIEVED_AFTER;
}
