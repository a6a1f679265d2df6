import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scoreTexts } from './score-texts.ts';
import { SENTIMENTS, type Score, type Scorer } from './scorer.ts';

const ORDINARY = [
  'Bitcoin soars to a wonderful high',
  'Exchange hacked, users furious',
  'The block was mined',
];
const HOSTILE = [
  '',
  ' \t\n\u0000\uFEFF',
  '\uD800',
  'good \uDC00\uD83D bad',
  '😀'.repeat(500),
  '!?'.repeat(2_000),
  `${'not '.repeat(3_000)}good`,
  `${'good but bad '.repeat(3_000)}`,
  '__proto__ constructor toString hasOwnProperty',
  '</script><b>&amp; %s {{x}} ${y}',
];
const SUM_TOLERANCE = 1e-9;

/**
 * What every scorer must do, whatever it is made of.
 * @param name - for the titles
 * @param create - makes a fresh scorer
 * @param known - good news and bad news, for a scorer that knows other words
 */
export function describeScorer(
  name: string,
  create: () => Scorer | Promise<Scorer>,
  known: readonly [good: string, bad: string] = [ORDINARY[0] ?? '', ORDINARY[1] ?? ''],
): void {
  describe(`${name} as a scorer`, () => {
    it('has a family and a semantic version', async () => {
      const scorer = await create();
      expect(scorer.family).toMatch(/^[a-z][a-z0-9-]*$/);
      expect(scorer.version).toMatch(/^\d+\.\d+\.\d+(\+[0-9a-f]{8})?$/);
    });

    it('answers no texts with no scores', async () => {
      expect(await (await create()).score([])).toEqual([]);
    });

    it('keeps the order of the texts', async () => {
      const scorer = await create();
      const forth = await scorer.score(ORDINARY);
      const back = await scorer.score([...ORDINARY].reverse());
      expect(back.reverse()).toEqual(forth);
    });

    it('tells good news from bad news', async () => {
      const [good, bad] = await (await create()).score(known);
      expect(good?.sentiment).toBeGreaterThan(bad?.sentiment ?? NaN);
    });

    it('says the same again, also as a new instance', async () => {
      const texts = [...ORDINARY, ...HOSTILE];
      const scorer = await create();
      const first = await scorer.score(texts);
      expect(await scorer.score(texts)).toEqual(first);
      expect(await (await create()).score(texts)).toEqual(first);
    });

    it('scores a text alone as it does among others', async () => {
      const scorer = await create();
      const texts = [...ORDINARY, ...HOSTILE];
      const together = await scorer.score(texts);
      for (const [place, text] of texts.entries()) {
        expect((await scorer.score([text]))[0]).toEqual(together[place]);
      }
    });

    it('gives sound scores to hostile texts', async () => {
      for (const score of await (await create()).score(HOSTILE)) expectSound(score);
    });

    it('gives sound scores to any text', async () => {
      const scorer = await create();
      const codeUnits = fc.array(fc.nat(0xffff), { maxLength: 30 });
      const anyText = fc.oneof(
        fc.string(),
        codeUnits.map((codes) => String.fromCharCode(...codes)),
      );
      await fc.assert(
        fc.asyncProperty(fc.array(anyText, { maxLength: 5 }), async (texts) => {
          const scores = await scorer.score(texts);
          expect(scores).toHaveLength(texts.length);
          scores.forEach(expectSound);
        }),
        { seed: 4, numRuns: 60 },
      );
    });

    it('scores a long list in batches as it scores it at once', async () => {
      const scorer = await create();
      const texts = Array.from({ length: 2_100 }, (_, place) => `${ORDINARY[place % 3] ?? ''} ${place}`);
      expect(await scoreTexts(scorer, texts)).toEqual(await scorer.score(texts));
    });
  });
}

function expectSound({ sentiment, confidence, label, probabilities }: Score): void {
  const each = SENTIMENTS.map((name) => probabilities[name]);
  expect(sentiment).toBeGreaterThanOrEqual(-1);
  expect(sentiment).toBeLessThanOrEqual(1);
  for (const probability of each) expect(probability >= 0 && probability <= 1).toBe(true);
  expect(Math.abs(each.reduce((sum, one) => sum + one, 0) - 1)).toBeLessThan(SUM_TOLERANCE);
  expect(confidence).toBe(Math.max(...each));
  expect(probabilities[label]).toBeGreaterThan(confidence - SUM_TOLERANCE);
}
