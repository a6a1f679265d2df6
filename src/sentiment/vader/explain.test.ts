import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RatedText } from '../rated-texts.ts';
import { trainVader } from './train.ts';
import { createRetrainedVader, createVader } from './vader.ts';

const reference = createVader();
const rows = Array.from({ length: 90 }, (_, row): RatedText => {
  const isGood = row % 2 === 0;
  return {
    text: `Bitcoin ${isGood ? 'short squeeze' : 'rug pull'} ${row}`,
    label: isGood ? 'positive' : 'negative',
  };
});
const retrained = createRetrainedVader(trainVader(rows, { seed: 1, before: null }).artifact, '1.1.0');

describe('explain', () => {
  it('names the rated words with what the rules made of them, the heaviest first', async () => {
    const text = 'Bitcoin is not very good, but GREAT news!';
    const { parts, unit, score } = await reference.explain!(text);
    expect(unit).toBe('valence after the rules');
    expect(score).toEqual((await reference.score([text]))[0]);
    expect(parts.map((part) => [part.text, part.note])).toEqual([
      ['GREAT', 'boosted by "very", in capitals, after "but"'],
      ['good', 'boosted by "very", negated by "not", before "but"'],
      ['!', 'marks add emphasis'],
    ]);
  });

  it.each([
    ['No good news', 'good', 'negated by "no"'],
    ['The least good news', 'good', 'negated by "least"'],
    ['A somewhat bad day', 'bad', 'dampened by "somewhat"'],
    ["It isn't bad", 'bad', 'negated by "isn\'t"'],
    ['It is bad', 'bad', null],
  ])('in "%s" says of "%s": %s', async (text, word, note) => {
    const { parts } = await reference.explain!(text);
    expect(parts.find((part) => part.text === word)?.note).toBe(note);
  });

  it('points at an emoji for each rated word that it is read as', async () => {
    const text = 'so 😂';
    const { parts } = await reference.explain!(text);
    expect(parts.map((part) => text.slice(part.from, part.to))).toEqual(['😂', '😂']);
  });

  it('shows learnt phrases as a whole', async () => {
    const { parts } = await retrained.explain!('Another Bitcoin Rug Pull!');
    expect(parts.find((part) => part.text === 'Rug Pull')).toMatchObject({
      from: 16,
      to: 24,
      note: 'learnt',
    });
  });

  it('says where learnt terms are held back', async () => {
    const { parts, score } = await retrained.explain!('They pull and squeeze and pull and pull');
    expect(parts.length).toBeGreaterThan(0);
    expect(Math.abs(score.sentiment)).toBeLessThanOrEqual(0.0301);
    for (const { note } of parts) expect(note).toMatch(/^learnt, held back/);
  });

  it('has nothing to say of a text without rated words', async () => {
    expect((await reference.explain!('The report came on Tuesday')).parts).toEqual([]);
  });

  it('adds up to the compound: S / sqrt(S^2 + 15)', async () => {
    const words = [
      'Bitcoin',
      'GOOD',
      'bad',
      'not',
      'very',
      'but',
      '!',
      '??',
      'rug pull',
      'squeeze',
      '😀',
      'no',
      'film',
      'kind of',
    ];
    const texts = fc.array(fc.constantFrom(...words), { maxLength: 14 }).map((parts) => parts.join(' '));
    await fc.assert(
      fc.asyncProperty(texts, fc.boolean(), async (text, isRetrained) => {
        const { parts, score } = await (isRetrained ? retrained : reference).explain!(text);
        const sum = parts.reduce((total, { weight }) => total + weight, 0);
        expect(sum / Math.sqrt(sum * sum + 15)).toBeCloseTo(score.sentiment, 3);
        for (const part of parts) expect(text.slice(part.from, part.to)).toBe(part.text);
        const sizes = parts.map(({ weight }) => Math.abs(weight));
        expect(sizes).toEqual(sizes.toSorted((one, other) => other - one));
      }),
      { seed: 12, numRuns: 400 },
    );
  });
});
