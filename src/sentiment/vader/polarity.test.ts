import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pearsonOf } from '../agreement.ts';
import { vaderPolarity } from './polarity.ts';

type Case = [text: string, compound: number, positive: number, neutral: number, negative: number];
const fixture = JSON.parse(readFileSync(new URL('./fixtures/hard-cases.json', import.meta.url), 'utf8')) as {
  version: string;
  cases: Case[];
};

describe('vaderPolarity', () => {
  it(`equals the Python reference on ${fixture.cases.length} hard cases`, () => {
    const differing = fixture.cases.filter(([text, compound, positive, neutral, negative]) => {
      const ours = vaderPolarity(text);
      const theirs = { compound, positive, neutral, negative };
      return JSON.stringify(ours) !== JSON.stringify(theirs);
    });
    expect(fixture.version).toBe('3.3.2');
    expect(fixture.cases.length).toBeGreaterThan(500);
    expect(differing.map(([text, ...figures]) => ({ text, figures, ours: vaderPolarity(text) }))).toEqual([]);
  });

  it('leaves phrases without a rated word alone, as the reference does', () => {
    expect(vaderPolarity('the miner is in the red').compound).toBe(0);
  });

  it('answers a text without words with zeros', () => {
    const nothing = { compound: 0, positive: 0, neutral: 0, negative: 0 };
    expect(vaderPolarity('')).toEqual(nothing);
    expect(vaderPolarity(' \u3000\x1c')).toEqual(nothing);
  });

  it('keeps every figure in its range and never throws', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(0xffff), { maxLength: 40 }), (codes) => {
        const { compound, ...shares } = vaderPolarity(String.fromCharCode(...codes));
        expect(Math.abs(compound)).toBeLessThanOrEqual(1);
        for (const share of Object.values(shares)) expect(share >= 0 && share <= 1).toBe(true);
      }),
      { seed: 7, numRuns: 300 },
    );
  });

  it('does not care about what was scored before', () => {
    const text = 'NOT a good day but a GREAT week!!';
    const first = vaderPolarity(text);
    vaderPolarity('terrible '.repeat(70_000));
    vaderPolarity('😀 but bad');
    expect(vaderPolarity(text)).toEqual(first);
  });

  it('scores a megabyte without slowing down with its square', () => {
    const { compound } = vaderPolarity(`but ${'good '.repeat(200_000)}`);
    expect(compound).toBe(1);
    expect(vaderPolarity('x'.repeat(1_000_000)).neutral).toBe(1);
  });
});

const RATED_FOLDER = new URL('../../../../shared/data/vader/', import.meta.url);

// Correlations with the human mean rating that vaderSentiment 3.3.2 itself reaches on these very files.
describe.skipIf(!existsSync(RATED_FOLDER))(
  'vaderPolarity on the ground truth (skipped without ../shared/data/vader)',
  () => {
    it.each([
      ['tweets_GroundTruth.tsv.gz', 0.8722],
      ['nytEditorialSnippets_GroundTruth.tsv.gz', 0.5029],
      ['amazonReviewSnippets_GroundTruth.tsv.gz', 0.5896],
      ['movieReviewSnippets_GroundTruth.tsv.gz', 0.4274],
    ])('correlates with people on %s by %d', (file, expected) => {
      const lines = gunzipSync(readFileSync(new URL(file, RATED_FOLDER)))
        .toString('utf8')
        .trimEnd()
        .split('\n');
      const pairs = lines.map((line): [number, number] => {
        const [, rating = '', text = ''] = line.split('\t');
        return [vaderPolarity(text).compound, Number(rating)];
      });
      expect(pearsonOf(pairs)).toBeCloseTo(expected, 4);
    });
  },
);
