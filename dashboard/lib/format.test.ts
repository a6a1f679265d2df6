import { describe, expect, it } from 'vitest';
import {
  ago,
  count,
  fullMoment,
  horizon,
  MISSING,
  moment,
  momentFrom,
  percent,
  percentText,
  price,
  priceTick,
  relative,
  signed,
  span,
  withStop,
} from './format.ts';

const NOON = Date.UTC(2022, 10, 5, 12);

describe('format', () => {
  it('shows what is missing as missing and never as zero', () => {
    expect([percent(null), percent(Number.NaN), price(null), signed(Number.NaN)]).toEqual(
      Array.from({ length: 4 }, () => MISSING),
    );
  });

  it('ends words of the server with one full stop', () => {
    expect(['not fetched', 'Fetch it. ', 'Why?', ''].map(withStop)).toEqual([
      'not fetched.',
      'Fetch it.',
      'Why?',
      '',
    ]);
  });

  it('writes shares as percent, prices with two decimals, counts with separators', () => {
    expect(percent(0.5184)).toBe('51.8');
    expect([percentText(0.52), percentText(null)]).toEqual(['52.0\u00a0%', MISSING]);
    expect(price(64201.5)).toBe('64,201.50');
    expect(count(8760)).toBe('8,760');
  });

  it('gives the ticks of an axis the decimals that tell them apart', () => {
    const ticks = [
      priceTick(64_200, 200),
      priceTick(21_001.5, 0.5),
      priceTick(1.35, 0.05),
      priceTick(102.5, 2.5),
    ];
    expect(ticks).toEqual(['64,200', '21,001.5', '1.35', '102.5']);
  });

  it('gives every signed number its sign, and zero none', () => {
    expect(signed(0.124)).toBe('+0.12');
    expect(signed(-0.3)).toBe('−0.30');
    expect(signed(-0.001)).toBe('0.00');
  });

  it('writes times in UTC whatever the reader’s zone', () => {
    expect(moment(NOON)).toBe('5 Nov, 12:00');
    expect(fullMoment(NOON)).toBe('5 Nov 2022, 12:00 UTC');
  });

  it('names horizons as the rest of the system does', () => {
    expect([15, 60, 240, 1440].map(horizon)).toEqual(['15 min', '60 min', '240 min', '24 h']);
  });

  it('shows spans in their largest two units', () => {
    const minute = 60_000;
    expect([45_000, 12 * minute, 200 * minute, 120 * minute, 3120 * minute].map(span)).toEqual([
      '45 s',
      '12 min',
      '3 h 20 min',
      '2 h',
      '2 d 4 h',
    ]);
  });

  it('gives the year of a moment that is not of this year', () => {
    expect(momentFrom(NOON, NOON + 30 * 86_400_000)).toBe('5 Nov, 12:00');
    expect(momentFrom(NOON, NOON + 60 * 86_400_000)).toBe('5 Nov 2022, 12:00');
  });

  it('says in one unit how long ago something was', () => {
    const [minute, hour, day] = [60_000, 3_600_000, 86_400_000];
    const spans = [-minute, 30_000, 59 * minute, hour, 47 * hour, 2 * day, 59 * day, 60 * day, 800 * day];
    expect(spans.map((distance) => ago(NOON - distance, NOON))).toEqual([
      '0 s ago',
      '30 s ago',
      '59 min ago',
      '1 hour ago',
      '47 hours ago',
      '2 days ago',
      '59 days ago',
      '1 month ago',
      '2 years ago',
    ]);
  });

  it('says on which side of another moment a moment lies', () => {
    expect(relative(NOON + 20 * 60_000, NOON)).toBe('in 20 min');
    expect(relative(NOON - 20 * 60_000, NOON)).toBe('20 min ago');
    expect(relative(NOON + 10_000, NOON)).toBe('now');
  });
});
