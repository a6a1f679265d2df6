import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { createRandom } from '../../core/index.ts';
import { normalCdf } from '../../stats/index.ts';
import { pearsonOf } from '../agreement.ts';
import { readRatedTexts, type RatedText } from '../rated-texts.ts';
import { scoreTexts } from '../score-texts.ts';
import type { Score, Scorer } from '../scorer.ts';
import { trainVader } from './train.ts';
import { foldOf } from './train-rows.ts';
import { createRetrainedVader, createVader } from './vader.ts';

const DATA = new URL('../../../../shared/data/', import.meta.url);
const RATED = ['tweets', 'nytEditorialSnippets', 'amazonReviewSnippets', 'movieReviewSnippets'];
const SIDES = ['negative', 'positive'];
const ALL = ['negative', 'neutral', 'positive'];
/** One part in five is kept out of training. */
const PARTS = 5;
const SPLIT_SEED = 20_241;
const RESAMPLES = 1_000;

const truthOf = ({ score = 0 }: RatedText) =>
  score >= 0.33 ? 'positive' : score <= -0.33 ? 'negative' : 'neutral';
const sideOf = ({ probabilities: { positive, negative } }: Score) =>
  positive > negative ? 'positive' : negative > positive ? 'negative' : 'tie';

function macroF1(said: readonly string[], truths: readonly string[], labels: readonly string[]): number {
  const scores = labels.map((label) => {
    let hits = 0;
    let misses = 0;
    for (const [row, truth] of truths.entries()) {
      if (truth === label && said[row] === label) hits += 1;
      else if ((truth === label) !== (said[row] === label)) misses += 1;
    }
    return hits === 0 ? 0 : (2 * hits) / (2 * hits + misses);
  });
  return scores.reduce((sum, one) => sum + one, 0) / labels.length;
}

/** What the two scorers said of the same texts, compared as the claim is worded. */
function compare(
  before: string[],
  after: string[],
  { truths, labels }: { truths: string[]; labels: string[] },
) {
  const isRight = (said: string[], row: number) => said[row] === truths[row];
  const rows = [...truths.keys()];
  const won = rows.filter((row) => isRight(after, row) && !isRight(before, row)).length;
  const lost = rows.filter((row) => isRight(before, row) && !isRight(after, row)).length;
  // McNemar (1947) with Edwards' correction; one degree of freedom, so the chi-square is a normal squared.
  const statistic = (Math.abs(won - lost) - 1) / Math.sqrt(won + lost);
  const random = createRandom(7);
  const gains = Array.from({ length: RESAMPLES }, () => {
    const drawn = rows.map(() => random.integer(rows.length));
    const of = (values: string[]) => drawn.map((row) => values[row]!);
    return macroF1(of(after), of(truths), labels) - macroF1(of(before), of(truths), labels);
  }).sort((one, other) => one - other);
  return {
    won,
    lost,
    pValue: 2 * (1 - normalCdf(statistic)),
    lowestGain: gains[Math.floor(0.025 * RESAMPLES)]!,
  };
}

// Retrained once, on training parts of two sets; judged on parts that it has not seen.
describe.skipIf(!existsSync(DATA))('one retrained vader (skipped without ../shared/data)', () => {
  const reference = createVader();
  let retrained: Scorer;
  let headlines: RatedText[];
  let posts: RatedText[];

  beforeAll(async () => {
    const read = (file: string) => readRatedTexts(new URL(`labelled/${file}`, DATA).pathname);
    const taught = await read('finbert-teacher-scores.jsonl.gz');
    const isKeptOut = ({ text }: RatedText) => foldOf(text, PARTS, SPLIT_SEED) === 0;
    headlines = taught.filter(isKeptOut);
    posts = await read('stockemotions-val.jsonl.gz');
    const rows = [
      ...taught.filter((row) => !isKeptOut(row)),
      ...(await read('stockemotions-train.jsonl.gz')),
    ];
    retrained = createRetrainedVader(trainVader(rows, { seed: 1, before: null }).artifact, '1.1.0');
  }, 120_000);

  const labelsOf = async (scorer: Scorer, rows: RatedText[]) =>
    (
      await scoreTexts(
        scorer,
        rows.map(({ text }) => text),
      )
    ).map(({ label }) => label as string);

  it('beats 1.0.0 on unseen Bitcoin headlines, three classes', async () => {
    const truths = headlines.map(truthOf);
    const [before, after] = [await labelsOf(reference, headlines), await labelsOf(retrained, headlines)];
    const { won, lost, pValue, lowestGain } = compare(before, after, { truths, labels: ALL });
    expect(headlines.length).toBeGreaterThan(2_000);
    expect(won).toBeGreaterThan(lost);
    expect(pValue).toBeLessThan(0.01);
    expect(lowestGain).toBeGreaterThan(0);
  });

  it('beats 1.0.0 also on those headlines alone that have a side', async () => {
    const sided = headlines.filter((row) => truthOf(row) !== 'neutral');
    const [before, after] = [await labelsOf(reference, sided), await labelsOf(retrained, sided)];
    const { won, lost, pValue, lowestGain } = compare(before, after, {
      truths: sided.map(truthOf),
      labels: SIDES,
    });
    expect(won).toBeGreaterThan(lost);
    expect(pValue).toBeLessThan(0.01);
    expect(lowestGain).toBeGreaterThan(0);
  });

  it('beats 1.0.0 on unseen StockEmotions, two classes', async () => {
    const sides = async (scorer: Scorer) => (await scorer.score(posts.map(({ text }) => text))).map(sideOf);
    const truths = posts.map(({ label }) => label as string);
    const [before, after] = [await sides(reference), await sides(retrained)];
    const { won, lost, pValue, lowestGain } = compare(before, after, { truths, labels: SIDES });
    expect(won).toBeGreaterThan(lost);
    expect(pValue).toBeLessThan(0.01);
    expect(lowestGain).toBeGreaterThan(0);
  });

  it.each(RATED)(
    'loses less than 0.01 of correlation with people on %s, which it never saw',
    async (name) => {
      const file = new URL(`vader/${name}_GroundTruth.tsv.gz`, DATA);
      const lines = gunzipSync(readFileSync(file)).toString('utf8').trimEnd().split('\n');
      const rated = lines
        .map((line) => line.split('\t'))
        .map(([, rating = '', text = '']) => ({ rating: Number(rating), text }));
      const correlation = async (scorer: Scorer) => {
        const scores = await scoreTexts(
          scorer,
          rated.map(({ text }) => text),
        );
        return pearsonOf(
          scores.map(({ sentiment }, row): [number, number] => [sentiment, rated[row]!.rating]),
        )!;
      };
      expect(await correlation(retrained)).toBeGreaterThan((await correlation(reference)) - 0.01);
    },
  );
});
