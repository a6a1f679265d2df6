import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { traceCommand } from '../../test/command-context.ts';
import { createVader } from '../sentiment/index.ts';
import { chooseScorers, evaluateSentimentCommand } from './evaluate-sentiment.ts';

let folder: string;
let data: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'bellwether-sentiment-'));
  data = join(folder, 'rated.jsonl.gz');
  const rows = [
    { text: 'A wonderful day for holders', label: 'positive' },
    { text: 'A terrible loss', label: 'negative' },
    { text: 'The meeting is on Tuesday', label: 'neutral' },
    { text: 'Great gains everywhere', label: 'negative' },
  ];
  writeFileSync(data, gzipSync(rows.map((row) => JSON.stringify(row)).join('\n')));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('evaluate sentiment', () => {
  it('gives the figures of each family and one line a text', async () => {
    const trace = traceCommand({});
    const out = join(folder, 'out.jsonl');
    const exit = await evaluateSentimentCommand({ data, families: ['vader'], out }, trace.context);
    expect(exit).toBe(0);
    expect(trace.json()).toMatchObject({
      families: { vader: { version: '1.0.0', accuracy: 0.75, n: 4, pearson: null } },
    });
    expect(trace.text()).toMatch(/vader@1\.0\.0 +75\.00 %/);
    expect(trace.said.join('\n')).toContain('scoring with vader@1.0.0');
    const lines = readFileSync(out, 'utf8').trimEnd().split('\n');
    expect(lines).toHaveLength(4);
    expect(JSON.parse(lines[1] ?? '')).toMatchObject({ index: 1, family: 'vader', version: '1.0.0' });
  });

  it('takes a family by name or with its version, once', () => {
    const vader = createVader();
    expect(chooseScorers(['vader', 'vader@1.0.0'], [vader])).toEqual([vader]);
  });

  it.each(['finbert', 'vader@9.9.9', 'VADER'])('refuses %s with the list of what there is', (name) => {
    expect(() => chooseScorers([name], [createVader()])).toThrow(
      `There is no scorer "${name}". There are: vader@1.0.0.`,
    );
  });

  it('passes on what is wrong with the data', async () => {
    const { context } = traceCommand({});
    await expect(
      evaluateSentimentCommand({ data: join(folder, 'nowhere'), families: ['vader'] }, context),
    ).rejects.toMatchObject({ code: 'SENTIMENT_DATA_UNREADABLE' });
  });
});
