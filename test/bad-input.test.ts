import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { runProgram } from '../src/commands/program.ts';
import { verifyBronze } from '../src/lake/index.ts';
import { createTestDatabase } from './database.ts';
import { writeSimulatedHistory } from './simulated-history.ts';

const CANDLES = 'candles-60m.csv';
const NEWS = 'news.jsonl';
const isFull = process.env['BELLWETHER_TEST_FULL'] === '1';
const BARS = 12 * 24;
const RANGE = ['--from', '2022-01-13', '--to', '2022-01-15'];
const root = mkdtempSync(join(tmpdir(), 'bellwether-bad-input-'));
const good = join(root, 'good');
const dataDir = join(root, 'data');
let database: Awaited<ReturnType<typeof createTestDatabase>>;
let cleanHash = '';
let turn = 0;

beforeAll(async () => {
  await writeSimulatedHistory(good, { seed: 871, bars: BARS });
  database = await createTestDatabase();
  vi.stubEnv('DATABASE_URL', database.url);
  vi.stubEnv('BELLWETHER_DATA_DIR', dataDir);
  vi.stubEnv('REDIS_URL', '');
  vi.stubEnv('LOG_LEVEL', 'silent');
  expect((await run('import', good)).exit).toBe(0);
  cleanHash = (await run('replay', good)).json()['predictionsHash'] as string;
});
afterEach(() => {
  vi.restoreAllMocks();
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await database.drop();
  rmSync(root, { recursive: true, force: true });
});

/** A folder that cannot be taken at all: what is wrong with it, and what every command has to say. */
interface Refusal {
  what: string;
  spoil(folder: string): void;
  code: string;
  /** File, line, value and remedy, as far as there is each. */
  says: RegExp[];
}

const REFUSALS: Refusal[] = [
  {
    what: 'without candles',
    spoil: (folder) => rmSync(join(folder, CANDLES)),
    code: 'SOURCE_HISTORY_NO_CANDLES',
    says: [
      /holds no candles-<bar>\*\.csv/,
      /found there: fear-greed\.csv, news\.jsonl/,
      /Add one, such as candles-1h\.csv/,
    ],
  },
  {
    what: 'that is not there',
    spoil: (folder) => rmSync(folder, { recursive: true }),
    code: 'SOURCE_HISTORY_FOLDER_MISSING',
    says: [/it does not exist/, /Give a folder that holds at least one candles/],
  },
  {
    what: 'whose candles have wrong columns',
    spoil: (folder) =>
      edit(folder, CANDLES, ([, ...rows]) => ['open_time,open,high,low,last,volume', ...rows]),
    code: 'SOURCE_HISTORY_COLUMNS',
    says: [
      /candles-60m\.csv, line 1: the column is missing: close/,
      /found: open_time, open, high, low, last/,
      /Wanted: /,
    ],
  },
  {
    what: 'whose news have other keys',
    spoil: (folder) => edit(folder, NEWS, () => ['{"when": "2022-01-03", "words": "Bitcoin"}']),
    code: 'SOURCE_HISTORY_COLUMNS',
    says: [
      /news\.jsonl, line 1: no object has published_at/,
      /found: when, words/,
      /Wanted: one JSON object a line/,
    ],
  },
  {
    what: 'with an empty file',
    spoil: (folder) => writeFileSync(join(folder, CANDLES), ''),
    code: 'SOURCE_HISTORY_FILE_EMPTY',
    says: [/candles-60m\.csv, line 1: the file is empty \(0 bytes/, /Export it again, or take it out/],
  },
  {
    what: 'with a file that ends after its header',
    spoil: (folder) => edit(folder, CANDLES, ([header = '']) => [header]),
    code: 'SOURCE_HISTORY_FILE_EMPTY',
    says: [/candles-60m\.csv, line 1: the file ends after its header/, /Export it again/],
  },
  {
    what: 'with a truncated gzip',
    spoil: (folder) => {
      const whole = gzipSync(readFileSync(join(folder, CANDLES)));
      rmSync(join(folder, CANDLES));
      writeFileSync(join(folder, `${CANDLES}.gz`), whole.subarray(0, Math.floor(whole.length / 2)));
    },
    code: 'SOURCE_HISTORY_GZIP_BROKEN',
    says: [
      /candles-60m\.csv\.gz is a truncated or corrupt gzip/,
      /broke after line \d+ \(unexpected end/,
      /Copy or download it again/,
    ],
  },
  {
    what: 'with a truncated gzip beside good candles',
    spoil: (folder) => {
      const whole = gzipSync(readFileSync(join(folder, NEWS)));
      rmSync(join(folder, NEWS));
      writeFileSync(join(folder, `${NEWS}.gz`), whole.subarray(0, whole.length - 9));
    },
    code: 'SOURCE_HISTORY_GZIP_BROKEN',
    says: [/news\.jsonl\.gz is a truncated or corrupt gzip/, /broke after line \d+/, /gzip -t/],
  },
  {
    what: 'whose times cannot be read',
    spoil: (folder) =>
      edit(folder, CANDLES, ([header = '', ...rows]) => [
        header,
        ...rows.map((row) => `soon${row.slice(20)}`),
      ]),
    code: 'SOURCE_HISTORY_TIMES_UNREADABLE',
    says: [
      /candles-60m\.csv, line 2: no open time in this file can be read, the first is "soon"/,
      /Write times as ISO 8601/,
    ],
  },
];

describe.each(REFUSALS)('a history folder $what', ({ spoil, code, says }) => {
  it('is refused by every command with the place, the value and the remedy, and changes nothing', async () => {
    const folder = spoiled(spoil);
    const before = await readEverything();
    for (const name of ['import', 'replay', 'evaluate'] as const) {
      const { exit, stderr, stdout } = await run(name, folder);
      expect(exit).toBe(1);
      expect(stdout).toBe('');
      expect(stderr).toContain(`${code}: `);
      for (const part of says) expect(stderr).toMatch(part);
    }
    expect(await readEverything()).toEqual(before);
  });
});

/** Rows of which some are bad: what stands in quarantine for it, and what is said. */
interface Spoilt {
  what: string;
  spoil(folder: string): void;
  /** Rows that are turned away, by reason. */
  quarantined: Record<string, number>;
  /** Good rows that are missing, by table. */
  missing?: Partial<Record<'candles' | 'articles', number>>;
  says: RegExp[];
  /** Whether predictions are what they would have been. */
  isHarmless: boolean;
}

const SPOILT: Spoilt[] = [
  {
    what: 'with NaN prices',
    spoil: (folder) => {
      edit(folder, CANDLES, (lines) =>
        replaceCell(replaceCell(lines, { line: 101, cell: 4, value: 'NaN' }), {
          line: 120,
          cell: 1,
          value: 'NaN',
        }),
      );
    },
    quarantined: { candle_not_a_number: 2 },
    missing: { candles: 2 },
    says: [
      /2 x candle_not_a_number in quarantine, for example/,
      /candles-60m\.csv:101 close=NaN: close is NaN: not a finite decimal\. Give a plain decimal such as/,
      /candles-60m\.csv:120 open=NaN/,
      /lacks 2 bars between its first and its last/,
    ],
    isHarmless: false,
  },
  {
    what: 'with unsorted rows',
    spoil: (folder) => {
      edit(folder, CANDLES, ([header = '', ...rows]) => [
        header,
        ...rows.slice(50, 60),
        ...rows.slice(0, 50),
        ...rows.slice(60),
      ]);
    },
    quarantined: {},
    says: [
      /rows that stand after later ones: 50, the first at candles-60m\.csv:12 \(2022-01-03T00:00:00Z\)/,
      /They were taken; sort the file/,
    ],
    isHarmless: true,
  },
  {
    what: 'with duplicate rows',
    spoil: (folder) => {
      edit(folder, CANDLES, (lines) => [...lines.slice(0, 40), ...lines.slice(30, 40), ...lines.slice(40)]);
      edit(folder, NEWS, (lines) => [...lines, ...lines.slice(0, 3)]);
    },
    quarantined: {},
    says: [
      /history:candles-60m: rows that repeat an earlier one, every field the same: 10, the first at candles-60m\.csv:41 \(2022-01-04T05:00:00Z\)/,
      /history:news: rows that repeat an earlier one, every field the same: 3, the first at news\.jsonl:\d+ \(2022-01-03T/,
      /Each was taken once; leave the copies out/,
    ],
    isHarmless: true,
  },
  {
    what: 'with future stamps',
    spoil: (folder) => {
      edit(folder, CANDLES, (lines) => [...lines, `2099-01-01T00:00:00Z${(lines.at(-1) ?? '').slice(20)}`]);
      edit(folder, NEWS, (lines) => [
        ...lines,
        '{"published_at": "2098-05-05T05:05:05Z", "title": "Bitcoin at last"}',
      ]);
    },
    quarantined: { candle_in_future: 1, article_in_future: 1 },
    says: [
      new RegExp(
        `candles-60m\\.csv:${BARS + 2} open_time=2099-01-01T00:00:00Z: .* its bar closes at 2099-01-01T01:00:00Z, after now`,
      ),
      /Only closed bars are taken; check the clock and the zone/,
      /published_at=2098-05-05T05:05:05Z: .* after now .* Check the clock and the zone of the source/,
    ],
    isHarmless: true,
  },
  {
    what: 'with impossible bars and broken lines',
    spoil: (folder) => {
      edit(folder, CANDLES, (lines) =>
        replaceCell(replaceCell(lines, { line: 90, cell: 2, value: '1' }), {
          line: 95,
          cell: 5,
          value: '1,2,3',
        }),
      );
      edit(folder, NEWS, (lines) => ['{"published_at": ', ...lines]);
    },
    quarantined: { candle_impossible_ohlc: 1, candle_unreadable: 1, article_unreadable: 1 },
    missing: { candles: 2 },
    says: [
      /candles-60m\.csv:90 high=1: high is 1: below open .* Take this bar again/,
      /candles-60m\.csv:95 _unreadable=.*: the line cannot be read\. Compare the line with its neighbours/,
      /news\.jsonl:1 _unreadable=\{"published_at": : /,
    ],
    isHarmless: false,
  },
];

describe.each(SPOILT)('a history folder $what', ({ spoil, quarantined, missing, says, isHarmless }) => {
  it('gives its good rows to the lake, its bad ones to quarantine, and says where and what to do', async () => {
    const folder = spoiled(spoil);
    const fresh = await createTestDatabase();
    vi.stubEnv('DATABASE_URL', fresh.url);
    vi.stubEnv('BELLWETHER_DATA_DIR', join(root, `data-${turn}`));
    try {
      const { exit, said } = await run('import', folder);
      expect(exit).toBe(0);
      for (const part of says) expect(said).toMatch(part);
      const whole = await countRows(database.url);
      const rows = await countRows(fresh.url);
      const turnedAway = Object.values(quarantined).reduce((sum, count) => sum + count, 0);
      expect(rows).toEqual({
        ...whole,
        candles: BARS - (missing?.candles ?? 0),
        articles: (whole['articles'] ?? 0) - (missing?.articles ?? 0),
        quarantine: turnedAway,
      });
      expect(await countReasons(fresh.url)).toEqual(quarantined);
      const bronze = await verifyBronze(join(root, `data-${turn}`, 'live', 'bronze'));
      expect(bronze).toMatchObject({ isSound: true, problems: [] });

      const again = await run('import', folder, ['--json']);
      expect(again.json()).toMatchObject({ rows: { candles: 0, articles: 0, posts: 0, indices: 0 } });
      expect(await countRows(fresh.url)).toEqual(rows);
    } finally {
      vi.stubEnv('DATABASE_URL', database.url);
      vi.stubEnv('BELLWETHER_DATA_DIR', dataDir);
      await fresh.drop();
    }
  });

  // Evaluation brings in what replay does: where predictions stay as they were, the ordinary suite spares it.
  const isEvaluated = !isHarmless || isFull;
  it(`can be replayed${isEvaluated ? ' and evaluated' : ''} all the same`, async () => {
    const folder = spoiled(spoil);
    const replayed = await run('replay', folder);
    expect(replayed.exit).toBe(0);
    expect(replayed.json()).toMatchObject({ windows: 48 });
    expect(replayed.json()['predictionsHash'] === cleanHash).toBe(isHarmless);
    for (const reason of Object.keys(quarantined)) expect(replayed.stderr).toContain(reason);
    if (!isEvaluated) return;
    const evaluated = await run('evaluate', folder);
    expect(evaluated.exit).toBe(0);
    const turnedAway = Object.values(quarantined).reduce((sum, count) => sum + count, 0);
    expect(evaluated.json()).toMatchObject({ quarantined: turnedAway });
    for (const reason of Object.keys(quarantined)) expect(evaluated.stderr).toContain(reason);
  });
});

describe('a history folder in which no candle is good', () => {
  it('is kept in quarantine, and every command ends saying that there is nothing to work on', async () => {
    const folder = spoiled((place) => {
      edit(place, CANDLES, (lines) =>
        lines.map((line, at) => (at === 0 ? line : line.replace(/,[^,]*,/, ',-1,'))),
      );
    });
    const fresh = await createTestDatabase();
    vi.stubEnv('DATABASE_URL', fresh.url);
    vi.stubEnv('BELLWETHER_DATA_DIR', join(root, `data-${turn}`));
    for (const name of ['import', 'replay', 'evaluate'] as const) {
      const { exit, said } = await run(name, folder);
      expect(exit).toBe(1);
      expect(said).toContain(`${BARS} x candle_price_not_positive in quarantine`);
      expect(said).toContain('CANDLES_MISSING: No candle of 60 minutes came through the door');
    }
    expect((await countRows(fresh.url))['quarantine']).toBe(BARS);
    vi.stubEnv('DATABASE_URL', database.url);
    vi.stubEnv('BELLWETHER_DATA_DIR', dataDir);
    await fresh.drop();
  });
});

/** Files of rated texts that nothing can be learnt from. */
const UNRATED: { what: string; content: string | null; code: string; says: RegExp[] }[] = [
  {
    what: 'that is not there',
    content: null,
    code: 'SENTIMENT_DATA_UNREADABLE',
    says: [/rated-\d+\.jsonl cannot be read: ENOENT/, /Check the path and the file/],
  },
  {
    what: 'that is empty',
    content: '',
    code: 'SENTIMENT_DATA_EMPTY',
    says: [/rated-\d+\.jsonl holds no rated text/, /Give a file with one \{"text", "label"\}/],
  },
  {
    what: 'with a broken line',
    content: '{"text": "Bitcoin gains", "label": "positive"}\n{"text": "Bitcoin lo\n',
    code: 'SENTIMENT_DATA_INVALID',
    says: [
      /1 line\(s\) of rated texts cannot be used/,
      /rated-\d+\.jsonl, line 2: this is no JSON object: \{"text": "Bitcoin lo/,
      /Correct or remove these lines/,
    ],
  },
  {
    what: 'with an unknown label',
    content: '{"text": "Bitcoin gains", "label": "splendid"}\n',
    code: 'SENTIMENT_DATA_INVALID',
    says: [/line 1: the label must be one of negative, neutral, positive/],
  },
];

describe.each(UNRATED)('a file of rated texts $what', ({ content, code, says }) => {
  it.each(['vader', 'linear'])(
    'is refused by retrain of %s with the place and the remedy',
    async (family) => {
      turn += 1;
      const file = join(root, `rated-${turn}.jsonl`);
      if (content !== null) writeFileSync(file, content);
      const { exit, stdout, stderr } = await runWords([
        'retrain',
        '--family',
        family,
        '--data',
        file,
        '--json',
      ]);
      expect(exit).toBe(1);
      expect(stdout).toBe('');
      expect(stderr).toContain(`${code}: `);
      for (const part of says) expect(stderr).toMatch(part);
      expect(existsSync(join(dataDir, 'scorers'))).toBe(false);
    },
  );
});

function spoiled(spoil: (folder: string) => void): string {
  turn += 1;
  const folder = join(root, `folder-${turn}`);
  mkdirSync(folder);
  cpSync(good, folder, { recursive: true });
  spoil(folder);
  return folder;
}

function edit(folder: string, file: string, change: (lines: string[]) => string[]): void {
  const path = join(folder, file);
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
  writeFileSync(path, `${change(lines).join('\n')}\n`);
}

/** @param line - from 1, the header included */
function replaceCell(
  lines: string[],
  { line, cell, value }: { line: number; cell: number; value: string },
): string[] {
  return lines.map((text, place) =>
    place === line - 1 ? text.split(',').with(cell, value).join(',') : text,
  );
}

/** Runs a command in this process, as the command line would. */
async function run(name: 'import' | 'replay' | 'evaluate', history: string, extra: string[] = []) {
  const words = {
    import: ['import'],
    replay: ['replay', ...RANGE, '--json'],
    evaluate: ['evaluate', 'direction', '--horizon', '60', '--family', 'majority', '--json'],
  }[name];
  return runWords([...words, '--history', history, ...extra]);
}

async function runWords(words: readonly string[]) {
  const out = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  const err = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const exit = await runProgram([...words]);
  const [stdout, stderr] = [out, err].map(({ mock }) => mock.calls.map(([text]) => String(text)).join(''));
  out.mockRestore();
  err.mockRestore();
  return {
    exit,
    stdout: stdout ?? '',
    stderr: stderr ?? '',
    said: `${stderr}${stdout}`,
    json: () => JSON.parse((stdout ?? '').trimEnd().split('\n').at(-1) ?? '') as Record<string, unknown>,
  };
}

/** Every row count of every workspace, the names of all workspaces, and what bronze is. */
async function readEverything(): Promise<unknown> {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  const { rows } = await client.query<{ schema: string }>(
    `SELECT nspname AS schema FROM pg_namespace WHERE nspname NOT LIKE 'pg\\_%' ORDER BY nspname`,
  );
  await client.end();
  return {
    schemas: rows.map(({ schema }) => schema),
    live: await countRows(database.url),
    bronze: await verifyBronze(join(dataDir, 'live', 'bronze')),
  };
}

async function countRows(url: string): Promise<Record<string, number>> {
  return counts(
    url,
    ['candles', 'articles', 'posts', 'indices', 'quarantine']
      .map((table) => `SELECT '${table}' AS name, count(*)::int AS count FROM live.${table}`)
      .join(' UNION ALL '),
  );
}

function countReasons(url: string): Promise<Record<string, number>> {
  return counts(url, 'SELECT reason AS name, count(*)::int AS count FROM live.quarantine GROUP BY reason');
}

async function counts(url: string, statement: string): Promise<Record<string, number>> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<{ name: string; count: number }>(statement);
  await client.end();
  return Object.fromEntries(rows.map(({ name, count }) => [name, count]));
}
