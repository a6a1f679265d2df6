import { findWorkspace, inTransaction, openPostgres, silentLog, DAY_MS } from '../src/core/index.ts';
import { round, median, takeTurns, type BenchContext, type BenchResult, type Contender } from './bench.ts';
import { onStage, describeMachine, monthsAfter, replayIn, type ReplayAnswer, type Stage } from './stage.ts';

const MONTHS = [3, 6, 12] as const;
const YEAR = 12;
const BARE = 'bare-postgres-commit';
const ROUNDS = 3;
const WEEK_MS = 7 * DAY_MS;
const SECOND_MS = 1_000;
/** What the first issue allows a replay of a year. */
const LIMIT_SECONDS = 120;
const LIMIT_MB = 900;
/** What a replay writes beside its state: a row a window, and several. */
const TABLES = ['window_ledger', 'feature_rows', 'predictions', 'outcomes'] as const;

/** One replay, measured from outside. */
interface Measured extends ReplayAnswer {
  windowsPerSecond: number;
}

/** How fast history is replayed, whether that stays so as it grows, and what the same rows cost Postgres alone. */
export async function run(context: BenchContext, { rounds = ROUNDS } = {}): Promise<BenchResult> {
  return onStage(context, async (place) => {
    const { progress, origin } = place;
    progress(`history: ${origin}`);
    const dataDir = place.makeDataDir();
    const replays = new Map<number, Measured[]>(MONTHS.map((months) => [months, []]));
    const contenders: Contender[] = MONTHS.map((months) => ({
      key: `${months} months`,
      round: async () => {
        const measured = await measureReplay(place, { dataDir, months });
        replays.get(months)?.push(measured);
        return measured.windowsPerSecond;
      },
    }));
    contenders.push({ key: BARE, round: () => commitBare(place, dataDir, lastOf(replays)) });
    const rates = await takeTurns(contenders, { rounds, progress });
    return describe(rates, replays, origin);
  });
}

/** The pace of the windows themselves is taken from the first and the last word about them. */
async function measureReplay(
  place: Stage,
  { dataDir, months }: { dataDir: string; months: number },
): Promise<Measured> {
  const seen: { done: number; at: number }[] = [];
  const answer = await replayIn(place, {
    dataDir,
    to: monthsAfter(place.from, months),
    onSaid: (text) => {
      for (const [, done] of text.matchAll(/replaying windows: (\d+) of/g)) {
        seen.push({ done: Number(done), at: place.stopwatch() });
      }
    },
  });
  const [first, last] = [seen[0], seen.at(-1)];
  if (first === undefined || last === undefined) throw new Error('the replay said nothing about its windows');
  const windowsPerSecond = ((last.done - first.done) * SECOND_MS) / (last.at - first.at);
  return { ...answer, windowsPerSecond };
}

/**
 * The floor under any replay that keeps its rows in Postgres: the server copies the finished year's rows into empty
 * tables of the same shape, a transaction a week. Nothing is computed and nothing crosses to another process.
 * @returns windows a second
 */
async function commitBare(place: Stage, dataDir: string, year: Measured): Promise<number> {
  const { from, stopwatch } = place;
  const postgres = await openPostgres({ databaseUrl: '', dataDir, log: silentLog });
  const workspace = await findWorkspace(postgres, { name: year.workspace, dataDir });
  if (workspace === null) throw new Error(`workspace ${year.workspace} is gone`);
  const { pool } = workspace;
  try {
    for (const table of TABLES) await pool.query(`CREATE TABLE bare_${table} (LIKE ${table} INCLUDING ALL)`);
    const to = monthsAfter(from, YEAR);
    const startedAt = stopwatch();
    for (let after = from; after < to; after += WEEK_MS) {
      const week = [new Date(after), new Date(Math.min(to, after + WEEK_MS))];
      await inTransaction(
        pool,
        async (client) => {
          for (const table of TABLES) {
            await client.query(
              `INSERT INTO bare_${table} SELECT * FROM ${table} WHERE window_end > $1 AND window_end <= $2`,
              week,
            );
          }
        },
        { durable: false },
      );
    }
    return (year.windows * SECOND_MS) / (stopwatch() - startedAt);
  } finally {
    for (const table of TABLES) await pool.query(`DROP TABLE IF EXISTS bare_${table}`);
    await workspace.close();
    await postgres.close();
  }
}

function lastOf(replays: ReadonlyMap<number, Measured[]>): Measured {
  const last = replays.get(YEAR)?.at(-1);
  if (last === undefined) throw new RangeError('the year is replayed before its rows are committed again');
  return last;
}

function describe(
  rates: ReadonlyMap<string, number>,
  replays: ReadonlyMap<number, Measured[]>,
  origin: string,
): BenchResult {
  const rate = (key: string) => rates.get(key) ?? NaN;
  const middle = (months: number, of: (measured: Measured) => number) =>
    median((replays.get(months) ?? []).map(of));
  const [quarter, half, year] = MONTHS.map((months) => rate(`${months} months`)) as [number, number, number];
  const wall = middle(YEAR, ({ wallSeconds }) => wallSeconds);
  const peak = Math.max(...(replays.get(YEAR) ?? []).map(({ peakRssMb }) => peakRssMb));
  return {
    figures: {
      history: origin,
      windows: lastOf(replays).windows,
      predictions: lastOf(replays).predictions,
      retrains: lastOf(replays).retrains,
      promotions: lastOf(replays).promotions,
      'windows-per-second': round(year, 0),
      'windows-per-second-6-months': round(half, 0),
      'windows-per-second-3-months': round(quarter, 0),
      'growth-3-to-6-months': round(quarter / half, 2),
      'growth-3-to-12-months': round(quarter / year, 2),
      'wall-seconds-3-months': round(
        middle(3, ({ wallSeconds }) => wallSeconds),
        1,
      ),
      'wall-seconds-6-months': round(
        middle(6, ({ wallSeconds }) => wallSeconds),
        1,
      ),
      'wall-seconds-12-months': round(wall, 1),
      'peak-rss-mb': peak,
      'postgres-mb': middle(YEAR, ({ postgresRssMb }) => postgresRssMb ?? NaN),
      [`${BARE}-windows-per-second`]: round(rate(BARE), 0),
      ...describeMachine(),
    },
    ratios: {
      [BARE]: round(year / rate(BARE), 2),
      'linear-growth': round(year / quarter, 2),
      'limit-120-seconds': round(LIMIT_SECONDS / wall, 2),
      'limit-900-mb': round(LIMIT_MB / peak, 2),
    },
    missing: [],
  };
}
