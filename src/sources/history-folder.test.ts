import { chmod, mkdtemp, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { AppError, isoUtc } from '../core/index.ts';
import { openHistoryFolder, type HistoryFolder } from './history-folder.ts';
import { collect, describeSource } from './source.contract.ts';

const ALL = { after: -Infinity, upTo: Infinity };
const HEADER = 'open_time,open,high,low,close,volume_btc,volume_usd';
const START = Date.UTC(2021, 0, 1);

let dir = '';

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'history-'));
});

afterEach(async () => {
  await rm(dir, { recursive: true, force: true });
});

function candleRows(count: number, barMinutes = 60, start = START): string[] {
  return Array.from({ length: count }, (_, bar) => {
    const openTime = isoUtc(start + bar * barMinutes * 60_000);
    return `${openTime},${100 + bar},${102 + bar},${99 + bar},${101 + bar},1.5,150`;
  });
}

async function put(name: string, content: string | Buffer): Promise<void> {
  await writeFile(join(dir, name), content);
}

async function putCandles(name = 'candles-1h.csv', count = 3): Promise<void> {
  await put(name, [HEADER, ...candleRows(count)].join('\n'));
}

function openDir(bar?: number): Promise<HistoryFolder> {
  return openHistoryFolder(dir, { asset: 'BTC-USD', ...(bar === undefined ? {} : { bar }) });
}

async function refusal(work: Promise<unknown>): Promise<AppError> {
  const thrown = await work.then(
    () => null,
    (error: unknown) => error,
  );
  expect(thrown).toBeInstanceOf(AppError);
  return thrown as AppError;
}

async function records() {
  return collect((await openDir()).source, ALL);
}

describe('a history folder that is as it should be', () => {
  it('yields candles with canonical names, as written, with file and line', async () => {
    await putCandles();
    const [first] = await records();
    expect(first).toEqual({
      source: 'history:candles-60m',
      kind: 'candle',
      asset: 'BTC-USD',
      fields: {
        open_time: '2021-01-01T00:00:00Z',
        bar_minutes: 60,
        open: '100',
        high: '102',
        low: '99',
        close: '101',
        volume: '1.5',
      },
      origin: { file: 'candles-1h.csv', line: 2 },
      firstSeenAt: null,
      backfilled: true,
    });
  });

  it('reads every optional file and names its feed', async () => {
    await putCandles();
    await put(
      'news.jsonl',
      '{"published_at":"2021-01-01T00:00:00Z","title":"A","source":"Wire","url":null}\n',
    );
    await put('fear-greed.csv', 'date,value,classification\n2021-01-01,40,Fear\n');
    await put('social-daily.csv', 'Date,CRIX,MarketCap,Stocktwits Sent\n2021-01-01,7,,0.1\n');
    await put('reddit-posts.jsonl', '{"posted_at":"2021-01-01T00:00:00Z","title":"B"}\n');
    await put('tweets.jsonl', '{"posted_at":"2021-01-01T00:00:00Z","text":"C"}\n');
    await put('notes.txt', 'left alone');
    const rows = (await records()).filter((record) => record.kind !== 'candle');
    expect(rows.map(({ source, fields }) => [source, fields])).toEqual([
      [
        'history:news',
        {
          published_at: '2021-01-01T00:00:00Z',
          first_seen_at: null,
          publisher: 'Wire',
          title: 'A',
          summary: null,
          url: null,
        },
      ],
      ['history:fear-greed', { name: 'fear_greed', date: '2021-01-01', value: '40' }],
      ['history:social-daily', { name: 'crix', date: '2021-01-01', value: '7' }],
      ['history:social-daily', { name: 'stocktwits_sent', date: '2021-01-01', value: '0.1' }],
      [
        'history:reddit-posts',
        { platform: 'reddit', posted_at: '2021-01-01T00:00:00Z', first_seen_at: null, text: 'B' },
      ],
      [
        'history:tweets',
        { platform: 'twitter', posted_at: '2021-01-01T00:00:00Z', first_seen_at: null, text: 'C' },
      ],
    ]);
  });

  it('reads gzip, also of several members, also under a plain name', async () => {
    const [one, two] = [candleRows(2), candleRows(2, 60, START + 7_200_000)];
    const text = [gzipSync(`${HEADER}\n${one.join('\n')}\n`), gzipSync(two.join('\n'))];
    await put('candles-1h.csv.gz', Buffer.concat(text));
    expect(await records()).toHaveLength(4);
    await rm(join(dir, 'candles-1h.csv.gz'));
    await put('candles-1h.csv', Buffer.concat(text));
    expect(await records()).toHaveLength(4);
  });

  it('takes a byte order mark, Windows line ends, blank lines and quoted cells', async () => {
    const row = '"2021-01-01T00:00:00Z","1","2","0.5","1.5","3","a ""b"", c"';
    await put('candles-1h.csv', `\uFEFF"Open Time",Open,High,Low,Close,Volume,Note\r\n\r\n${row}\r\n\r\n`);
    const rows = await records();
    expect(rows).toHaveLength(1);
    expect(rows[0]?.origin?.line).toBe(3);
    expect(rows[0]?.fields).toMatchObject({ open_time: '2021-01-01T00:00:00Z', close: '1.5', volume: '3' });
    expect(rows[0]?.fields).not.toHaveProperty('_unreadable');
  });

  it('turns epoch seconds and milliseconds into ISO times', async () => {
    await put(
      'candles-1h.csv',
      'time,open,high,low,close,volume\n1609459200,1,1,1,1,1\n1609462800000,1,1,1,1,1\n',
    );
    await put('fear-greed.csv', 'timestamp,value\n1609459200,40\n');
    await put('news.jsonl', '{"published_at":1609459200,"title":"A"}\n');
    const rows = await records();
    expect(rows.map(({ fields }) => fields['open_time'] ?? fields['date'] ?? fields['published_at'])).toEqual(
      ['2021-01-01T00:00:00Z', '2021-01-01T01:00:00Z', '2021-01-01T00:00:00Z', '2021-01-01'],
    );
  });

  it('takes the volume of the base asset, not of the quote', async () => {
    await put(
      'candles-1h.csv',
      'open_time,open,high,low,close,volume_usd,volume_eth\n2021-01-01,1,1,1,1,9,2\n',
    );
    const { source } = await openHistoryFolder(dir, { asset: 'ETH-USD' });
    expect((await collect(source, ALL))[0]?.fields).toMatchObject({ volume: '2' });
    expect((await refusal(openDir())).message).toContain('the column is missing: volume;');
  });

  it('hashes content, not names or paths', async () => {
    await putCandles('candles-1h.csv');
    const before = await (await openDir()).contentHash();
    await rm(join(dir, 'candles-1h.csv'));
    await putCandles('candles-60m-renamed.csv');
    await put('other.csv', 'is not read');
    expect(await (await openDir()).contentHash()).toBe(before);
    await putCandles('candles-60m-renamed.csv', 4);
    expect(await (await openDir()).contentHash()).not.toBe(before);
  });

  it('gives back every row of any number of rows, compressed or not, across chunk borders', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 12_000 }), fc.boolean(), async (count, isCompressed) => {
        const text = [HEADER, ...candleRows(count)].join('\n');
        await put('candles-1h.csv', isCompressed ? gzipSync(text) : text);
        const rows = await records();
        expect(rows).toHaveLength(count);
        expect(rows.every(({ fields }) => fields['_unreadable'] === undefined)).toBe(true);
        expect(rows.at(-1)?.origin?.line).toBe(count + 1);
      }),
      { numRuns: 8, seed: 1 },
    );
  });
});

describe('the choice of the bar', () => {
  it('is the bar that reaches furthest, and one can ask for another', async () => {
    await put('candles-1m-old.csv', [HEADER, ...candleRows(500, 1)].join('\n'));
    await put('candles-4h.csv', [HEADER, ...candleRows(5, 240)].join('\n'));
    expect((await openDir()).barMinutes).toBe(240);
    expect((await openDir(1)).files.map(({ name }) => name)).toEqual(['candles-1m-old.csv']);
    const missing = await refusal(openDir(15));
    expect(missing.code).toBe('SOURCE_HISTORY_BAR_MISSING');
    expect(missing.message).toContain('or add candles-15m.csv');
  });

  it('does not tell anybody to add a file of a bar that no file may have', async () => {
    await putCandles();
    for (const bar of [7, 0, 1.5, -60, 2_880]) {
      const { code, message } = await refusal(openDir(bar));
      expect(code).toBe('SOURCE_HISTORY_BAR_MISSING');
      expect(message).toContain(`A bar of ${bar} minutes does not divide a day evenly`);
      expect(message).not.toContain('add candles');
    }
  });

  it('counts the close, and takes the longer bar of equals', async () => {
    await put('candles-15m.csv', [HEADER, ...candleRows(8, 15)].join('\n'));
    await put('candles-1h.csv', [HEADER, ...candleRows(2, 60)].join('\n'));
    expect((await openDir()).barMinutes).toBe(60);
  });

  it('is not misled by falling rows or by one stray stamp', async () => {
    await put(
      'candles-15m.csv',
      [HEADER, ...candleRows(20, 15), '2099-01-01T00:00:00Z,1,1,1,1,1,1'].join('\n'),
    );
    await put('candles-1h.csv', [HEADER, ...candleRows(5000, 60).toReversed()].join('\n'));
    expect((await openDir()).barMinutes).toBe(60);
  });

  it('reads several files of one bar in the order of their first candle', async () => {
    await put('candles-1h-a.csv', [HEADER, ...candleRows(2, 60, START + 7_200_000)].join('\n'));
    await put('candles-60m-b.csv', [HEADER, ...candleRows(2)].join('\n'));
    const times = (await records()).map(({ fields }) => String(fields['open_time']));
    expect(times).toEqual(times.toSorted());
  });
});

describe('single rows that cannot be read', () => {
  it('come with the raw line, for the quarantine, and stop nothing', async () => {
    await put(
      'candles-1h.csv',
      [HEADER, '2021-01-01T00:00:00Z,1,2', ...candleRows(1), '"x,1,2,3,4,5,6'].join('\n'),
    );
    const rows = await records();
    expect(rows.map(({ fields }) => fields['_unreadable'])).toEqual([
      '2021-01-01T00:00:00Z,1,2',
      undefined,
      '"x,1,2,3,4,5,6',
    ]);
    expect(rows[0]?.fields).toMatchObject({ open_time: '2021-01-01T00:00:00Z', open: '1', low: null });
    expect(rows[0]?.origin).toEqual({ file: 'candles-1h.csv', line: 2 });
  });

  it('are told apart in JSON lines: no JSON, no object, a nested value', async () => {
    await putCandles();
    const good = '{"published_at":"2021-01-01T00:00:00Z","title":"A"}';
    const lines = [
      good,
      '{"published_at":',
      '[1]',
      'null',
      '{"published_at":"2021-01-01T00:00:00Z","title":["A"]}',
    ];
    await put('news.jsonl', lines.join('\n'));
    const news = (await records()).filter(({ kind }) => kind === 'article');
    expect(news.map(({ fields }) => fields['_unreadable'])).toEqual([undefined, ...lines.slice(1)]);
    expect(news[4]?.fields).toMatchObject({ published_at: '2021-01-01T00:00:00Z', title: null });
    expect(news[4]?.origin).toEqual({ file: 'news.jsonl', line: 5 });
  });

  it('leave a value that is no number to the door of the lake', async () => {
    await put('candles-1h.csv', [HEADER, '2021-01-01T00:00:00Z,NaN,2,1,1,1,1'].join('\n'));
    expect((await records())[0]?.fields).toMatchObject({ open: 'NaN' });
  });

  it('are kept in daily files too', async () => {
    await putCandles();
    await put('fear-greed.csv', 'date,value\n2021-01-01\n');
    await put('social-daily.csv', 'Date,CRIX\n2021-01-01,1,2\n');
    const rows = (await records()).filter(({ kind }) => kind === 'index');
    expect(rows.map(({ fields }) => fields)).toEqual([
      { name: 'fear_greed', date: '2021-01-01', value: null, _unreadable: '2021-01-01' },
      { name: 'social_daily', date: '2021-01-01', value: null, _unreadable: '2021-01-01,1,2' },
    ]);
  });
});

describe('files and folders that cannot be read', () => {
  it('names a folder that does not exist, and one that is a file', async () => {
    const missing = await refusal(openHistoryFolder(join(dir, 'nowhere'), { asset: 'BTC-USD' }));
    expect(missing.code).toBe('SOURCE_HISTORY_FOLDER_MISSING');
    expect(missing.message).toContain(`${join(dir, 'nowhere')} cannot be read: it does not exist`);
    await put('file', '');
    const file = await refusal(openHistoryFolder(join(dir, 'file'), { asset: 'BTC-USD' }));
    expect(file.message).toContain('it is a file, not a folder');
  });

  it('lists what was found where no candles are', async () => {
    expect((await refusal(openDir())).message).toContain('found there: nothing');
    await put('prices.csv', 'a,b');
    const error = await refusal(openDir());
    expect(error.code).toBe('SOURCE_HISTORY_NO_CANDLES');
    expect(error.message).toContain('found there: prices.csv');
  });

  it.each(['candles-.csv', 'candles-7m.csv', 'candles-1w.csv', 'candles-0h.csv', 'candles-hourly.csv'])(
    'refuses the name %s, whose bar it cannot use',
    async (name) => {
      await putCandles(name);
      const error = await refusal(openDir());
      expect(error.code).toBe('SOURCE_HISTORY_BAR_UNREADABLE');
      expect(error.message).toContain(name);
    },
  );

  it('says which columns are missing and what was there', async () => {
    await put('candles-1h.csv', 'open_time,open,high,price\n2021-01-01T00:00:00Z,1,1,1\n');
    const error = await refusal(openDir());
    expect(error.code).toBe('SOURCE_HISTORY_COLUMNS');
    expect(error.message).toContain('candles-1h.csv, line 1: columns are missing: low, close, volume;');
    expect(error.message).toContain('found: open_time, open, high, price');
    expect(error.details).toMatchObject({ folder: dir, file: 'candles-1h.csv', line: 1 });
  });

  it('refuses a column named twice and a header with an open quote', async () => {
    await put('candles-1h.csv', `${HEADER},Open\n${candleRows(1)[0]},1\n`);
    expect((await refusal(openDir())).message).toContain('the column open stands there twice');
    await put('candles-1h.csv', `"${HEADER}\n${candleRows(1)[0]}\n`);
    expect((await refusal(openDir())).message).toContain('unclosed quote');
  });

  it.each([
    [
      'news.jsonl',
      '{"when":"2021-01-01","what":"A"}',
      'no object has published_at|published and title|headline',
    ],
    ['news.jsonl', 'published_at,title\n2021-01-01,A', 'no line is a JSON object'],
    ['tweets.jsonl', '{"posted_at":"2021-01-01"}', 'no object has title|text'],
    ['fear-greed.csv', 'date,mood\n2021-01-01,Fear', 'the column is missing: value'],
    ['social-daily.csv', 'A,B\n1,2', 'the column is missing: date'],
  ])('tells a %s of foreign columns or keys', async (name, content, problem) => {
    await putCandles();
    await put(name, content);
    const error = await refusal(openDir());
    expect(error.code).toBe('SOURCE_HISTORY_COLUMNS');
    expect(error.message).toContain(`${name}, line 1: ${problem}`);
  });

  it('shows the first stamp where none can be read', async () => {
    await put('candles-1h.csv', `${HEADER}\n2021-01-01 00:00:00,1,1,1,1,1,1\n`);
    const error = await refusal(openDir());
    expect(error.code).toBe('SOURCE_HISTORY_TIMES_UNREADABLE');
    expect(error.message).toContain(
      'candles-1h.csv, line 2: no open time in this file can be read, the first is "2021-01-01 00:00:00"',
    );
  });

  it.each([
    ['candles-1h.csv', '', 'is empty (0 bytes of content)'],
    ['candles-1h.csv.gz', '', 'is empty (0 bytes of content)'],
    ['candles-1h.csv.gz', gzipSync(''), 'is empty (0 bytes of content)'],
    ['candles-1h.csv', `${HEADER}\n\n`, 'ends after its header'],
  ])('tells that %s is empty', async (name, content, problem) => {
    await put(name, content);
    const error = await refusal(openDir());
    expect(error.code).toBe('SOURCE_HISTORY_FILE_EMPTY');
    expect(error.message).toContain(problem);
    expect(error.message).toContain(name);
  });

  it('refuses an empty optional file as well', async () => {
    await putCandles();
    await put('news.jsonl', '\n');
    expect((await refusal(openDir())).code).toBe('SOURCE_HISTORY_FILE_EMPTY');
  });

  it('says after which line a truncated gzip broke', async () => {
    const whole = gzipSync([HEADER, ...candleRows(20_000)].join('\n'));
    await put('candles-1h.csv.gz', whole.subarray(0, whole.length / 2));
    const error = await refusal(openDir());
    expect(error.code).toBe('SOURCE_HISTORY_GZIP_BROKEN');
    expect(Number(error.details['line'])).toBeGreaterThan(5_000);
    expect(Number(error.details['line'])).toBeLessThan(15_000);
    expect(error.message).toContain(
      `broke after line ${String(error.details['line'])} (unexpected end of file)`,
    );
  });

  it('refuses a damaged gzip, and plain text that is named gz', async () => {
    const whole = gzipSync([HEADER, ...candleRows(100)].join('\n'));
    whole[whole.length - 6] = (whole.at(-6) ?? 0) ^ 0xff;
    await put('candles-1h.csv.gz', whole);
    expect((await refusal(openDir())).message).toContain('(incorrect data check)');
    await putCandles('candles-1h.csv.gz');
    expect((await refusal(openDir())).message).toContain('(incorrect header check)');
  });

  it('refuses a file that breaks between opening and reading', async () => {
    const whole = gzipSync([HEADER, ...candleRows(100)].join('\n'));
    await put('candles-1h.csv.gz', whole);
    const { source, contentHash } = await openDir();
    await put('candles-1h.csv.gz', whole.subarray(0, whole.length - 20));
    expect((await refusal(collect(source, ALL))).code).toBe('SOURCE_HISTORY_GZIP_BROKEN');
    await rm(join(dir, 'candles-1h.csv.gz'));
    expect((await refusal(collect(source, ALL))).code).toBe('SOURCE_HISTORY_FILE_UNREADABLE');
    expect((await refusal(contentHash())).code).toBe('SOURCE_HISTORY_FILE_UNREADABLE');
  });

  it('refuses a folder under the name of a file', async () => {
    await mkdir(join(dir, 'candles-1h.csv'));
    const error = await refusal(openDir());
    expect(error.code).toBe('SOURCE_HISTORY_FILE_UNREADABLE');
    expect(error.message).toContain('candles-1h.csv');
    expect(error.message).toContain('it is no plain file');
  });

  it.each(['candles-1h.csv', 'candles-1h.csv.gz', 'news.jsonl'])(
    'refuses %s when it cannot be opened, and leaves no failure behind that nobody hears',
    async (name) => {
      if (name === 'news.jsonl') await putCandles();
      await symlink(join(dir, 'gone'), join(dir, name));
      const unheard: unknown[] = [];
      const hear = (error: unknown) => void unheard.push(error);
      process.on('uncaughtException', hear);
      try {
        const error = await refusal(openDir());
        expect(error.code).toBe('SOURCE_HISTORY_FILE_UNREADABLE');
        expect(error.message).toContain(`${name} cannot be read after line 0 (ENOENT`);
        // A failure of a stream comes some turns of the event loop later.
        for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      } finally {
        process.off('uncaughtException', hear);
      }
      expect(unheard).toEqual([]);
    },
  );

  it('refuses a file that becomes a folder between opening and reading', async () => {
    await putCandles();
    const { source, contentHash } = await openDir();
    await rm(join(dir, 'candles-1h.csv'));
    await mkdir(join(dir, 'candles-1h.csv'));
    expect((await refusal(collect(source, ALL))).code).toBe('SOURCE_HISTORY_FILE_UNREADABLE');
    expect((await refusal(contentHash())).code).toBe('SOURCE_HISTORY_FILE_UNREADABLE');
  });

  it.skipIf(process.getuid?.() === 0)('refuses a file that this user may not read', async () => {
    await putCandles();
    await chmod(join(dir, 'candles-1h.csv'), 0);
    expect((await refusal(openDir())).message).toContain('EACCES');
  });

  it('refuses the same file plain and compressed', async () => {
    await putCandles('candles-1h.csv');
    await put('candles-1h.csv.gz', gzipSync('x'));
    const error = await refusal(openDir());
    expect(error.code).toBe('SOURCE_HISTORY_FILE_TWICE');
    expect(error.message).toContain('candles-1h.csv and candles-1h.csv.gz');
  });

  it('refuses to give a part of its time', async () => {
    await putCandles();
    const { source } = await openDir();
    expect(() => source.fetch({ after: 0, upTo: 1 })).toThrow(RangeError);
  });
});

describeSource({
  name: 'a history folder',
  asset: 'BTC-USD',
  range: ALL,
  open: async () => {
    await putCandles();
    await put('news.jsonl', '{"published_at":"2021-01-01T00:00:00Z","title":"A","source":"Wire"}\n');
    await put('fear-greed.csv', 'date,value\n2021-01-01,40\n');
    await put('tweets.jsonl', '{"posted_at":"2021-01-01T00:00:00Z","text":"C"}\n');
    return (await openDir()).source;
  },
});
