import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { format, resolveConfig } from 'prettier';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { traceCommand, type CommandTrace } from '../../test/command-context.ts';
import { makeRatedSentences } from '../../test/rated-sentences.ts';
import type { StudyTest } from '../sentiment/index.ts';
import { reportSentimentCommand, type Study } from './report-sentiment.ts';
import { describeStudy } from './sentiment-pages.ts';

const ROWS = 54;
const SIGNS = { negative: -0.8, neutral: 0.1, positive: 0.8 } as const;
const root = mkdtempSync(join(tmpdir(), 'bellwether-report-'));
const data = join(root, 'labelled');
const out = join(root, 'sentiment.md');
const picture = join(root, 'images', 'reliability.svg');
let trace: CommandTrace;
let page = '';
let study: Study;

beforeAll(async () => {
  mkdirSync(data);
  mkdirSync(join(root, 'images'));
  mkdirSync(join(root, 'vader'));
  const own = makeRatedSentences({ count: ROWS, seed: 5 });
  const scored = makeRatedSentences({ count: ROWS, seed: 6 }).map(({ text, label = 'neutral' }) => ({
    text,
    score: SIGNS[label],
  }));
  write(
    'phrasebank-dev.jsonl.gz',
    own.map((row) => JSON.stringify(row)),
  );
  write(
    'finbert-teacher-scores.jsonl.gz',
    scored.map((row) => JSON.stringify(row)),
  );
  write(
    '../vader/tweets_GroundTruth.tsv.gz',
    scored.map(({ text, score }, row) => `${row}\t${score * 4}\t${text}`),
  );
  const posts = scored.map(({ text, score }, row) => [
    String(row),
    {
      sentence: text,
      info: [{ sentiment_score: String(score - 0.1) }, { sentiment_score: String(score + 0.1) }],
    },
  ]);
  writeFileSync(join(data, 'fiqa-posts.json'), JSON.stringify(Object.fromEntries(posts)));
  trace = traceCommand({});
  expect(await reportSentimentCommand({ data, out, picture, seed: 1 }, trace.context)).toBe(0);
  page = readFileSync(out, 'utf8');
  study = trace.json() as unknown as Study;
}, 180_000);
afterAll(() => {
  rmSync(root, { recursive: true, force: true });
});

function write(file: string, lines: readonly string[]): void {
  writeFileSync(join(data, file), gzipSync(`${lines.join('\n')}\n`));
}

describe('report sentiment', () => {
  it('cross-validates every labelled set, and holds versions of one set against the others', () => {
    expect(study.unseen.map(({ name, evaluation }) => [name, evaluation.families['linear']?.n])).toEqual([
      ['PhraseBank', ROWS],
      ['Bitcoin headlines', ROWS],
    ]);
    expect(
      study.across.map(({ trainedOn, tests }) => [trainedOn, tests.map((test) => test.testedOn)]),
    ).toEqual([
      ['PhraseBank', ['Bitcoin headlines']],
      ['Bitcoin headlines', ['PhraseBank']],
    ]);
    for (const { evaluation } of study.unseen) {
      const linear = evaluation.families['linear']!;
      expect(linear.accuracy).toBeGreaterThan(evaluation.families['vader@1.0.0']!.accuracy!);
    }
  });

  it('takes recorded scores beyond a border as labels, and averages the parts of a post', () => {
    const [, headlines] = study.unseen;
    expect(headlines?.evaluation.families['linear']?.perClass?.neutral.support).toBe(ROWS / 3);
    const foreign = study.together?.foreign ?? [];
    expect(foreign.map(({ testedOn }) => testedOn)).toEqual(['FiQA posts', 'VADER tweets']);
    for (const { evaluation } of foreign) {
      const pearsons = Object.values(evaluation.families).map(({ pearson }) => pearson ?? 0);
      expect(pearsons).toHaveLength(3);
      expect(Math.max(...pearsons)).toBeGreaterThan(0.9);
    }
  });

  it('tests one version on what was kept out of its teachers', () => {
    const { trainedOn, trainedRows, unseen } = study.together!;
    expect(trainedOn).toEqual(['Bitcoin headlines']);
    const [{ evaluation }] = unseen as [StudyTest];
    expect(evaluation.families['linear']!.n + trainedRows).toBe(ROWS);
  });

  it('names what was not there', () => {
    expect(study.missing).toContain('twitter-financial-news-train.jsonl.gz');
    expect(study.missing).toContain('semeval2017-headlines.jsonl.gz');
    expect(study.missing).not.toContain('fiqa-posts.json');
    expect(page).toContain('not measured: `twitter-financial-news-train.jsonl.gz`, ');
  });

  it('writes the page whole, and says where it is and how far it was', () => {
    expect(trace.text()).toBe(`The results stand in ${out}.`);
    expect(trace.said.join('\n')).toContain('PhraseBank: linear, fold 5');
    expect(page.startsWith('# Sentiment, measured\n')).toBe(true);
    expect(page.endsWith('.\n')).toBe(true);
    for (const line of [
      '## On texts that were not seen: 5 folds',
      '### PhraseBank',
      '## One version for all: Bitcoin headlines',
      '## Taught by one set, tested on another',
      '### Scores of people',
      '## In short',
      '## Making this page again',
    ]) {
      expect(page).toContain(`\n${line}\n`);
    }
    expect(page).toMatch(/\| vader@1\.0\.0 +\| \d\.\d{4} \(/);
    expect(page).toMatch(/\| vader, retrained +\| \d/);
    expect(page).toMatch(/\| linear, taught by PhraseBank +\| see above +\| \d/);
    expect(page).toMatch(/\| FiQA posts +\| \d+ +\| /);
    expect(page).toContain('- PhraseBank, unseen folds: linear is more often right than vader@1.0.0 (');
    expect(page).not.toMatch(/NaN|undefined|Infinity/);
  });

  it('is formatted as the project formats pages', async () => {
    expect(await format(page, { ...(await resolveConfig(import.meta.filename)), parser: 'markdown' })).toBe(
      page,
    );
  });

  it('draws how sure and how right each scorer is, beside the page', () => {
    const drawn = readFileSync(join(root, 'images', 'reliability.svg'), 'utf8');
    expect(drawn.match(/<polyline/g)).toHaveLength(3 + 2 * 3);
    expect(drawn).toContain('>Bitcoin headlines</text>');
    expect(drawn).not.toMatch(/NaN|undefined/);
    expect(page).toContain('](images/reliability.svg)');
  });

  it('refuses a folder without any of the sets, naming them, and an --out that cannot be', async () => {
    const empty = join(root, 'empty');
    mkdirSync(empty);
    const nowhere = join(root, 'never.md');
    const given = { data: empty, out: nowhere, seed: 1 };
    await expect(reportSentimentCommand(given, traceCommand({}).context)).rejects.toMatchObject({
      code: 'USAGE_INVALID',
      message: expect.stringContaining('phrasebank-dev.jsonl.gz') as string,
    });
    expect(existsSync(nowhere)).toBe(false);
    await expect(
      reportSentimentCommand({ data, out: join(root, 'no', 'folder.md'), seed: 1 }, traceCommand({}).context),
    ).rejects.toMatchObject({ status: expect.any(Number) as number });
  });
});

describe('describeStudy', () => {
  it('says so where there was no set with scores, no other set and no picture', () => {
    const text = describeStudy({ ...study, across: [], together: null, missing: [] }, null);
    for (const absent of ['Scores of people', 'tested on another', 'not measured', '![']) {
      expect(text).not.toContain(absent);
    }
  });

  it('tells a loss as a loss, with the sign turned to the later scorer', () => {
    const told = structuredClone(study);
    const [pair] = told.unseen[0]!.evaluation.comparisons;
    Object.assign(pair!, { accuracyDifference: 0.25, low: 0.1, high: 0.4 });
    expect(describeStudy(told, null)).toContain(
      '- PhraseBank, unseen folds: vader, retrained is less often right than vader@1.0.0 (accuracy -0.2500 (-0.4000 to -0.1000)).',
    );
    Object.assign(pair!, { accuracyDifference: 0.01, low: -0.1, high: 0.1 });
    expect(describeStudy(told, null)).toContain('vader, retrained cannot be told from vader@1.0.0');
    const across = told.across[0]!.tests[0]!.evaluation.comparisons[1]!;
    Object.assign(across, { accuracyDifference: 0.3, low: 0.2, high: 0.4 });
    const scores = told.together!.foreign[0]!.evaluation.comparisons[1]!;
    Object.assign(scores, { pearsonDifference: 0.3, pearsonLow: 0.2, pearsonHigh: 0.4 });
    const text = describeStudy(told, null);
    expect(text).toContain(
      '- linear, taught by PhraseBank, loses to vader@1.0.0 on Bitcoin headlines (accuracy -0.3000',
    );
    expect(text).toContain('**-0.3000**');
    expect(text).toContain('follows people’s scores of FiQA posts worse than vader@1.0.0 (Pearson -0.3000');
  });

  it('judges a set without neutral rows by the larger side, in tables and in words', () => {
    const told = structuredClone(study);
    const { evaluation } = told.unseen[0]!;
    for (const figures of Object.values(evaluation.families)) {
      figures.perClass!.neutral.support = 0;
      figures.twoClass = {
        accuracy: 0.6543,
        low: 0.6,
        high: 0.7,
        macroF1: 0.61,
        macroF1Low: 0.6,
        macroF1High: 0.62,
        n: 36,
      };
    }
    const [pair] = evaluation.comparisons;
    Object.assign(pair!.twoClass!, { accuracyDifference: -0.123, low: -0.2, high: -0.05, mcnemarP: 1.5e-7 });
    const text = describeStudy(told, null);
    expect(text).toMatch(/\| vader@1\.0\.0 +\| 0\.6543 \(0\.6000 to 0\.7000\) \| 0\.6100 \(/);
    expect(text).toMatch(/\| \+0\.1230 \(\+0\.0500 to \+0\.2000\) +\| < 1e-6/);
    expect(text).toContain('Two classes.');
  });
});
