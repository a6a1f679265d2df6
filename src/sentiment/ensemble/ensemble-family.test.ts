import { beforeAll, describe, expect, it } from 'vitest';
import { createRandom } from '../../core/index.ts';
import { filesOf } from '../invented-news.contract.ts';
import type { RatedText } from '../rated-texts.ts';
import type { TrainedScorer } from '../scorer-family.ts';
import { SENTIMENTS, type Score, type Scorer, type SentimentLabel } from '../scorer.ts';
import { createEnsembleFamily } from './ensemble-family.ts';
import type { EnsembleScore } from './ensemble.ts';

const LETTERS = 'abcdefghijklmnopqrstuvwxyz';

/** Texts that are all different; the truth stands in the first letter. */
function riddles(count: number, seed = 1): RatedText[] {
  const random = createRandom(seed);
  const word = () => Array.from({ length: 6 }, () => LETTERS[random.integer(26)]).join('');
  return Array.from({ length: count }, (_, row) => {
    const label = SENTIMENTS[row % 3]!;
    return { text: `${label} ${word()} ${word()} ${word()}`, label };
  });
}

/** Right in a share of the texts, by the text's own dice; far too sure of itself. */
function witness(family: string, share: number, version = '1.0.0'): Scorer {
  const scoreOf = (text: string): Score => {
    const dice = createRandom(
      [...`${family} ${text}`].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) | 0, 7),
    );
    const truth = text.split(' ')[0] as SentimentLabel;
    const label = dice.uniform() < share ? truth : SENTIMENTS[dice.integer(3)]!;
    const probabilities = { negative: 0.01, neutral: 0.01, positive: 0.01, [label]: 0.98 };
    return {
      sentiment: probabilities.positive - probabilities.negative,
      confidence: 0.98,
      label,
      probabilities,
    };
  };
  return { family, version, score: async (texts) => texts.map(scoreOf) };
}

const members = [witness('vader', 0.3), witness('linear', 0.5), witness('finbert', 0.7)];
const family = createEnsembleFamily(() => members);
const training = { seed: 1, base: null };

let trained: TrainedScorer;
beforeAll(async () => {
  trained = await family.train(riddles(900), training);
});

describe('createEnsembleFamily', () => {
  it('is right more often than its best member and than equal shares, and knows how sure to be', () => {
    const { accuracy, bestMemberAccuracy, equalPoolAccuracy, ece, n } = trained.metrics;
    expect(n).toBe(900);
    // The best member alone is right in 0.7 + 0.3 / 3 of the texts.
    expect(bestMemberAccuracy).toBeCloseTo(0.8, 1);
    expect(accuracy).toBeGreaterThan(bestMemberAccuracy!);
    expect(accuracy).toBeGreaterThan(equalPoolAccuracy!);
    expect(ece).toBeLessThan(0.06);
  });

  it('holds on unseen texts, whichever members are left', async () => {
    const rows = riddles(600, 2);
    const texts = rows.map(({ text }) => text);
    for (const left of [[0, 1, 2], [0, 2], [1, 2], [0, 1], [0]]) {
      const those = left.map((member) => members[member]!);
      const scorer = await createEnsembleFamily(() => those).load(filesOf(trained.files), '1.1.0');
      const scores = (await scorer.score(texts)) as EnsembleScore[];
      const right = scores.filter(({ label }, row) => label === rows[row]!.label).length / 600;
      const confidence = scores.reduce((sum, score) => sum + score.confidence, 0) / 600;
      expect(Math.abs(right - confidence)).toBeLessThan(0.06);
      expect(scores[0]!.missing).toHaveLength(3 - left.length);
    }
  });

  it('makes the same bytes of the same rows and seed', async () => {
    expect((await family.train(riddles(900), training)).files).toEqual(trained.files);
  });

  it('goes on without a member that does not answer, and writes that down', async () => {
    const away: Scorer = { ...witness('cryptobert', 0.9), score: () => Promise.reject(new Error('no file')) };
    const { parameters } = await createEnsembleFamily(() => [...members, away]).train(riddles(150), training);
    expect(parameters).toMatchObject({
      members: ['vader@1.0.0', 'linear@1.0.0', 'finbert@1.0.0'],
      absent: ['cryptobert@1.0.0 (no file)'],
    });
  });

  it('learns two labels, gives the third next to nothing, and never asks an ensemble', async () => {
    const two = riddles(300).filter(({ label }) => label !== 'neutral');
    const itself: Scorer = {
      ...witness('ensemble', 1),
      score: () => Promise.reject(new Error('asked itself')),
    };
    const own = createEnsembleFamily(() => [...members, itself]);
    const { files, parameters } = await own.train(two, training);
    expect(parameters['absent']).toEqual([]);
    const [score] = await (await own.load(filesOf(files), '1.0.0')).score(['positive abcdef']);
    expect(score!.probabilities.neutral).toBeLessThan(0.01);
  });

  it('tells how far it is', async () => {
    const told: string[] = [];
    await family.train(riddles(120), { ...training, onProgress: (phrase) => told.push(phrase) });
    expect(told).toEqual([
      'asking vader@1.0.0',
      'asking linear@1.0.0',
      'asking finbert@1.0.0',
      'combining the members',
    ]);
  });

  it('refuses to learn from too few rows, from one label, and of one member', async () => {
    const refused = (reason: string) => ({
      code: 'SENTIMENT_TRAINING_REFUSED',
      message: expect.stringContaining(reason) as string,
    });
    await expect(family.train(riddles(99), training)).rejects.toMatchObject(refused('99 rated texts'));
    const same = riddles(900).filter(({ label }) => label === 'neutral');
    await expect(family.train(same, training)).rejects.toMatchObject(
      refused('0 negative, 300 neutral, 0 positive'),
    );
    const alone = createEnsembleFamily(() => [members[0]!]);
    await expect(alone.train(riddles(150), training)).rejects.toMatchObject(refused('it takes two'));
  });

  it('refuses to be loaded beside another version of a member', async () => {
    const newer = [members[0]!, witness('linear', 0.5, '1.0.1'), members[2]!];
    await expect(
      createEnsembleFamily(() => newer).load(filesOf(trained.files), '1.1.0'),
    ).rejects.toMatchObject({
      code: 'SENTIMENT_ARTIFACT_INVALID',
      message: expect.stringContaining('fitted on linear@1.0.0, and linear@1.0.1 is in its place') as string,
    });
  });

  it.each([
    ['no file', new Map(), 'no file ensemble.json'],
    ['no JSON', new Map([['ensemble.json', Buffer.from('{')]]), 'no JSON'],
    ['another format', new Map([['ensemble.json', Buffer.from('{"format":"x"}')]]), 'format'],
    [
      'a combination of other members',
      new Map([
        [
          'ensemble.json',
          Buffer.from(
            JSON.stringify({
              format: 'bellwether-ensemble',
              members: ['vader@1.0.0'],
              combinations: [{ members: [1], intercepts: [0, 0, 0], weights: new Array<number>(9).fill(0) }],
            }),
          ),
        ],
      ]),
      'does not fit its members',
    ],
  ] as [string, Map<string, Uint8Array>, string][])('refuses a version of %s', async (_, content, reason) => {
    await expect(family.load(filesOf(content), '1.0.0')).rejects.toMatchObject({
      code: 'SENTIMENT_ARTIFACT_INVALID',
      message: expect.stringContaining(reason) as string,
    });
  });
});
