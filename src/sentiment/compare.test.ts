import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRandom } from '../core/index.ts';
import { accuracyOf, calibrationErrorOf, macroF1Of, pearsonOf } from './agreement.ts';
import { agreementOf } from './compare-columns.ts';
import { compareMeasured, measure } from './compare.ts';
import type { RatedText } from './rated-texts.ts';
import { SENTIMENTS, type Score, type SentimentLabel } from './scorer.ts';

function scoreOf(label: SentimentLabel, confidence = 0.8): Score {
  const probabilities = { negative: 0, neutral: 0, positive: 0 };
  for (const name of SENTIMENTS) probabilities[name] = (1 - confidence) / 2;
  probabilities[label] = confidence;
  const sentiment = probabilities.positive - probabilities.negative;
  return { label, confidence, probabilities, sentiment };
}

function row(label: SentimentLabel): RatedText {
  return { text: '', label };
}

const alone = (rows: number) => Uint32Array.from({ length: rows }, (_, place) => place);

function measureOne(rows: readonly RatedText[], scores: readonly Score[], clusters = alone(rows.length)) {
  return measure([{ name: 'one', agreement: agreementOf(rows, scores) }], { clusters, seed: 1 })[0]!;
}

/** A scorer that is right with this chance, else says the next label. */
function chancy(rows: readonly RatedText[], chance: number, seed: number): Score[] {
  const { uniform } = createRandom(seed);
  return rows.map(({ label }) =>
    scoreOf(uniform() < chance ? label! : SENTIMENTS[(SENTIMENTS.indexOf(label!) + 1) % 3]!),
  );
}

const manyRows = (count: number) => Array.from({ length: count }, (_, place) => row(SENTIMENTS[place % 3]!));

describe('measure', () => {
  it('gives a share the interval that theory gives it', () => {
    const rows = manyRows(2_000);
    const { figures, intervals } = measureOne(rows, chancy(rows, 0.7, 1));
    const { low, high } = intervals.accuracy!;
    const half = 1.96 * Math.sqrt((figures.accuracy! * (1 - figures.accuracy!)) / 2_000);
    expect(high - low).toBeCloseTo(2 * half, 2);
    expect(low).toBeLessThan(figures.accuracy!);
    expect(high).toBeGreaterThan(figures.accuracy!);
  });

  it('does not take copies of a text for evidence', () => {
    const plain = manyRows(300);
    const scores = chancy(plain, 0.6, 2);
    const ten = <Item>(items: Item[]) => Array.from({ length: 10 }, () => items).flat();
    const clusters = Uint32Array.from({ length: 3_000 }, (_, place) => place % 300);
    const copied = measureOne(ten(plain), ten(scores), clusters);
    expect(copied.intervals.macroF1).toEqual(measureOne(plain, scores).intervals.macroF1);
    expect(measureOne(ten(plain), ten(scores)).intervals.macroF1).not.toEqual(copied.intervals.macroF1);
  });

  it('counts as the definitions do', () => {
    const label = fc.constantFrom(...SENTIMENTS);
    const confidence = fc.double({ min: 0.4, max: 1, noNaN: true });
    const item = fc.record({ label, said: label, confidence, rating: fc.integer({ min: -4, max: 4 }) });
    fc.assert(
      fc.property(fc.array(item, { minLength: 2, maxLength: 7 }), (items) => {
        const scores = items.map((one) => scoreOf(one.said, one.confidence));
        const rows = items.map((one) => ({ text: '', label: one.label, score: one.rating }));
        const { figures } = measureOne(rows, scores);
        const judgements = items.map((one) => ({
          said: one.said,
          truth: one.label,
          confidence: one.confidence,
        }));
        expect(figures.accuracy).toBeCloseTo(accuracyOf(judgements), 12);
        expect(figures.macroF1).toBeCloseTo(macroF1Of(judgements), 12);
        expect(figures.ece).toBeCloseTo(calibrationErrorOf(judgements), 12);
        const pairs = rows.map(({ score }, place): [number, number] => [scores[place]!.sentiment, score]);
        expect(figures.pearson ?? 0).toBeCloseTo(pearsonOf(pairs) ?? 0, 9);
      }),
      { seed: 1 },
    );
  });

  it('reads two classes by the larger side, and a tie as wrong', () => {
    const neutral = scoreOf('neutral', 0.6);
    const leaning: Score = { ...neutral, probabilities: { negative: 0.1, neutral: 0.6, positive: 0.3 } };
    const rows = [row('positive'), row('negative'), row('positive'), row('neutral')];
    const { figures } = measureOne(rows, [leaning, leaning, neutral, neutral]);
    expect(figures.accuracy).toBe(0.25);
    expect(figures.twoClassAccuracy).toBeCloseTo(1 / 3, 12);
    // Positive: one right, two labelled, two said. Negative: never said.
    expect(figures.twoClassMacroF1).toBe(0.25);
  });

  it('keeps the calibration error of a calibrated scorer within an interval that begins near 0', () => {
    const rows = manyRows(3_000);
    const { figures, intervals } = measureOne(rows, chancy(rows, 0.8, 3));
    expect(intervals.ece!.low).toBeLessThan(0.01);
    expect(intervals.ece!.high).toBeGreaterThanOrEqual(figures.ece! - 0.01);
    expect(intervals.ece!.high).toBeLessThan(0.05);
  });

  it('says nothing where nothing is rated, and refuses clusters of other rows', () => {
    const { figures, intervals } = measureOne([{ text: '', score: 1 }], [scoreOf('neutral')]);
    expect(new Set([...Object.values(figures), ...Object.values(intervals)])).toEqual(new Set([null]));
    expect(() => measureOne([row('neutral')], [scoreOf('neutral')], alone(2))).toThrow(
      'there are 2 rows and 1',
    );
    expect(() => agreementOf([row('neutral')], [])).toThrow(RangeError);
  });
});

describe('compareMeasured', () => {
  it('finds the better of two, paired, and nothing between equals', () => {
    const rows = manyRows(1_500);
    const agreements = [0.75, 0.65, 0.65].map((chance, seed) =>
      agreementOf(rows, chancy(rows, chance, seed)),
    );
    const [good, plain, equal] = measure(
      agreements.map((agreement, place) => ({ name: `s${place}`, agreement })),
      { clusters: alone(rows.length), seed: 1 },
    );
    const better = compareMeasured(good!, plain!);
    expect(better).toMatchObject({ a: 's0', b: 's1', n: 1_500, pearsonDifference: null, pearsonLow: null });
    expect(better.low).toBeGreaterThan(0);
    expect(better.macroF1Low).toBeGreaterThan(0);
    expect(better.mcnemarP).toBeLessThan(0.001);
    expect(better.twoClass?.n).toBe(1_000);
    const same = compareMeasured(plain!, equal!);
    expect(same.low! < 0 && same.high! > 0).toBe(true);
    expect(same.mcnemarP).toBeGreaterThan(0.01);
  });

  it('is the other way round for the other order', () => {
    const rows = manyRows(200).map((one, place) => ({ ...one, score: place % 3 }));
    const [one, other] = measure(
      [0.9, 0.5].map((chance, seed) => ({
        name: `s${seed}`,
        agreement: agreementOf(rows, chancy(rows, chance, seed)),
      })),
      { clusters: alone(rows.length), seed: 1 },
    );
    const [forth, back] = [compareMeasured(one!, other!), compareMeasured(other!, one!)];
    expect(back.macroF1Difference).toBeCloseTo(-forth.macroF1Difference!, 12);
    expect(back.low).toBeCloseTo(-forth.high!, 12);
    expect(back.pearsonHigh).toBeCloseTo(-forth.pearsonLow!, 12);
    expect(back.mcnemarP).toBe(forth.mcnemarP);
  });
});
