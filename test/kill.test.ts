import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  createRandom,
  DAY_MS,
  erasePostgres,
  findWorkspace,
  isoUtc,
  MINUTE_MS,
  missingWindows,
  openPostgres,
  silentLog,
  type EpochMs,
  type Postgres,
  type Workspace,
} from '../src/core/index.ts';
import { verifyBronze } from '../src/lake/index.ts';
import { WINDOW_JOB } from '../src/window-run.ts';
import { makeDatabaseFolder } from './folders.ts';
import { endPrograms, launch, resultOf, runToEnd } from './program.ts';
import { writeSimulatedHistory } from './simulated-history.ts';
import { ASSET, BAR_MINUTES, ORIGIN } from './simulated-market.ts';

const isFull = process.env['BELLWETHER_TEST_FULL'] === '1';
const REAL_HISTORY = resolve(import.meta.dirname, '../../shared/data/history');

/** When a replay dies: up to so many milliseconds after it has reached a phase. */
interface Kill {
  phase: Phase;
  withinMs: number;
  withPostgres: boolean;
}

/** What a replay says when it begins a phase, in their order. */
const PHASES = {
  'making the database': 'making the database',
  importing: 'importing:',
  'warming up': 'folding the history',
  replaying: 'replaying windows',
} as const;
type Phase = keyof typeof PHASES;

/** Soon after the lines, so that a quick machine is still at it. */
const SHORT_KILLS: readonly Kill[] = [
  { phase: 'importing', withinMs: 120, withPostgres: true },
  ...(isFull ? [{ phase: 'warming up', withinMs: 60, withPostgres: false } as const] : []),
  { phase: 'replaying', withinMs: 60, withPostgres: true },
];
const TEN_KILLS: readonly Kill[] = [
  { phase: 'making the database', withinMs: 1_500, withPostgres: false },
  { phase: 'importing', withinMs: 1_000, withPostgres: true },
  { phase: 'importing', withinMs: 5_000, withPostgres: false },
  { phase: 'importing', withinMs: 8_000, withPostgres: true },
  { phase: 'warming up', withinMs: 1_000, withPostgres: false },
  { phase: 'warming up', withinMs: 1_500, withPostgres: true },
  { phase: 'replaying', withinMs: 500, withPostgres: false },
  { phase: 'replaying', withinMs: 800, withPostgres: true },
  { phase: 'replaying', withinMs: 800, withPostgres: false },
  { phase: 'replaying', withinMs: 800, withPostgres: true },
];
/** A replay that was over before its kill is begun afresh, with half the time to live. */
const ATTEMPTS = 5;

interface Task {
  history: string;
  from: EpochMs;
  to: EpochMs;
}

interface ReplayAnswer {
  windows: number;
  predictions: number;
  predictionsHash: string;
  accuracy: object[];
  wallSeconds: number;
  workspace: string;
}

let folder = '';
let dataDir = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bellwether-kill-'));
  dataDir = makeDatabaseFolder();
});

afterEach(async () => {
  endPrograms();
  await erasePostgres(dataDir);
  for (const made of [folder, dataDir]) rmSync(made, { recursive: true, force: true });
});

describe('a replay that is killed with kill -9 and started again', () => {
  it('ends as an unbroken one: same predictions, no window lost or doubled (two kills; BELLWETHER_TEST_FULL=1: while warming up too)', async () => {
    const history = join(folder, 'history');
    await writeSimulatedHistory(history, { seed: 4, bars: 34 * 24 });
    const task = { history, from: ORIGIN + 24 * DAY_MS, to: ORIGIN + 34 * DAY_MS };
    await expectSameEnd(task, { kills: SHORT_KILLS, seed: 1 });
  }, 120_000);

  it.runIf(isFull && existsSync(REAL_HISTORY))(
    'does so after ten kills over three months of real history',
    async () => {
      const task = { history: REAL_HISTORY, from: Date.UTC(2021, 10, 5), to: Date.UTC(2022, 1, 5) };
      await expectSameEnd(task, { kills: TEN_KILLS, seed: 2 });
    },
    900_000,
  );
});

async function expectSameEnd(task: Task, plan: { kills: readonly Kill[]; seed: number }): Promise<void> {
  await killAgainAndAgain(task, plan);
  const postgres = await openPostgres({ databaseUrl: '', dataDir, log: silentLog });
  try {
    const broken = await finish(postgres, task);
    const unbroken = await finish(postgres, task, '--fresh');
    expect(unbroken.result.windows).toBe((task.to - task.from) / (BAR_MINUTES * MINUTE_MS));
    expect(unbroken.content['window_ledger']?.rows).toBeGreaterThan(unbroken.result.windows);
    expect(unbroken).toMatchObject({ missing: [], bronze: { isSound: true, problems: [], recovered: [] } });
    expect(broken).toEqual(unbroken);
  } finally {
    await postgres.close();
  }
}

async function killAgainAndAgain(
  task: Task,
  { kills, seed }: { kills: readonly Kill[]; seed: number },
): Promise<void> {
  const random = createRandom(seed);
  for (const { phase, withinMs, withPostgres } of kills) {
    for (let attempt = 0; ; attempt += 1) {
      expect(attempt, `attempts to kill it while ${phase}`).toBeLessThan(ATTEMPTS);
      const program = launch([...wordsOf(task), ...(attempt === 0 ? [] : ['--fresh'])], { dataDir });
      await program.hasSaid(beginsOrIsPast(phase));
      const delayMs = random.integer(Math.ceil(withinMs / 2 ** attempt));
      await pause(delayMs);
      if (withPostgres) killPostgres();
      program.send('SIGKILL');
      const { signal, stderr } = await program.ended;
      const last = stderr.trimEnd().split('\n').at(-1)?.trim();
      const what = signal === 'SIGKILL' ? 'killed' : 'over before it was killed';
      tell(`${what}${withPostgres ? ', Postgres too' : ''}, ${phase} + ${delayMs} ms; last words: ${last}`);
      if (signal === 'SIGKILL') break;
    }
  }
}

/** One that was killed late does not go back to an earlier phase. */
function beginsOrIsPast(phase: Phase): RegExp {
  const names = Object.keys(PHASES) as Phase[];
  return new RegExp(
    names
      .slice(names.indexOf(phase))
      .map((name) => PHASES[name])
      .join('|'),
  );
}

/** Runs the replay to its end, and takes down what it left behind. */
async function finish(postgres: Postgres, task: Task, ...more: string[]) {
  const answer = resultOf<ReplayAnswer>(await runToEnd([...wordsOf(task), ...more], { dataDir }));
  const { windows, predictions, predictionsHash, accuracy, wallSeconds, workspace } = answer;
  tell(`${more.join(' ') || 'resumed'}: ${windows} windows, ${predictionsHash}, ${wallSeconds} s`);
  const left = await findWorkspace(postgres, { name: workspace, dataDir });
  if (left === null) throw new Error(`workspace ${workspace} is gone`);
  try {
    const range = { after: task.from, upTo: task.to, barMinutes: BAR_MINUTES };
    const { isSound, problems, recovered } = await verifyBronze(left.bronzeDir);
    return {
      result: { windows, predictions, predictionsHash, accuracy },
      content: await digest(left.pool),
      missing: await missingWindows(left.pool, { job: WINDOW_JOB, asset: ASSET, ...range }),
      bronze: { isSound, problems, recovered },
    };
  } finally {
    await left.close();
  }
}

/** What must not depend on where a replay was broken off; the moments of writing do. */
const CONTENT: Readonly<Record<string, string>> = {
  window_ledger: 'asset, window_end, state',
  feature_rows: '*',
  feature_state: '*',
  predictions: '*',
  outcomes: '*',
  scores: 'text_id, scorer, sentiment',
  events: 'at, kind, facts',
  candles: 'id, event_time, known_at',
  articles: 'id, event_time, known_at',
  posts: 'id, event_time, known_at',
  indices: 'id, event_time, known_at',
  quarantine: 'id, reason',
  model_versions: '*',
  runs: 'asset, family, version, at, trigger, status, parameters, metrics, data_hash',
  gate_decisions: 'asset, at, arm, horizon_minutes, kind, candidate, incumbent, n, gain, low, high, verdict',
  ablations:
    'asset, at, model_version, arm, scorer, horizon_minutes, window_from, window_to, n, seed, variants',
  deployments: 'asset, at, kind, actor, changes, state',
};

async function digest(pool: Workspace['pool']): Promise<Record<string, { rows: number; hash: string }>> {
  const digests: Record<string, { rows: number; hash: string }> = {};
  for (const [table, columns] of Object.entries(CONTENT)) {
    const { rows } = await pool.query<{ rows: number; hash: string }>(
      `SELECT count(*)::int AS rows, md5(string_agg(line, '|' ORDER BY line)) AS hash
       FROM (SELECT row::text AS line FROM (SELECT ${columns} FROM ${table}) AS row) AS lines`,
    );
    if (rows[0] !== undefined) digests[table] = rows[0];
  }
  return digests;
}

/** kill -9 for the server, where one runs. */
function killPostgres(): void {
  const { pid } = JSON.parse(readFileSync(join(dataDir, 'postgres.lock'), 'utf8')) as { pid: number | null };
  if (pid !== null) process.kill(pid, 'SIGKILL');
}

function wordsOf({ history, from, to }: Task): string[] {
  const range = ['--from', isoUtc(from), '--to', isoUtc(to), '--bar', String(BAR_MINUTES)];
  return ['replay', '--history', history, ...range, '--seed', '1', '--json'];
}

/** The full test takes minutes: a line tells how far it is. */
function tell(line: string): void {
  if (isFull) process.stderr.write(`${line}\n`);
}
