import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DAY_MS, parseUtc } from '../core/index.ts';
import { candleKnownAt, indexKnownAt, textKnownAt } from './known-at.ts';
import { compareObservations, type FoldKey } from './records.ts';

const at = parseUtc;
const moments = fc.integer({ min: at('2015-01-01'), max: at('2030-01-01') });

describe('when something could first have been used', () => {
  it('is five seconds after its close for a candle of history', () => {
    expect(candleKnownAt(at('2021-11-05T07:00:00Z'), null)).toBe(at('2021-11-05T07:00:05Z'));
  });

  it('is first sight for a live candle', () => {
    const seen = at('2021-11-05T07:00:41Z');
    expect(candleKnownAt(at('2021-11-05T07:00:00Z'), seen)).toBe(seen);
  });

  it('is first sight for an article whose first sight was noted', () => {
    const seen = at('2025-05-31T14:46:00Z');
    expect(textKnownAt(at('2025-05-31T14:00:00Z'), seen)).toBe(seen);
  });

  it('is publication when the noted first sight lies before it', () => {
    const published = at('2025-05-31T14:00:00Z');
    expect(textKnownAt(published, published - 1)).toBe(published);
  });

  it('is 105 minutes after publication when nobody noted first sight', () => {
    expect(textKnownAt(at('2022-03-01T10:00:00Z'), null)).toBe(at('2022-03-01T11:45:00Z'));
  });

  it('is 105 minutes after the day when the stamp is a date without a time', () => {
    expect(textKnownAt(at('2022-03-01T00:00:00Z'), null)).toBe(at('2022-03-02T01:45:00Z'));
    expect(textKnownAt(at('2022-03-01T00:00:01Z'), null)).toBe(at('2022-03-01T01:45:01Z'));
  });

  it('is one o’clock of its own day for fear and greed, of the next for any other index', () => {
    const day = at('2021-11-05');
    expect(indexKnownAt({ name: 'fear_greed', day }, null)).toBe(at('2021-11-05T01:00:00Z'));
    expect(indexKnownAt({ name: 'reddit_posts_sent', day }, null)).toBe(at('2021-11-06T01:00:00Z'));
  });

  it('never lies before the event nor before first sight', () => {
    fc.assert(
      fc.property(moments, fc.option(moments), (event, seen) => {
        const day = Math.floor(event / DAY_MS) * DAY_MS;
        const known = [
          candleKnownAt(event, seen),
          textKnownAt(event, seen),
          indexKnownAt({ name: 'fear_greed', day }, seen),
        ];
        return known.every((moment) => moment >= Math.max(day, seen ?? 0)) && (known[0] ?? 0) >= event;
      }),
    );
  });
});

describe('the order in which state is folded', () => {
  it('does not depend on the order of arrival', () => {
    const key = fc.record({
      knownAt: fc.integer({ min: 0, max: 5 }),
      source: fc.constantFrom('a', 'b', 'B'),
      id: fc.constantFrom('0', '1', '2'),
    });
    fc.assert(
      fc.property(
        fc.uniqueArray(key, { selector: (entry) => JSON.stringify(entry) }),
        fc.integer(),
        (keys, seed) => {
          const shuffled = [...keys].sort((left, right) => hash(left, seed) - hash(right, seed));
          expect(shuffled.sort(compareObservations)).toEqual([...keys].sort(compareObservations));
        },
      ),
    );
  });
});

function hash(key: FoldKey, seed: number): number {
  return Math.sin(seed + key.knownAt * 13 + key.source.charCodeAt(0) * 7 + Number(key.id) * 31);
}
