import { beforeAll, describe, expect, it } from 'vitest';
import { filesOf, inventNews } from '../invented-news.contract.ts';
import type { RatedText } from '../rated-texts.ts';
import type { TrainedScorer } from '../scorer-family.ts';
import { describeScorer } from '../scorer.contract.ts';
import type { Scorer, SentimentLabel } from '../scorer.ts';
import { linearFamily } from './linear.ts';

const train = (rows: readonly RatedText[], seed = 1) => linearFamily.train(rows, { seed, base: null });
const load = (trained: TrainedScorer, version = '1.2.3') =>
  linearFamily.load(filesOf(trained.files), version);

let trained: TrainedScorer;
let scorer: Scorer;
beforeAll(async () => {
  trained = await train(inventNews(300));
  scorer = await load(trained);
});

describeScorer('linear', () => load(trained));

describe('linearFamily', () => {
  it('learns what is easy to tell, and says how well on rows that it kept out', async () => {
    expect(trained.metrics['accuracy']).toBeGreaterThan(0.95);
    expect(trained.metrics['n']).toBe(300);
    const unseen = inventNews(90, 2);
    const scores = await scorer.score(unseen.map(({ text }) => text));
    const right = scores.filter(({ label }, row) => label === unseen[row]!.label).length;
    expect(right).toBeGreaterThan(85);
  });

  it('bears the version that it is loaded under', () => {
    expect({ family: scorer.family, version: scorer.version }).toEqual({
      family: 'linear',
      version: '1.2.3',
    });
  });

  it('makes the same bytes of the same rows and seed', async () => {
    const again = await train(inventNews(300));
    for (const [name, content] of trained.files) {
      expect(Buffer.compare(Buffer.from(content), Buffer.from(again.files.get(name)!))).toBe(0);
    }
    expect(again.metrics).toEqual(trained.metrics);
  });

  it('shows no skill on labels that were dealt anew', async () => {
    const rows = inventNews(300);
    const shuffled = rows.map((row, place) => ({
      text: row.text,
      label: rows[(place * 7 + (place >> 3)) % 300]!.label!,
    }));
    expect((await train(shuffled)).metrics['accuracy']).toBeLessThan(0.5);
  });

  it('gives a sentiment that no row has a probability of 0', async () => {
    const two = await load(await train(inventNews(300).filter(({ label }) => label !== 'neutral')));
    const [good, bad] = await two.score(['Ether soared to a wonderful peak', 'The bank crashed badly']);
    expect(good).toMatchObject({ label: 'positive', probabilities: { neutral: 0 } });
    expect(bad).toMatchObject({ label: 'negative', probabilities: { neutral: 0 } });
    expect((await two.explain!('Ether soared')).parts.length).toBeGreaterThan(0);
  });

  it('learns from scores as it does from the labels that they stand for', async () => {
    const scores = { negative: -0.33, neutral: 0.3299, positive: 0.33 };
    const rated = inventNews(300).map(({ text, label }) => ({ text, score: scores[label!] }));
    expect((await train(rated)).files).toEqual(trained.files);
  });

  it.each([4, 100])('reads scores on a scale up to %d as on one up to 1', async (scale) => {
    const scores = { negative: -1, neutral: 0.1, positive: 1 };
    const rated = inventNews(300).map(({ text, label }) => ({ text, score: scale * scores[label!] }));
    expect((await train(rated)).files).toEqual(trained.files);
  });

  it('refuses scores of which none is below 0', async () => {
    const rated = inventNews(60).map(({ text }, row) => ({ text, score: 1 + (row % 5) }));
    await expect(train(rated)).rejects.toMatchObject({ code: 'SENTIMENT_TRAINING_REFUSED' });
  });

  it('judges itself by the newest rows where times are known', async () => {
    // In the end everything means the opposite: who tested on a mix would not notice.
    const turned = { negative: 'positive', neutral: 'neutral', positive: 'negative' } as const;
    const rows = inventNews(300).map(({ text, label }, at) => ({
      text,
      label: at < 120 ? label! : turned[label!],
      at,
    }));
    const timed = await train(rows.slice(0, 180));
    expect(timed.parameters).toMatchObject({ heldOut: 'newest' });
    expect(timed.metrics['accuracy']).toBeLessThan(trained.metrics['accuracy']! - 0.2);
  });

  it('tells how far it is and lets others work meanwhile', async () => {
    const told: [string, number | null][] = [];
    let turns = 0;
    let isDone = false;
    const count = () => {
      turns += 1;
      if (!isDone) setImmediate(count);
    };
    setImmediate(count);
    await linearFamily.train(inventNews(60), {
      seed: 1,
      base: null,
      onProgress: (phrase, share) => told.push([phrase, share]),
    });
    isDone = true;
    expect(turns).toBeGreaterThan(20);
    expect(told[0]).toEqual(['reading the texts', 0]);
    expect(told.at(-1)?.[0]).toBe('learning from all rows');
    expect(told.every(([, share], place) => place === 0 || share! > told[place - 1]![1]!)).toBe(true);
  });

  it.each([
    ['no row', [], '0 rated texts are too few'],
    ['too few rows', inventNews(29), '29 rated texts are too few'],
    ['one label', inventNews(120).filter(({ label }) => label === 'neutral'), 'only one label'],
    [
      'a second label of too few rows',
      inventNews(120).filter(({ label }, row) => label === 'neutral' || row < 6),
      'only one label',
    ],
  ] as [string, RatedText[], string][])('refuses %s and says what it needs', async (_, rows, reason) => {
    await expect(train(rows)).rejects.toMatchObject({
      code: 'SENTIMENT_TRAINING_REFUSED',
      message: expect.stringMatching(new RegExp(`${reason}.*at least 30 rows`)) as string,
    });
  });
});

describe('explaining', () => {
  const TEXT = 'The exchange crashed badly on Monday, and miners rallied, rallied';

  it('gives weights that sum to the log-odds less the difference of the intercepts', async () => {
    const { intercepts, temperature } = JSON.parse(
      Buffer.from(trained.files.get('linear.json')!).toString(),
    ) as {
      intercepts: Record<SentimentLabel, number>;
      temperature: number;
    };
    for (const text of [TEXT, 'bitcoin', '🚀 up 5%', '']) {
      const { parts, score } = await scorer.explain!(text);
      const odds = Math.log(score.probabilities.positive / score.probabilities.negative);
      const sum = parts.reduce((total, { weight }) => total + weight, 0);
      expect(sum).toBeCloseTo(odds - (intercepts.positive - intercepts.negative) / temperature, 5);
    }
  });

  it('names the words by their places, the heaviest first', async () => {
    const { parts, score, unit } = await scorer.explain!(TEXT);
    expect(unit).toBe('log-odds of positive against negative');
    expect([score]).toEqual(await scorer.score([TEXT]));
    for (const { text, from, to } of parts) expect(TEXT.slice(from, to)).toBe(text);
    const sizes = parts.map(({ weight }) => Math.abs(weight));
    expect(sizes).toEqual([...sizes].sort((a, b) => b - a));
    const weightOf = (word: string) => parts.find(({ text }) => text === word)!.weight;
    expect(weightOf('crashed')).toBeLessThan(0);
    expect(weightOf('rallied')).toBeGreaterThan(0);
  });
});

describe('loading', () => {
  const changed = (name: string, content: string | Uint8Array) =>
    new Map([...trained.files, [name, typeof content === 'string' ? Buffer.from(content) : content]]);
  const described = (over: object) =>
    changed(
      'linear.json',
      JSON.stringify({
        ...(JSON.parse(Buffer.from(trained.files.get('linear.json')!).toString()) as object),
        ...over,
      }),
    );

  it('needs little room: weights are whole numbers of 16 bits', () => {
    const json = JSON.parse(Buffer.from(trained.files.get('linear.json')!).toString()) as Record<
      string,
      number
    >;
    expect(json['weightStep']).toBeLessThan(1e-3);
    const size = [...trained.files.values()].reduce((sum, { length }) => sum + length, 0);
    expect(size).toBeLessThan(4_000_000);
  });

  it.each([
    [
      'a missing file',
      () => new Map([['linear.json', trained.files.get('linear.json')!]]),
      'no file weights.safetensors',
    ],
    ['no JSON', () => changed('linear.json', '{'), 'JSON'],
    ['another format', () => described({ format: 'x' }), 'in linear.json, format'],
    [
      'another way of reading',
      () => described({ reading: { version: 2, buckets: 524_288 } }),
      'in linear.json, reading.version',
    ],
    [
      'weights cut off',
      () => changed('weights.safetensors', trained.files.get('weights.safetensors')!.subarray(0, 5_000)),
      'does not lie within the file',
    ],
    [
      'weights of another kind',
      () => changed('weights.safetensors', Buffer.from('PK\u0003\u0004 a zip, say')),
      'header',
    ],
  ] as [string, () => Map<string, Uint8Array>, string][])('refuses %s', async (_, content, reason) => {
    await expect(linearFamily.load(filesOf(content()), '1.0.0')).rejects.toMatchObject({
      code: 'SENTIMENT_ARTIFACT_INVALID',
      message: expect.stringContaining(reason) as string,
    });
  });
});
