import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { evaluateSentiment, runSentimentEvaluation } from './evaluate.ts';
import { scoreTexts } from './score-texts.ts';
import type { RatedText } from './rated-texts.ts';
import type { Scorer } from './scorer.ts';
import { createVader } from './vader/vader.ts';

/** Says what the text says of itself: "+", "-" or anything else. */
const echo: Scorer = {
  family: 'echo',
  version: '2.1.0',
  score: async (texts) =>
    texts.map((text) => {
      const sentiment = text.startsWith('+') ? 1 : text.startsWith('-') ? -1 : 0;
      const probabilities = { negative: 0, neutral: 0, positive: 0 };
      const label = sentiment > 0 ? 'positive' : sentiment < 0 ? 'negative' : 'neutral';
      probabilities[label] = 1;
      return { sentiment, confidence: 1, label, probabilities };
    }),
};

/** Every look shows 10 ms more. */
function steppingStopwatch(): () => number {
  let shown = 0;
  return () => (shown += 10);
}

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'evaluate-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

const evaluateOne = async (scorer: Scorer, rows: readonly RatedText[], stopwatch: () => number) =>
  (await evaluateSentiment({ scorers: [scorer], rows, stopwatch })).families[scorer.family]!;

describe('evaluateSentiment', () => {
  it('measures labels and leaves the correlation open', async () => {
    const rows = [
      { text: '+', label: 'positive' },
      { text: '-', label: 'neutral' },
    ] as const;
    const figures = await evaluateOne(echo, rows, steppingStopwatch());
    expect(figures).toMatchObject({
      version: '2.1.0',
      accuracy: 0.5,
      macroF1: 1 / 3,
      ece: 0.5,
      pearson: null,
      n: 2,
      labelled: 2,
      scored: 0,
      textsPerSecond: null,
      perClass: {
        negative: { precision: 0, recall: null, f1: 0, support: 0 },
        neutral: { precision: null, recall: 0, f1: 0, support: 1 },
        positive: { precision: 1, recall: 1, f1: 1, support: 1 },
      },
      confusion: { neutral: { negative: 1, neutral: 0, positive: 0 } },
      twoClass: { accuracy: 1, n: 1 },
    });
    expect(figures.reliability?.at(-1)).toEqual({ from: 14 / 15, to: 1, n: 2, confidence: 1, accuracy: 0.5 });
  });

  it('takes the rate over different texts that it was not warmed up with', async () => {
    const words = Array.from({ length: 90 }, (_, place) => `+ ${place % 80}`);
    const rows = words.map((text) => ({ text, label: 'positive' as const }));
    // Sixteen of the last twenty-six had not been said before, in 10 ms.
    expect((await evaluateOne(echo, rows, steppingStopwatch())).textsPerSecond).toBe(1_600);
  });

  it('gives no interval to a handful of texts', async () => {
    const rows = [{ text: '+', label: 'positive' }] as const;
    const { intervals, twoClass } = await evaluateOne(echo, rows, () => 0);
    expect(intervals).toEqual({ accuracy: null, macroF1: null, ece: null, pearson: null });
    expect(twoClass).toEqual({
      accuracy: 1,
      low: null,
      high: null,
      macroF1: 1,
      macroF1Low: null,
      macroF1High: null,
      n: 1,
    });
  });

  it('measures scores and leaves the label figures open', async () => {
    const rows = [
      { text: '+', score: 4 },
      { text: '-', score: 2 },
      { text: '0', score: 3 },
    ];
    const figures = await evaluateOne(echo, rows, () => 5);
    expect(figures).toMatchObject({
      accuracy: null,
      macroF1: null,
      ece: null,
      n: 3,
      textsPerSecond: null,
      perClass: null,
      confusion: null,
      reliability: null,
      twoClass: null,
    });
    expect(figures.pearson).toBeCloseTo(1, 12);
  });

  it('tells every score in order, over many batches, and how far it is', async () => {
    const rows = Array.from({ length: 2_500 }, (_, place) => ({ text: place % 2 ? '+' : '-', score: place }));
    const seen: [number, number][] = [];
    const progress: number[] = [];
    await evaluateSentiment({
      scorers: [echo],
      rows,
      stopwatch: steppingStopwatch(),
      onScore: ({ sentiment }, index) => seen.push([index, sentiment]),
      onProgress: (_, done) => progress.push(done),
    });
    expect(seen).toEqual(rows.map((_, place) => [place, place % 2 ? 1 : -1]));
    expect(progress).toEqual([64, 1_088, 2_112, 2_500]);
  });

  it('keeps two versions of one family apart and compares every pair', async () => {
    const rows = Array.from({ length: 30 }, (_, place) => ({
      text: `${'+-'[place % 2]!}${'abcdefghij'.repeat(place)}`,
      label: 'positive' as const,
    }));
    const { families, comparisons } = await evaluateSentiment({
      scorers: [echo, { ...echo, version: '2.2.0' }, createVader()],
      rows,
      stopwatch: () => 0,
    });
    expect(Object.keys(families)).toEqual(['echo@2.1.0', 'echo@2.2.0', 'vader']);
    expect(comparisons.map(({ a, b }) => `${a} ${b}`)).toEqual([
      'echo@2.1.0 echo@2.2.0',
      'echo@2.1.0 vader',
      'echo@2.2.0 vader',
    ]);
    expect(comparisons[0]).toMatchObject({ accuracyDifference: 0, low: 0, high: 0, mcnemarP: 1, n: 30 });
    expect(comparisons[1]?.accuracyDifference).toBe(0.5);
    expect(comparisons[1]?.mcnemarP).toBeCloseTo(2 ** -14, 12);
  });

  it('refuses to speak about nothing', async () => {
    await expect(evaluateSentiment({ scorers: [echo], rows: [], stopwatch: () => 0 })).rejects.toThrow(
      RangeError,
    );
  });
});

describe('scoreTexts', () => {
  it('refuses a scorer that loses a text', async () => {
    const forgetful = { ...echo, score: async () => [] };
    await expect(scoreTexts(forgetful, ['+'])).rejects.toThrow('echo gave 0 scores for 1 texts');
  });

  it('lets other work in between batches', async () => {
    let others = 0;
    let isOver = false;
    const workOn = () => {
      others += 1;
      if (!isOver) setImmediate(workOn);
    };
    setImmediate(workOn);
    await scoreTexts(echo, Array<string>(20_000).fill('+'));
    isOver = true;
    expect(others).toBeGreaterThan(10);
  });
});

describe('runSentimentEvaluation', () => {
  it('holds every scorer against the same file and writes each row', async () => {
    const dataFile = join(folder, 'data.jsonl');
    const outFile = join(folder, 'out.jsonl');
    await writeFile(dataFile, '{"text":"+","label":"bullish"}\n{"text":"good","label":"positive"}\n');
    const { families } = await runSentimentEvaluation({
      dataFile,
      scorers: [echo, createVader()],
      outFile,
      stopwatch: steppingStopwatch(),
    });
    expect(families).toMatchObject({
      echo: { accuracy: 0.5, version: '2.1.0', n: 2 },
      vader: { accuracy: 0.5, version: '1.0.0', n: 2 },
    });
    const lines = (await readFile(outFile, 'utf8')).trimEnd().split('\n');
    const results = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(results.map(({ index, family }) => `${String(index)} ${String(family)}`)).toEqual([
      '0 echo',
      '0 vader',
      '1 echo',
      '1 vader',
    ]);
    expect(Object.keys(results[3]!)).toEqual([
      'index',
      'family',
      'version',
      'sentiment',
      'confidence',
      'probabilities',
    ]);
    // The compound that the reference gives "good".
    expect(results[3]).toMatchObject({ sentiment: 0.4404, version: '1.0.0' });
  });

  it('leaves nothing behind where the results cannot go', async () => {
    const dataFile = join(folder, 'data.jsonl');
    await writeFile(dataFile, '{"text":"+","label":"positive"}\n');
    const outFile = join(folder, 'no-such-folder', 'out.jsonl');
    await expect(
      runSentimentEvaluation({ dataFile, scorers: [echo], outFile, stopwatch: () => 0 }),
    ).rejects.toMatchObject({ code: 'SENTIMENT_RESULTS_UNWRITABLE' });
    await expect(
      runSentimentEvaluation({ dataFile, scorers: [echo], outFile: folder, stopwatch: () => 0 }),
    ).rejects.toMatchObject({ code: 'SENTIMENT_RESULTS_UNWRITABLE' });
    expect(existsSync(`${folder}.partial`)).toBe(false);
    expect((await readdir(folder)).some((name) => name.endsWith('.partial'))).toBe(false);
  });
});

const LABELLED = fileURLToPath(new URL('../../../shared/data/labelled/', import.meta.url));

// Figures that vaderSentiment 3.3.2, scikit-learn and numpy give on the same files.
describe.skipIf(!existsSync(LABELLED))(
  'VADER on labelled texts (skipped without ../shared/data/labelled)',
  () => {
    const evaluate = async (file: string) => {
      const { families } = await runSentimentEvaluation({
        dataFile: join(LABELLED, file),
        scorers: [createVader()],
        stopwatch: () => 0,
      });
      return families['vader']!;
    };

    it('agrees with the reference on the labels of PhraseBank', async () => {
      const { accuracy, macroF1, ece, n } = await evaluate('phrasebank-dev.jsonl.gz');
      expect(n).toBe(3_875);
      expect(accuracy).toBeCloseTo(0.536258, 6);
      expect(macroF1).toBeCloseTo(0.478719, 6);
      expect(ece).toBeCloseTo(0.359806, 6);
    });

    it('agrees with the reference on the scores of SemEval 2017', async () => {
      expect((await evaluate('semeval2017-headlines.jsonl.gz')).pearson).toBeCloseTo(0.376697, 6);
    });
  },
);
