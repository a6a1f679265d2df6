/** What stands where a value is missing. Never a zero. */
export const MISSING = '—';

const MINUTE_MS = 60_000;
const DAY_MINUTES = 1440;
const YEAR_DAYS = 365.25;

const PRICE = new Intl.NumberFormat('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const COUNT = new Intl.NumberFormat('en-US');
const CLOCK = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', timeZone: 'UTC' });
const DAY = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' });
const DATE = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  timeZone: 'UTC',
});

/** A share as a percentage without its sign: 0.5184 is `51.8`. */
export function percent(share: number | null, digits = 1): string {
  return isNumber(share) ? (share * 100).toFixed(digits) : MISSING;
}

/** A share as a percentage whose sign stays on its line: `51.8 %`. */
export function percentText(share: number | null, digits = 1): string {
  return isNumber(share) ? `${percent(share, digits)}\u00a0%` : MISSING;
}

/** A price in the quote currency with two decimals: `64,201.50`. */
export function price(value: number | null): string {
  return isNumber(value) ? PRICE.format(value) : MISSING;
}

/** A price for an axis, with as many decimals as the distance between two ticks needs: `64,200`, `1.35`. */
export function priceTick(value: number, step: number): string {
  const whole = (places: number): boolean => Math.abs(((step * 10 ** places) % 1) - 0.5) > 0.499;
  const digits = [0, 1, 2, 3, 4, 5, 6, 7].find(whole) ?? 8;
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** A count with thousands separated: `8,760`. */
export function count(value: number): string {
  return COUNT.format(value);
}

/** A number that carries its sign, with a true minus: `+0.12`, `−0.30`, `0.00`. */
export function signed(value: number | null, digits = 2): string {
  if (!isNumber(value)) return MISSING;
  const text = Math.abs(value).toFixed(digits);
  if (Number(text) === 0) return text;
  return value < 0 ? `−${text}` : `+${text}`;
}

/** Time of day in UTC: `18:45`. */
export function clock(moment: number): string {
  return CLOCK.format(moment);
}

/** Day in UTC: `5 Nov`. */
export function day(moment: number): string {
  return DAY.format(moment);
}

/** Day and time in UTC: `5 Nov, 18:45`. */
export function moment(at: number): string {
  return `${day(at)}, ${clock(at)}`;
}

/** Day and time in UTC, with the year where it is not that of `now`: `10 May 2021, 01:00`. */
export function momentFrom(at: number, now: number): string {
  const isSameYear = new Date(at).getUTCFullYear() === new Date(now).getUTCFullYear();
  return isSameYear ? moment(at) : `${DATE.format(at)}, ${clock(at)}`;
}

/** Day with year and time in UTC: `5 Nov 2022, 18:45 UTC`. */
export function fullMoment(at: number): string {
  return `${DATE.format(at)}, ${clock(at)} UTC`;
}

/** A horizon as people say it: 60 is `60 min`, 1440 is `24 h`. */
export function horizon(minutes: number): string {
  return minutes >= DAY_MINUTES && minutes % 60 === 0 ? `${minutes / 60} h` : `${minutes} min`;
}

/** A span in its largest two units: `45 s`, `12 min`, `3 h 20 min`, `2 d 4 h`. */
export function span(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  if (minutes < DAY_MINUTES) return twoUnits([Math.floor(minutes / 60), 'h'], [minutes % 60, 'min']);
  const hours = Math.round(minutes / 60);
  return twoUnits([Math.floor(hours / 24), 'd'], [hours % 24, 'h']);
}

/** Where a moment lies as seen from another: `in 20 min`, `12 min ago`, `now`. */
export function relative(at: number, from: number): string {
  const distance = at - from;
  if (Math.abs(distance) < MINUTE_MS) return 'now';
  return distance > 0 ? `in ${span(distance)}` : `${span(-distance)} ago`;
}

/** How long ago in one unit, for what may be years old: `30 s ago`, `5 hours ago`, `36 days ago`, `4 years ago`. */
export function ago(at: number, now: number): string {
  const distance = Math.max(0, now - at);
  const days = distance / (DAY_MINUTES * MINUTE_MS);
  if (distance < 60 * MINUTE_MS) return `${span(distance)} ago`;
  if (days < 2) return counted(Math.floor(days * 24), 'hour');
  if (days < 60) return counted(Math.floor(days), 'day');
  if (days < 2 * YEAR_DAYS) return counted(Math.floor((days / YEAR_DAYS) * 12), 'month');
  return counted(Math.floor(days / YEAR_DAYS), 'year');
}

/** Words of the server as a sentence that others may follow: with a full stop, whatever they ended with. */
export function withStop(words: string): string {
  const text = words.trim();
  return text === '' || /[.!?]$/.test(text) ? text : `${text}.`;
}

function counted(number: number, unit: string): string {
  return `${number} ${unit}${number === 1 ? '' : 's'} ago`;
}

function twoUnits([large, largeUnit]: [number, string], [small, smallUnit]: [number, string]): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}

function isNumber(value: number | null): value is number {
  return value !== null && Number.isFinite(value);
}
