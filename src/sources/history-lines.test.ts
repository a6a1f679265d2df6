import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isoUtc } from '../core/index.ts';
import { openHistoryFolder } from './history-folder.ts';
import { inspectFile, readLineBatches } from './history-lines.ts';
import { collect } from './source.contract.ts';

const HEADER = 'open_time,open,high,low,close,volume_btc';
const START = Date.UTC(2021, 0, 1);

let dir = '';

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'lines-'));
});

afterEach(async () => {
  await rm(dir, { recursive: true, force: true });
});

function candleRows(count: number, barMinutes = 60): string[] {
  return Array.from({ length: count }, (_, bar) => {
    return `${isoUtc(START + bar * barMinutes * 60_000)},100,102,99,101,1.5`;
  });
}

async function put(name: string, content: string): Promise<void> {
  await writeFile(join(dir, name), content);
}

async function readAll(folder: string) {
  const { source } = await openHistoryFolder(folder, { asset: 'BTC-USD' });
  return collect(source, { after: -Infinity, upTo: Infinity });
}

describe('lines that are too long', () => {
  it('come cut at 500 characters with the limit, wherever they stand', async () => {
    const long = 'y'.repeat(3_000_000);
    const [one, two] = candleRows(2);
    for (const lines of [
      [long, one, two],
      [one, long, two],
      [one, two, long],
      [long, long, one, two, long],
    ]) {
      for (const end of ['\n', '\r\n']) {
        await put('candles-1h.csv', [HEADER, ...lines].join(end));
        const rows = await readAll(dir);
        const told = rows.map(({ fields }) => [
          fields['open_time'],
          String(fields['_unreadable'] ?? '').length,
          fields['_problem'],
        ]);
        const wanted = lines.map((line) =>
          line === long
            ? [undefined, 500, 'longer than 1048576 characters']
            : [line?.slice(0, 20), 0, undefined],
        );
        expect(told).toEqual(wanted);
        expect(rows.at(-1)?.origin?.line).toBe(lines.length + 1);
      }
    }
  });

  it('are too long beyond the limit, not at it', async () => {
    const row = candleRows(1)[0]!;
    const width = 1_048_576 - row.length - 1;
    for (const [extra, problem] of [
      [0, undefined],
      [1, 'longer than 1048576 characters'],
    ] as const) {
      const note = 'n'.repeat(width + extra);
      await put('candles-1h.csv', `${HEADER},note\n${row},${note}\n${row},\n`);
      const rows = await readAll(dir);
      expect(rows.map(({ fields }) => fields['_problem'])).toEqual([problem, undefined]);
    }
  });

  it('do not hide the rows behind them from the choice of the bar', async () => {
    const long = 'y'.repeat(3_000_000);
    await put('candles-15m.csv', [HEADER, ...candleRows(20, 15)].join('\n'));
    await put('candles-1h.csv', [HEADER, long, ...candleRows(3000, 60), long].join('\n'));
    expect((await openHistoryFolder(dir, { asset: 'BTC-USD' })).barMinutes).toBe(60);
  });

  it('may stand before the first good object of JSON lines', async () => {
    await put('candles-1h.csv', [HEADER, ...candleRows(3)].join('\n'));
    const time = '"published_at":"2021-01-01T00:00:00Z"';
    await put('news.jsonl', `{${time},"title":"${'y'.repeat(2_000_000)}"}\n{${time},"title":"A"}\n`);
    const news = (await readAll(dir)).filter(({ kind }) => kind === 'article');
    expect(news.map(({ fields }) => [fields['title'], fields['_problem']])).toEqual([
      [undefined, 'longer than 1048576 characters'],
      ['A', undefined],
    ]);
  });
});

describe('one pass over a file', () => {
  it('keeps the first and the last lines and counts them all, whatever their lengths', async () => {
    const file = { name: 'f', path: join(dir, 'f') };
    const length = fc.oneof(fc.integer({ min: 0, max: 200 }), fc.integer({ min: 0, max: 120_000 }));
    const some = fc.array(length, { minLength: 1, maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(some, async (lengths) => {
        const lines = ['head', ...lengths.map((size, place) => `${place}:`.padEnd(size, 'x')), 'last', ''];
        await put('f', lines.join('\n'));
        const { lines: count, head, tail } = await inspectFile(file);
        const read: string[] = [];
        for await (const batch of readLineBatches(file)) read.push(...batch);
        expect(read).toEqual(lines.slice(0, -1));
        expect(count).toBe(read.length);
        expect(head).toEqual(read.slice(0, head.length));
        expect(tail.at(-1)).toBe('last');
      }),
      { numRuns: 40, seed: 1 },
    );
  });

  it('keeps good lines before a long one at the end', async () => {
    const rows = candleRows(3_000);
    await put('f', [HEADER, ...rows, 'y'.repeat(300_000)].join('\n'));
    const { tail } = await inspectFile({ name: 'f', path: join(dir, 'f') });
    expect(tail).toContain(rows.at(-1));
  });
});
