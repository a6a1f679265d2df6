import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CompareAnswer } from '../../src/serving/contract.ts';
import { agreementWords, heaviestParts, piecesOf } from './reading.ts';

const part = (text: string, from: number, weight: number) => ({
  text,
  from,
  to: from + text.length,
  weight,
  note: null,
});

describe('piecesOf', () => {
  it('cuts a text where its parts stand, each with its share of the heaviest', () => {
    const pieces = piecesOf('no gain, big loss', [part('loss', 13, -2), part('gain', 3, 1)]);
    expect(pieces.map(({ text, weight, strength }) => [text, weight, strength])).toEqual([
      ['no ', 0, 0],
      ['gain', 1, 0.5],
      [', big ', 0, 0],
      ['loss', -2, 1],
    ]);
  });

  it('adds the weights of a phrase and of a word within it', () => {
    const pieces = piecesOf('all time high', [part('all time high', 0, 1), part('high', 9, 0.5)]);
    expect(pieces.map(({ text, weight }) => [text, weight])).toEqual([
      ['all time ', 1],
      ['high', 1.5],
    ]);
  });

  it('passes over parts that are none of the text, and keeps the text whole whatever comes', () => {
    expect(piecesOf('up', [part('up', 5, 1), part('up', 0, NaN)])).toEqual([
      { text: 'up', weight: 0, strength: 0 },
    ]);
    const parts = fc.array(
      fc.record({
        from: fc.integer({ min: -3, max: 30 }),
        to: fc.integer({ min: -3, max: 30 }),
        weight: fc.double(),
      }),
    );
    fc.assert(
      fc.property(fc.string({ maxLength: 20 }), parts, (text, given) => {
        const pieces = piecesOf(
          text,
          given.map((each) => ({ ...each, text: '', note: null })),
        );
        expect(pieces.map((piece) => piece.text).join('')).toBe(text);
      }),
    );
  });
});

describe('heaviestParts', () => {
  it('shows the heaviest first, none without weight, and counts the rest', () => {
    const parts = [0, 1, -7, 3, 2, -4, 5, 6].map((weight, place) => part(`w${place}`, place * 3, weight));
    const { shown, more } = heaviestParts({ parts });
    expect(shown.map(({ weight }) => weight)).toEqual([-7, 6, 5, -4, 3, 2]);
    expect(more).toBe(1);
  });
});

describe('agreementWords', () => {
  const agreement = (change: Partial<NonNullable<CompareAnswer['agreement']>>) => ({
    label: 'positive' as const,
    share: 1,
    scorers: 3,
    disagreements: [],
    ...change,
  });

  it('says who is of one mind and who contradicts whom', () => {
    expect(agreementWords(agreement({}))).toBe('All 3 scorers call it positive.');
    const pair: [string, string] = ['vader', 'finbert'];
    const split = agreement({ share: 2 / 3, disagreements: [{ scorers: pair, distance: 1.1 }] });
    expect(agreementWords(split)).toBe(
      '2 of 3 scorers call it positive. vader and finbert contradict each other, 1.10 apart.',
    );
    expect(agreementWords(agreement({ share: 1 / 3 }))).toBe('1 of 3 scorers calls it positive.');
  });

  it('says nothing where only one spoke', () => {
    expect(agreementWords(null)).toBe('');
  });
});
