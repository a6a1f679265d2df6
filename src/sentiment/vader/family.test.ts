import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRandom } from '../../core/index.ts';
import type { RatedText } from '../rated-texts.ts';
import type { ScorerFiles, TrainedScorer } from '../scorer-family.ts';
import { describeScorer } from '../scorer.contract.ts';
import { decodeArtifact, type VaderArtifact } from './artifact.ts';
import { vaderFamily } from './family.ts';
import { vaderPolarity } from './polarity.ts';

function filesOf({ files }: Pick<TrainedScorer, 'files'>): ScorerFiles {
  return {
    names: [...files.keys()],
    read: async (name) => files.get(name)!,
    locate: async (name) => `/nowhere/${name}`,
  };
}

const train = (rows: RatedText[], seed = 1) => vaderFamily.train(rows, { seed, base: null });
const artifactOf = ({ files }: TrainedScorer): VaderArtifact => decodeArtifact(files.get('vader.json')!);
const load = async (trained: TrainedScorer) => vaderFamily.load(filesOf(trained), '1.1.0');

const UP = ['short squeeze', 'halving', 'to the moon'];
const DOWN = ['rug pull', 'capitulation', 'great liquidation'];
const FLAT = ['conference', 'newsletter', 'podcast'];

/** Headlines of a made-up market in which some phrases mean something that no lexicon of words knows. */
function makeRows(count: number, seed: number): RatedText[] {
  const random = createRandom(seed);
  const pick = (choices: readonly string[]) => choices[random.integer(choices.length)]!;
  return Array.from({ length: count }, (_, row): RatedText => {
    const coin = pick(['Bitcoin', 'Ethereum', 'Solana', 'Dogecoin']);
    const when = pick(['today', 'this week', 'again', 'in Asia', 'after hours', 'at last']);
    const draw = random.integer(3);
    const [label, phrases] = (
      [
        ['positive', UP],
        ['negative', DOWN],
        ['neutral', FLAT],
      ] as const
    )[draw]!;
    return { text: `${coin} ${pick(phrases)} ${when} no. ${row}`, label };
  });
}

const rows = makeRows(600, 1);
const trained = await train(rows);

describeScorer('a retrained vader', () => load(trained));

describe('vaderFamily', () => {
  it('learns phrases that the reference does not know, and is right on unseen texts', async () => {
    const unseen = makeRows(300, 2);
    const scores = await (await load(trained)).score(unseen.map(({ text }) => text));
    const right = scores.filter(({ label }, row) => label === unseen[row]!.label).length;
    const byReference = unseen.filter(({ text, label }) => {
      const { compound } = vaderPolarity(text);
      return label === (compound >= 0.05 ? 'positive' : compound <= -0.05 ? 'negative' : 'neutral');
    }).length;
    expect(byReference / unseen.length).toBeLessThan(0.6);
    expect(right / unseen.length).toBeGreaterThan(0.95);
  });

  it('says for each term what it was worth, what it is worth, and on how many rows that rests', () => {
    const { terms, outcome } = artifactOf(trained);
    const term = terms.find((one) => one.term === 'rug pull')!;
    const holding = rows.filter(({ text }) => text.includes('rug pull')).length;
    expect(term).toMatchObject({ base: 0, rows: holding, positive: 0, negative: holding });
    expect(term.valence).toBeLessThan(0);
    expect(term.effect).toBeLessThan(0);
    expect(outcome).toMatch(/^\d+ terms and a calibration were learnt$/);
  });

  it('corrects a rating that the market contradicts, towards it and from it', () => {
    // "great" is rated 3.1 by the reference; here it comes with bad news alone.
    const great = artifactOf(trained).terms.find(({ term }) => term === 'great');
    expect(great?.base).toBe(3.1);
    expect(great?.valence).toBeLessThan(3.1);
  });

  it('makes the same bytes from the same rows and seed', async () => {
    const again = await train(rows);
    expect(again.files.get('vader.json')).toEqual(trained.files.get('vader.json'));
  });

  it('turns a learnt term behind a negation', async () => {
    const scorer = await load(trained);
    const [plain, negated] = await scorer.score(['Bitcoin capitulation', 'Bitcoin not capitulation']);
    expect(plain!.sentiment).toBeLessThan(0);
    expect(negated!.sentiment).toBeGreaterThan(0);
  });

  it('stays the reference within 0.03 on texts that show no sign of a market', async () => {
    const scorer = await load(trained);
    const words = [
      'squeeze',
      'great',
      'capitulation',
      'liquidation',
      'not',
      'bad',
      'very',
      '!',
      '!!',
      'but',
      'film',
      '?',
    ];
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom(...words), { maxLength: 12 }), async (parts) => {
        const text = parts.join(' ');
        const [score] = await scorer.score([text]);
        expect(Math.abs(score!.sentiment - vaderPolarity(text).compound)).toBeLessThan(0.0302);
      }),
      { seed: 6, numRuns: 400 },
    );
  });

  it('goes on from a version, keeping what the new rows do not speak of', async () => {
    const more: RatedText[] = Array.from({ length: 120 }, (_, row) => ({
      text: row % 2 === 0 ? `Bitcoin airdrop bonanza ${row}` : `Bitcoin depeg drama ${row}`,
      label: row % 2 === 0 ? 'positive' : 'negative',
    }));
    const base = { version: '1.1.0', files: filesOf(trained) };
    const next = artifactOf(await vaderFamily.train(more, { seed: 1, base }));
    const valueOf = (artifact: VaderArtifact, term: string) =>
      artifact.terms.find((one) => one.term === term)?.valence;
    expect(valueOf(next, 'rug pull')).toBe(valueOf(artifactOf(trained), 'rug pull'));
    expect(valueOf(next, 'depeg')).toBeLessThan(0);
  });

  it('reads scores as sides beyond a third of the scale, and those between as neutral', async () => {
    const scored = makeRows(600, 1).map(({ text, label }, row) => ({
      text,
      score: { positive: 0.9, neutral: row % 2 === 0 ? 0.2 : -0.3, negative: -0.4 }[label!],
    }));
    const ofScores = await train(scored);
    expect(ofScores.files.get('vader.json')).toEqual(trained.files.get('vader.json'));
    const inPercent = await train(scored.map(({ text, score }) => ({ text, score: score * 100 })));
    expect(artifactOf(inPercent).terms.length).toBeGreaterThan(0);
  });

  it.each<[string, RatedText[], RegExp]>([
    ['no rows', [], /there are no rows/],
    ['one row', [{ text: 'Bitcoin up', label: 'positive' }], /all rows say the same/],
    ['one label', makeRows(60, 3).map(({ text }) => ({ text, label: 'negative' })), /all rows say the same/],
    ['empty texts', ['positive', 'negative'].map((label) => ({ text: '', label }) as RatedText), /learnt/],
  ])('succeeds on %s and says that nothing was learnt', async (_, few, reason) => {
    const result = await train(few);
    const artifact = artifactOf(result);
    expect(artifact.outcome).toMatch(reason);
    expect(artifact.terms).toEqual([]);
    const [score] = await (await load(result)).score(['A great day, but a terrible week!']);
    expect(score!.sentiment).toBe(vaderPolarity('A great day, but a terrible week!').compound);
  });

  it('learns no terms from labels that were thrown by dice', async () => {
    const random = createRandom(9);
    const thrown = rows.map(({ text }): RatedText => ({
      text,
      label: random.uniform() < 0.5 ? 'positive' : 'negative',
    }));
    expect(artifactOf(await train(thrown)).terms).toEqual([]);
  });

  it('takes a million letters and every kind of oddity in its rows', async () => {
    const odd = [
      '\uD800',
      '\u0000',
      'x'.repeat(1_000_000),
      '__proto__ constructor',
      '😀'.repeat(50),
      'a b c d e f',
    ];
    const hostile = Array.from({ length: 60 }, (_, row): RatedText => ({
      text: `${odd[row % odd.length]} bitcoin`,
      label: row % 3 === 0 ? 'positive' : 'negative',
    }));
    const scorer = await load(await train(hostile));
    expect((await scorer.score(odd)).every(({ sentiment }) => Math.abs(sentiment) <= 1)).toBe(true);
  });
});

describe('vaderFamily.load', () => {
  const text = new TextDecoder().decode(trained.files.get('vader.json'));
  const loadText = (content: string, name = 'vader.json') =>
    vaderFamily.load(filesOf({ files: new Map([[name, new TextEncoder().encode(content)]]) }), '1.1.0');
  const changed = (change: (artifact: VaderArtifact) => void) => {
    const artifact = JSON.parse(text) as VaderArtifact;
    change(artifact);
    return JSON.stringify(artifact);
  };

  it('loads what training wrote', async () => {
    expect(await loadText(text)).toMatchObject({ family: 'vader', version: '1.1.0' });
  });

  it.each([
    ['no JSON', '{', /no JSON/],
    ['another format', changed((one) => Object.assign(one, { format: 'other' })), /format/],
    ['a later format', changed((one) => Object.assign(one, { formatVersion: 2 })), /formatVersion/],
    [
      'a valence beyond all bounds',
      changed((one) => Object.assign(one.terms[0]!, { valence: 1e6 })),
      /valence/,
    ],
    [
      'a term of four words',
      changed((one) => Object.assign(one.terms[0]!, { term: 'a b c d' })),
      /three words/,
    ],
    ['a term in capitals', changed((one) => Object.assign(one.terms[0]!, { term: 'RUG' })), /lower case/],
    ['a term twice', changed((one) => one.terms.push(one.terms[0]!)), /twice/],
    [
      'a slope that falls',
      changed((one) => Object.assign(one.calibration, { positiveSlope: -1 })),
      /positiveSlope/,
    ],
    [
      'thresholds of another calibration',
      changed((one) => Object.assign(one.thresholds, { positive: 0.9 })),
      /thresholds/,
    ],
    ['a field that nobody knows', changed((one) => Object.assign(one, { extra: 1 })), /extra/i],
  ])('refuses %s', async (_, content, problem) => {
    await expect(loadText(content)).rejects.toMatchObject({
      code: 'SENTIMENT_ARTIFACT_INVALID',
      message: expect.stringMatching(problem) as string,
    });
  });

  it('refuses a version without its file', async () => {
    await expect(loadText(text, 'model.onnx')).rejects.toMatchObject({ code: 'SENTIMENT_ARTIFACT_INVALID' });
  });
});
