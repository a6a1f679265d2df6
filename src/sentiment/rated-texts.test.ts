import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readRatedTexts } from './rated-texts.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rated-texts-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function fileOf(content: string | Buffer): Promise<string> {
  const file = join(folder, 'data.jsonl');
  await writeFile(file, content);
  return file;
}

describe('readRatedTexts', () => {
  it('reads labels and scores, plain and packed alike', async () => {
    const content = '{"text":"up","label":"positive"}\n\n{"text":"down","score":-0.5}\r\n';
    const expected = [
      { text: 'up', label: 'positive' },
      { text: 'down', score: -0.5 },
    ];
    expect(await readRatedTexts(await fileOf(content))).toEqual(expected);
    expect(await readRatedTexts(await fileOf(gzipSync(content)))).toEqual(expected);
    expect(await readRatedTexts(await fileOf(`\uFEFF${content}`))).toEqual(expected);
  });

  it('reads bullish as positive and bearish as negative, in any case', async () => {
    const rows = await readRatedTexts(
      await fileOf(
        '{"text":"a","label":"Bullish"}\n{"text":"b","label":" bearish "}\n{"text":"c","label":"NEUTRAL"}',
      ),
    );
    expect(rows.map(({ label }) => label)).toEqual(['positive', 'negative', 'neutral']);
  });

  it('takes the field names of known data sets', async () => {
    const rows = await readRatedTexts(
      await fileOf(
        '{"sentence":"a","sentiment_score":1}\n{"title":"b","finbert_positive_minus_negative":0.2}',
      ),
    );
    expect(rows).toEqual([
      { text: 'a', score: 1 },
      { text: 'b', score: 0.2 },
    ]);
  });

  it('keeps an empty text: a scorer must bear it', async () => {
    expect(await readRatedTexts(await fileOf('{"text":"","score":0}'))).toEqual([{ text: '', score: 0 }]);
  });

  it.each([
    ['{"text":"a","label":"buy"}', 'the label must be one of negative, neutral, positive'],
    ['{"text":"a","label":3}', 'the label must be a text'],
    ['{"text":"a","score":"high"}', 'the score must be a finite number'],
    ['{"text":"a","score":1e999}', 'the score must be a finite number'],
    ['{"text":"a"}', 'there must be a "label" or a "score"'],
    ['{"text":7,"label":"neutral"}', 'there must be a text'],
    ['{"label":"neutral"}', 'there must be a text'],
    ['"a"', 'no JSON object'],
    ['{"text":', 'no JSON object'],
  ])('refuses %s and says why, where, and what to do', async (line, reason) => {
    const file = await fileOf(`{"text":"fine","label":"neutral"}\n${line}\n`);
    await expect(readRatedTexts(file)).rejects.toMatchObject({
      code: 'SENTIMENT_DATA_INVALID',
      message: expect.stringMatching(
        new RegExp(`data\\.jsonl, line 2: .*${reason}[^]*Correct or remove`) as RegExp,
      ) as string,
    });
  });

  it('shows the first five bad lines, shortened, and counts the rest', async () => {
    const long = JSON.stringify({ text: 'x'.repeat(500) });
    const failure = await readRatedTexts(await fileOf(`${long}\n`.repeat(7))).catch((error: Error) => error);
    const { message } = failure as Error;
    expect(message).toContain('7 line(s)');
    expect(message).toContain('and 2 more');
    expect(message.length).toBeLessThan(2_000);
  });

  it('refuses a file without rows', async () => {
    await expect(readRatedTexts(await fileOf(' \n'))).rejects.toMatchObject({ code: 'SENTIMENT_DATA_EMPTY' });
  });

  it('refuses a missing file, a folder and a gzip that was cut off', async () => {
    const packed = gzipSync('{"text":"a","label":"neutral"}\n'.repeat(50));
    for (const file of [join(folder, 'none.jsonl'), folder, await fileOf(packed.subarray(0, 30))]) {
      await expect(readRatedTexts(file)).rejects.toMatchObject({
        code: 'SENTIMENT_DATA_UNREADABLE',
        message: expect.stringContaining(file) as string,
      });
    }
  });
});
