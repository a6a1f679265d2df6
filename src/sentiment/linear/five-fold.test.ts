import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { accuracyOf, calibrationErrorOf, macroF1Of, type Judgement } from '../agreement.ts';
import { filesOf } from '../invented-news.contract.ts';
import { labelsOf, readRatedTexts, type RatedText } from '../rated-texts.ts';
import { splitRows } from '../splits.ts';
import { linearFamily } from './linear.ts';

const LABELLED = resolve(import.meta.dirname, '../../../../shared/data/labelled');
const isHere = existsSync(LABELLED);
const isFull = process.env.BELLWETHER_TEST_FULL === '1';

const read = (name: string) => readRatedTexts(join(LABELLED, `${name}.jsonl.gz`));

/** Every row judged by a version that saw neither it nor a copy of it. */
async function judgeUnseen(rows: readonly RatedText[]): Promise<Judgement[]> {
  const judgements: Judgement[] = [];
  const labels = labelsOf('linear', rows);
  for (const { train, held } of splitRows(rows, { folds: 5, seed: 20_261_128 })) {
    const learnt = [...train].map((row) => rows[row]!);
    const { files } = await linearFamily.train(learnt, { seed: 1, base: null });
    const scorer = await linearFamily.load(filesOf(files), '1.0.0');
    const texts = [...held].map((row) => rows[row]!.text);
    const scores = await scorer.score(texts);
    scores.forEach(({ label, confidence }, place) =>
      judgements.push({ said: label, truth: labels[held[place]!]!, confidence }),
    );
  }
  return judgements;
}

describe.skipIf(!isHere || !isFull)(
  'linear on unseen fifths of real texts (skipped without ../shared/data/labelled and BELLWETHER_TEST_FULL)',
  () => {
    it.each([
      ['phrasebank-dev', { accuracy: 0.76, macroF1: 0.705 }],
      ['twitter-financial-news-train', { accuracy: 0.83, macroF1: 0.772 }],
    ])(
      'beats TF-IDF with logistic regression on %s, calibrated',
      async (name, floor) => {
        const judgements = await judgeUnseen(await read(name));
        expect(accuracyOf(judgements)).toBeGreaterThan(floor.accuracy);
        expect(macroF1Of(judgements)).toBeGreaterThan(floor.macroF1);
        expect(calibrationErrorOf(judgements)).toBeLessThan(0.04);
      },
      900_000,
    );

    it('learns the two labels of StockEmotions, whose authors say themselves what they expect', async () => {
      const [rows, unseen] = [await read('stockemotions-train'), await read('stockemotions-val')];
      const { files } = await linearFamily.train(rows, { seed: 1, base: null });
      const scores = await (
        await linearFamily.load(filesOf(files), '1.0.0')
      ).score(unseen.map(({ text }) => text));
      const right = scores.filter(({ label }, row) => label === unseen[row]!.label).length;
      expect(right / unseen.length).toBeGreaterThan(0.7);
      expect(scores.every(({ probabilities }) => probabilities.neutral === 0)).toBe(true);
    }, 300_000);
  },
);

describe.skipIf(!isHere)('linear on a few real texts (skipped without ../shared/data/labelled)', () => {
  it('learns from one sentence in six what holds for another', async () => {
    const rows = await read('phrasebank-dev');
    // The file is sorted by subject: its beginning tells little of its end.
    const sixth = (part: number) => rows.filter((_, row) => row % 6 === part);
    const { files } = await linearFamily.train(sixth(0), { seed: 1, base: null });
    const scorer = await linearFamily.load(filesOf(files), '1.0.0');
    const unseen = sixth(3);
    const scores = await scorer.score(unseen.map(({ text }) => text));
    const judgements = scores.map(({ label, confidence }, row) => ({
      said: label,
      truth: unseen[row]!.label!,
      confidence,
    }));
    // The most frequent label alone is right in 60 of 100.
    expect(accuracyOf(judgements)).toBeGreaterThan(0.7);
    expect(macroF1Of(judgements)).toBeGreaterThan(0.6);
  });
});
