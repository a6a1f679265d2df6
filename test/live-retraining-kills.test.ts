import { rmSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createRandom,
  erasePostgres,
  findWorkspace,
  HOUR_MS,
  isoUtc,
  latestWindow,
  listWorkspaces,
  MINUTE_MS,
  missingWindows,
  openPostgres,
  SECOND_MS,
  silentLog,
  type EpochMs,
  type Postgres,
  type Workspace,
} from '../src/core/index.ts';
import { WINDOW_JOB } from '../src/window-run.ts';
import { makeDatabaseFolder } from './folders.ts';
import { holdTable, kill, killWhereHeld } from './kill-moments.ts';
import { endPrograms, launch, type RunningProgram } from './program.ts';
import { lookAtRegistry } from './registry-look.ts';

const isFull = process.env['BELLWETHER_TEST_FULL'] === '1';
const ASSET = 'BTC-USD';
const BAR_MINUTES = 60;

/**
 * The last hour of a Sunday. The simulated market begins 60 days before and is learnt from after 30; a retraining is due
 * at the window of Monday 00:00, and whatever it makes is promoted, since so young a market has nothing to judge by: its
 * models are provisional.
 */
const DAY = Date.UTC(2026, 2, 1, 23);
const DUE = DAY + HOUR_MS;
const GRACE_MS = MINUTE_MS;
/** More than a start takes until it is ready. */
const LEAD_MS = 15 * SECOND_MS;
const RANDOM_KILLS = 6;
const LATER_MS = 250;
const LOOK_EVERY_MS = 50;

let dataDir: string;
let postgres: Postgres;

beforeAll(async () => {
  dataDir = makeDatabaseFolder();
  postgres = await openPostgres({ databaseUrl: '', dataDir, log: silentLog });
});

afterAll(async () => {
  endPrograms();
  await postgres.close();
  await erasePostgres(dataDir);
  rmSync(dataDir, { recursive: true, force: true });
});

describe.runIf(isFull)('a start in real time that is killed with kill -9 while it retrains', () => {
  it('retrains when it is started again, once, while windows go on', async () => {
    const prepared = await begin(DAY + HOUR_MS / 2);
    prepared.program.send('SIGINT');
    expect(await prepared.program.ended).toMatchObject({ code: 0 });
    const workspace = await openSimulated();
    try {
      const before = await lookAtRegistry(workspace, dataDir);
      expect(before.unrecorded).toEqual({});
      const next = { 'logistic/1.0.5': 'version', 'trees/1.0.5': 'version' };
      expect(before.recorded.slice(-1)).toEqual(['trees/1.0.4']);

      // The window decides that it is due; the queue makes it, up to the ledger.
      const held = await holdTable(workspace, { table: 'deployments', against: 'writers' });
      const first = await begin(DUE + GRACE_MS - LEAD_MS);
      expect(await lastWindow(workspace)).toBe(DUE - HOUR_MS);
      await killWhereHeld(first.program, held, { statement: /^insert into deployments/ });
      expect(await lastWindow(workspace)).toBe(DUE);
      expect(await lookAtRegistry(workspace, dataDir)).toEqual({ ...before, unrecorded: next });

      // Due from the beginning now. While it is being written down a window waits: both commit behind the same fence.
      const runs = await holdTable(workspace, { table: 'runs', against: 'writers' });
      const second = await begin(DUE + HOUR_MS + GRACE_MS - LEAD_MS);
      await killWhereHeld(second.program, runs, { statement: /^insert into runs/ });
      expect(await lookAtRegistry(workspace, dataDir)).toEqual({ ...before, unrecorded: next });

      const random = createRandom(5);
      for (let count = 0; count < RANDOM_KILLS; count += 1) {
        const one = await begin(DUE + HOUR_MS + 10 * MINUTE_MS);
        // A little later each time, since one that was made is not due again.
        await pause(LATER_MS * count + random.integer(LATER_MS));
        await kill(one.program);
        const { recorded } = await lookAtRegistry(workspace, dataDir);
        tell(`killed at random ${recorded.length === before.recorded.length ? 'before' : 'after'} its end`);
      }

      const last = await begin(DUE + 2 * HOUR_MS + GRACE_MS - LEAD_MS);
      await until(async () => (await lastWindow(workspace)) === DUE + 2 * HOUR_MS);
      const answer = await fetch(`${last.url}/signal?horizon_minutes=60`);
      expect(await answer.json()).toMatchObject({ window_end: isoUtc(DUE + 2 * HOUR_MS), degraded: false });
      expect(await lookAtRegistry(workspace, dataDir)).toEqual({
        recorded: [...before.recorded, ...Object.keys(next)].sort(),
        unrecorded: {},
      });
      expect(await whatBecame(workspace)).toEqual({
        runs: ['logistic@1.0.5 schedule done', 'trees@1.0.5 schedule done'],
        entries: ['retraining of 8 models'],
        answering: ['logistic@1.0.5', 'trees@1.0.5'],
        predictionsPerWindow: [18, 18, 18],
        missing: [],
      });
      last.program.send('SIGINT');
      expect(await last.program.ended).toMatchObject({ code: 0 });
    } finally {
      await workspace.close();
    }
  }, 400_000);
});

/** Starts it with a clock that stands at a moment when it begins, and waits until it is ready. */
async function begin(now: EpochMs): Promise<{ program: RunningProgram; url: string }> {
  const program = launch(['--simulate', '--bar', String(BAR_MINUTES), '--port', '0'], {
    dataDir,
    entry: 'server.ts',
    env: { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(clockAt(now))}` },
  });
  const isReady = await program.hasSaid(/^Ready: .*$/m);
  const url = /page and API at (http:\S+?),/.exec(program.said())?.[1];
  if (!isReady || url === undefined) throw new Error(`it is not ready: ${program.said()}`);
  return { program, url };
}

/** A machine whose clock goes on from another moment. */
function clockAt(now: EpochMs): string {
  return `const Real = Date;
    const shift = ${now} - Real.now();
    globalThis.Date = class extends Real {
      constructor(...parts) { super(...(parts.length === 0 ? [Real.now() + shift] : parts)); }
      static now() { return Real.now() + shift; }
    };`;
}

async function openSimulated(): Promise<Workspace> {
  const names = await listWorkspaces(postgres);
  const workspace = await findWorkspace(postgres, { name: names[0] ?? '', dataDir });
  if (workspace === null) throw new Error('there is no workspace');
  return workspace;
}

/** What the retraining that was due has made of the database. */
async function whatBecame({ pool }: Workspace) {
  const linesOf = async (statement: string) =>
    (await pool.query<{ line: string }>(statement, [isoUtc(DUE)])).rows.map(({ line }) => line);
  return {
    runs: await linesOf(
      `SELECT family || '@' || version || ' ' || trigger || ' ' || status AS line FROM runs WHERE at > $1 ORDER BY 1`,
    ),
    entries: await linesOf(
      `SELECT kind || ' of ' || jsonb_array_length(changes) || ' models' AS line FROM deployments WHERE at > $1`,
    ),
    answering: await linesOf(
      `SELECT DISTINCT model_version AS line FROM predictions
       WHERE arm LIKE '%+%' AND window_end = $1::timestamptz + interval '2 hours' ORDER BY 1`,
    ),
    predictionsPerWindow: (
      await linesOf(
        `SELECT count(*)::text AS line FROM predictions WHERE window_end >= $1 GROUP BY window_end ORDER BY window_end`,
      )
    ).map(Number),
    missing: await missingWindows(pool, {
      job: WINDOW_JOB,
      asset: ASSET,
      after: DUE - 24 * HOUR_MS,
      upTo: DUE + 2 * HOUR_MS,
      barMinutes: BAR_MINUTES,
    }),
  };
}

function lastWindow({ pool }: Workspace): Promise<EpochMs | null> {
  return latestWindow(pool, { job: WINDOW_JOB, asset: ASSET });
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await pause(LOOK_EVERY_MS);
}

/** The full test takes minutes: a line tells how far it is. */
function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}
