import { describe, expect, it, vi } from 'vitest';
import { makeRatedSentences } from '../../test/rated-sentences.ts';
import type { RatedText } from './rated-texts.ts';
import type { ScorerFamily } from './scorer-family.ts';
import type { Score, SentimentLabel } from './scorer.ts';
import { linearFamily } from './linear/linear.ts';
import { crossValidate, trainOn, trainTogether, transfer, withoutCopies } from './study.ts';
import { createVader } from './vader/vader.ts';

const ROWS = makeRatedSentences({ count: 120, seed: 4 });

function certain(label: SentimentLabel): Score {
  const probabilities = { negative: 0, neutral: 0, positive: 0, [label]: 1 };
  return { sentiment: probabilities.positive - probabilities.negative, confidence: 1, label, probabilities };
}

/** Knows by heart the texts that it was given, and says neutral to any other. */
function createParrot(seen: (rows: readonly RatedText[]) => void = () => {}): ScorerFamily {
  return {
    name: 'parrot',
    train(rows) {
      seen(rows);
      const known = Object.fromEntries(rows.map(({ text, label }) => [text, label]));
      const files = new Map([['known.json', Buffer.from(JSON.stringify(known))]]);
      return Promise.resolve({ files, parameters: {}, metrics: {} });
    },
    async load(files, version) {
      const known = JSON.parse(Buffer.from(await files.read('known.json')).toString()) as Record<
        string,
        SentimentLabel
      >;
      return {
        family: 'parrot',
        version,
        score: (texts) => Promise.resolve(texts.map((text) => certain(known[text] ?? 'neutral'))),
      };
    },
  };
}

describe('crossValidate', () => {
  const common = { fixed: [createVader()], seed: 1, stopwatch: () => 0, folds: 3 };

  it('scores every text by a version that has not seen it, so that knowing by heart is of no use', async () => {
    const trainings: number[] = [];
    const families = [createParrot((rows) => trainings.push(rows.length))];
    const onProgress = vi.fn();
    const { families: figures } = await crossValidate(
      { name: 'own', rows: ROWS },
      { ...common, families, onProgress },
    );
    const neutral = ROWS.filter(({ label }) => label === 'neutral').length / ROWS.length;
    expect(figures['parrot']).toMatchObject({ n: ROWS.length, accuracy: neutral });
    expect(trainings).toHaveLength(3);
    expect(trainings.reduce((sum, count) => sum + count, 0)).toBe(2 * ROWS.length);
    expect(onProgress.mock.calls).toEqual([
      ['parrot, fold 1', 0, 3],
      ['parrot, fold 2', 1, 3],
      ['parrot, fold 3', 2, 3],
    ]);
  });

  it('puts fixed scorers first, and gives the same figures for the same seed', async () => {
    const run = () => crossValidate({ name: 'own', rows: ROWS }, { ...common, families: [createParrot()] });
    const first = await run();
    expect(Object.keys(first.families)).toEqual(['vader', 'parrot']);
    expect(await run()).toEqual(first);
  });
});

describe('transfer', () => {
  const options = { fixed: [createVader()], seed: 1, stopwatch: () => 0 };

  it('tests on another set by what the whole of the first has taught', async () => {
    const seen: number[] = [];
    const families = [createParrot((rows) => seen.push(rows.length))];
    const other = makeRatedSentences({ count: 60, seed: 9 }).map((row) => ({
      ...row,
      text: `${row.text} Again and again they say so, for once`,
    }));
    const [test] = await transfer({ name: 'own', rows: ROWS }, [{ name: 'other', rows: other }], {
      ...options,
      families,
    });
    expect(seen).toEqual([ROWS.length]);
    expect(test).toMatchObject({ testedOn: 'other', leftOut: 60 - test!.evaluation.families['parrot']!.n });
    expect(Object.keys(test!.evaluation.families)).toEqual(['vader', 'parrot']);
  });

  it('leaves out of a test what the training holds, and skips a set that is nothing else', async () => {
    const strange = { text: 'Quite another event of which nobody has heard', label: 'neutral' as const };
    const tests = await transfer(
      { name: 'own', rows: ROWS },
      [
        { name: 'copies', rows: ROWS.map((row) => ({ ...row, text: `${row.text}!` })) },
        { name: 'mixed', rows: [...ROWS, strange] },
      ],
      { ...options, families: [createParrot()] },
    );
    expect(tests.map(({ testedOn, leftOut }) => [testedOn, leftOut])).toEqual([['mixed', ROWS.length]]);
    expect(tests[0]?.evaluation.families['parrot']?.n).toBe(1);
    expect(withoutCopies(ROWS, [])).toEqual(ROWS);
  });
});

describe('trainTogether', () => {
  it('teaches one version by several sets and tests the fold that was kept out of each', async () => {
    const taught: RatedText[] = [];
    const sets = [ROWS.slice(0, 60), ROWS.slice(60)].map((rows, place) => ({ name: `set ${place}`, rows }));
    const foreign = [
      {
        name: 'scores',
        rows: [
          { text: 'wonderful', score: 1 },
          { text: 'dreadful', score: -1 },
        ],
      },
    ];
    const result = await trainTogether(sets, foreign, {
      families: [createParrot((rows) => taught.push(...rows))],
      fixed: [createVader()],
      seed: 1,
      stopwatch: () => 0,
      folds: 3,
    });
    expect(taught).toHaveLength(result.trainedRows);
    const tested = result.unseen.reduce((sum, { evaluation }) => sum + evaluation.families['parrot']!.n, 0);
    expect(tested + result.trainedRows).toBe(ROWS.length);
    expect(result.unseen.map(({ leftOut }) => leftOut)).toEqual([0, 0]);
    // It knows none of them: it says neutral to all.
    const neutral = result.unseen[0]!.evaluation.families['parrot']!.perClass!.neutral;
    expect(neutral.recall).toBe(1);
    expect(result.foreign[0]?.evaluation.families['vader']?.pearson).toBeCloseTo(1, 9);
  });
});

describe('trainOn', () => {
  it('gives a version that stands in memory alone', async () => {
    const scorer = await trainOn(linearFamily, ROWS, 1);
    const scores = await scorer.score(ROWS.map(({ text }) => text));
    const right = scores.filter(({ label }, row) => label === ROWS[row]?.label).length;
    expect(right / ROWS.length).toBeGreaterThan(0.95);
  });

  it('passes on that rows cannot teach anything', async () => {
    await expect(trainOn(linearFamily, ROWS.slice(0, 3), 1)).rejects.toMatchObject({
      code: 'SENTIMENT_TRAINING_REFUSED',
    });
  });

  it('has no file of another name, and none on the disk', async () => {
    const wants = (hand: 'read' | 'locate', name: string): ScorerFamily => ({
      ...createParrot(),
      load: async (files) => {
        await files[hand](name);
        return createVader();
      },
    });
    await expect(trainOn(wants('read', 'else.json'), ROWS, 1)).rejects.toThrow('no file else.json');
    await expect(trainOn(wants('locate', 'known.json'), ROWS, 1)).rejects.toThrow('in memory alone');
  });
});
