import { DAY_MS, HOUR_MS, type EpochMs } from '../core/index.ts';
import type { IndexObservation } from '../lake/index.ts';

/** Real feeds bring some hundreds a day; the bound keeps a flood from growing the state. */
export const MAX_TEXTS = 8_192;
export const BASE_HOURS = 720;
const SILENCE_MS = 3 * DAY_MS;
const HOURS_PER_DAY = 24;

/** Texts of the last 24 h in the order of folding: known times and sentiments side by side, NaN = not scored. */
export interface TextTrack {
  times: number[];
  sentiments: number[];
}

/** Articles, and how many became known in each of 720 UTC hours. Hour n is counted in slot n % 720. */
export interface NewsTrack extends TextTrack {
  /** Known time of the newest article; NaN before the first. */
  last: number;
  hours: number[];
}

/** The value of the latest day; NaN before the first. */
export interface IndexTrack {
  day: number;
  knownAt: number;
  value: number;
}

/** A text as the tracks need it. */
interface ScoredText {
  knownAt: EpochMs;
  sentiment: number | null;
}

/** Known times, younger than `length` at `asOf`. */
interface Span {
  asOf: EpochMs;
  length: number;
}

export function createTextTrack(): TextTrack {
  return { times: [], sentiments: [] };
}

export function createNewsTrack(): NewsTrack {
  return { ...createTextTrack(), last: NaN, hours: new Array<number>(BASE_HOURS).fill(0) };
}

export function createIndexTrack(): IndexTrack {
  return { day: NaN, knownAt: NaN, value: NaN };
}

export function stepTexts({ times, sentiments }: TextTrack, { knownAt, sentiment }: ScoredText): void {
  times.push(knownAt);
  // Adding 0 turns a negative zero, which JSON could not carry, into an ordinary one.
  sentiments.push(sentiment === null ? NaN : sentiment + 0);
  while (times.length > MAX_TEXTS || (times[0] ?? Infinity) <= knownAt - DAY_MS) {
    times.shift();
    sentiments.shift();
  }
}

export function stepNews(track: NewsTrack, article: ScoredText): void {
  stepTexts(track, article);
  const hour = Math.floor(article.knownAt / HOUR_MS);
  const newest = Math.floor(track.last / HOUR_MS);
  if (Number.isNaN(newest) || hour - newest >= BASE_HOURS) track.hours.fill(0);
  else for (let opened = newest + 1; opened <= hour; opened += 1) track.hours[opened % BASE_HOURS] = 0;
  const slot = hour % BASE_HOURS;
  track.hours[slot] = (track.hours[slot] ?? 0) + 1;
  track.last = article.knownAt;
}

/** Keeps the latest day; the first version of a day serves. */
export function stepIndex(track: IndexTrack, { eventTime, knownAt, value }: IndexObservation): void {
  if (eventTime <= track.day) return;
  track.day = eventTime;
  track.knownAt = knownAt;
  track.value = value + 0;
}

/** @returns mean sentiment of the scored texts of the span, NaN when there is none */
export function meanSentiment(track: TextTrack, span: Span): number {
  const { sentiments } = track;
  let sum = 0;
  let count = 0;
  for (let place = firstPlace(track, span); place < sentiments.length; place += 1) {
    const sentiment = sentiments[place] ?? NaN;
    if (Number.isNaN(sentiment)) continue;
    sum += sentiment;
    count += 1;
  }
  return sum / count;
}

/** @returns population standard deviation of the sentiments of the span, NaN when there is none */
export function dispersion(track: TextTrack, span: Span): number {
  const { sentiments } = track;
  const mean = meanSentiment(track, span);
  let squares = 0;
  let count = 0;
  for (let place = firstPlace(track, span); place < sentiments.length; place += 1) {
    const sentiment = sentiments[place] ?? NaN;
    if (Number.isNaN(sentiment)) continue;
    squares += (sentiment - mean) * (sentiment - mean);
    count += 1;
  }
  return Math.sqrt(squares / count);
}

/** @returns ln of today's articles against the trailing mean, NaN when the feed has been silent for 72 h */
export function relativeCount(track: NewsTrack, asOf: EpochMs): number {
  if (!(track.last > asOf - SILENCE_MS)) return NaN;
  const today = track.times.length - firstPlace(track, { asOf, length: DAY_MS });
  return Math.log((1 + today) / (1 + dailyMean(track, asOf)));
}

/** @returns the value, NaN when it has been known for more than 72 h */
export function readIndex({ knownAt, value }: IndexTrack, asOf: EpochMs): number {
  return asOf - knownAt > SILENCE_MS ? NaN : value;
}

function dailyMean({ hours, last }: NewsTrack, asOf: EpochMs): number {
  const present = Math.floor(asOf / HOUR_MS);
  const newest = Math.floor(last / HOUR_MS);
  let articles = 0;
  let oldest = present;
  // Backwards, so that what is left in `oldest` is the oldest hour with an article.
  for (let hour = newest; hour > present - BASE_HOURS; hour -= 1) {
    const count = hours[hour % BASE_HOURS] ?? 0;
    if (count > 0) oldest = hour;
    articles += count;
  }
  return articles / Math.max(1, (present - oldest + 1) / HOURS_PER_DAY);
}

/** The first text that is younger than the span's length. From the end: most texts of the last day are not old. */
function firstPlace({ times }: TextTrack, { asOf, length }: Span): number {
  let place = times.length;
  while (place > 0 && (times[place - 1] ?? 0) > asOf - length) place -= 1;
  return place;
}
