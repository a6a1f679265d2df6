import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import {
  LABELLED_SOURCES,
  missingFiles,
  readStudySet,
  SCORED_SOURCES,
  type StudySource,
} from './study-sets.ts';

const root = mkdtempSync(join(tmpdir(), 'bellwether-sets-'));
const folder = join(root, 'labelled');
mkdirSync(folder);
mkdirSync(join(root, 'vader'));
afterAll(() => {
  rmSync(root, { recursive: true, force: true });
});

const sourceOf = (name: string): StudySource =>
  [...LABELLED_SOURCES, ...SCORED_SOURCES].find((source) => source.name === name)!;

function write(file: string, content: string): void {
  writeFileSync(join(folder, file), file.endsWith('.gz') ? gzipSync(content) : content);
}

describe('readStudySet', () => {
  it('reads recorded scores as labels beyond a third, keeping the time and not the score', async () => {
    const scores = [0.33, -0.33, 0.32, -0.9];
    const lines = scores.map((score, row) => ({
      text: `headline ${row}`,
      published_at: '2021-11-05T04:42:00Z',
      finbert_positive_minus_negative: score,
    }));
    write('finbert-teacher-scores.jsonl.gz', lines.map((line) => JSON.stringify(line)).join('\n'));
    const set = await readStudySet(folder, sourceOf('Bitcoin headlines'));
    expect(set?.rows.map(({ label }) => label)).toEqual(['positive', 'negative', 'neutral', 'negative']);
    expect(set?.rows[0]).toEqual({ text: 'headline 0', label: 'positive', at: Date.UTC(2021, 10, 5, 4, 42) });
  });

  it('averages the parts of a post', async () => {
    const info = [{ sentiment_score: '0.5' }, { sentiment_score: '-0.1' }];
    write('fiqa-posts.json', JSON.stringify({ 7: { sentence: 'a post', info } }));
    const set = await readStudySet(folder, sourceOf('FiQA posts'));
    expect(set?.rows).toEqual([{ text: 'a post', score: 0.2 }]);
  });

  it('reads ratings between tabs, and joins several files into one set', async () => {
    write('../vader/tweets_GroundTruth.tsv.gz', '1\t2.5\tfine day\n2\t-1\tno, not\r\n\n');
    expect((await readStudySet(folder, sourceOf('VADER tweets')))?.rows.map(({ score }) => score)).toEqual([
      2.5, -1,
    ]);
    for (const part of ['train', 'val']) {
      write(`stockemotions-${part}.jsonl.gz`, JSON.stringify({ text: part, label: 'bullish' }));
    }
    expect((await readStudySet(folder, sourceOf('StockEmotions')))?.rows.map(({ text }) => text)).toEqual([
      'train',
      'val',
    ]);
  });

  it('has nothing where a file is missing, and names it', async () => {
    expect(await readStudySet(folder, sourceOf('Twitter'))).toBeNull();
    expect(missingFiles(folder, sourceOf('Twitter'))).toEqual(['twitter-financial-news-train.jsonl.gz']);
  });

  it.each([
    ['FiQA posts', 'fiqa-posts.json', '{"7": {"sentence": "a post", "info": []}}'],
    ['FiQA posts', 'fiqa-posts.json', 'no JSON'],
    ['FiQA posts', 'fiqa-posts.json', '{"7": {"sentence": "a post", "info": [{"sentiment_score": "high"}]}}'],
    ['VADER NYT', '../vader/nytEditorialSnippets_GroundTruth.tsv.gz', '1\thigh\ttext'],
    ['VADER NYT', '../vader/nytEditorialSnippets_GroundTruth.tsv.gz', '1\t\ttext'],
  ])('refuses %s in another shape', async (name, file, content) => {
    write(file, content);
    await expect(readStudySet(folder, sourceOf(name))).rejects.toMatchObject({
      code: 'SENTIMENT_DATA_UNREADABLE',
    });
  });
});
