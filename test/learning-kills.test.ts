import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createRandom,
  DAY_MS,
  erasePostgres,
  findWorkspace,
  isoUtc,
  openPostgres,
  silentLog,
  type EpochMs,
  type Postgres,
  type Workspace,
} from '../src/core/index.ts';
import { makeDatabaseFolder } from './folders.ts';
import { holdTable, kill, killAtDraft, killWhereHeld } from './kill-moments.ts';
import { endPrograms, launch, resultOf, runToEnd, type RunningProgram } from './program.ts';
import { digestFiles, lookAtRegistry, type RegistryLook } from './registry-look.ts';
import { readLeftBehind, type LeftBehind } from './run-workspace.ts';
import { writeSimulatedHistory } from './simulated-history.ts';
import { BAR_MINUTES, ORIGIN } from './simulated-market.ts';

const isFull = process.env['BELLWETHER_TEST_FULL'] === '1';

/** From a Saturday to a Monday: the first training and two that the gate judges, the last after the last window. */
const DAYS = 91;
const FROM = ORIGIN + 82 * DAY_MS;
const TO = ORIGIN + DAYS * DAY_MS;
/** The gate takes far longer. */
const INTO_THE_GATE_MS = 3;
/** One that was quicker than whoever looks for its draft is followed by another. */
const ATTEMPTS = 8;
/** The tables that a retraining writes, in their order: each is another moment between its files and its end. */
const TABLES = ['model_versions', 'runs', 'gate_decisions', 'ablations', 'deployments', 'events'];
/** Four weeks of retrainings every day. */
const DAILY: Task = { from: TO - 27 * DAY_MS, env: { BELLWETHER_RETRAIN_DAYS: '1' } };
const WEEKLY: Task = { from: FROM, env: {} };
const MANY_KILLS = 12;

interface Task {
  from: EpochMs;
  env: Record<string, string>;
}

/** What a replay answers, and what it leaves in the database and on the disk. */
interface ReplayEnd {
  answer: { windows: number; predictionsHash: string; retrains: number; promotions: number };
  left: LeftBehind;
  files: Record<string, string>;
  registry: RegistryLook;
  workspace: string;
}

let folder: string;
let dataDir: string;
let postgres: Postgres;
let unbroken: ReplayEnd;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bellwether-learning-kills-'));
  dataDir = makeDatabaseFolder();
  await writeSimulatedHistory(folder, { seed: 4, bars: DAYS * 24 });
  postgres = await openPostgres({ databaseUrl: '', dataDir, log: silentLog });
  unbroken = await finishReplay();
});

afterAll(async () => {
  endPrograms();
  await postgres.close();
  await erasePostgres(dataDir);
  for (const made of [folder, dataDir]) rmSync(made, { recursive: true, force: true });
});

describe('a replay that is killed with kill -9 while it learns', () => {
  it('ends as an unbroken one after a kill between registry and ledger (BELLWETHER_TEST_FULL=1: and at every table)', async () => {
    const begun = startReplay(WEEKLY, '--fresh');
    await begun.hasSaid(/folding the history/);
    const workspace = await openNamed(unbroken.workspace);
    try {
      // A week further on, where the gate judges what is new by what is live.
      const later = isFull ? await killAtEveryTable(begun, workspace) : begun;
      await later.hasSaid(/replaying windows/);
      later.send('SIGSTOP');
      const held = await holdTable(workspace, { table: 'deployments', against: 'writers' });
      later.send('SIGCONT');
      await killWhereHeld(later, held, { statement: /^insert into deployments/ });
      expect(await lookAtRegistry(workspace, dataDir)).toEqual({
        recorded: ['logistic/1.0.0', 'logistic/1.0.1', 'trees/1.0.0', 'trees/1.0.1'],
        unrecorded: { 'logistic/1.0.2': 'version', 'trees/1.0.2': 'version' },
      });
    } finally {
      await workspace.close();
    }
    expect(await finishReplay()).toEqual(unbroken);
    expect(unbroken.answer).toMatchObject({ windows: 216, retrains: 6 });
    expect(unbroken.answer.promotions).toBeGreaterThan(0);
    expect(unbroken.registry.unrecorded).toEqual({});
  }, 180_000);

  it.runIf(isFull)(
    `does so after ${MANY_KILLS} kills at random moments of daily retrainings, Postgres among the dead`,
    async () => {
      const begunAt = performance.now();
      const daily = await finishReplay(DAILY, '--fresh');
      const wallMs = performance.now() - begunAt;
      const random = createRandom(7);
      let isOver = true;
      for (let count = 0; count < MANY_KILLS;) {
        const program = startReplay(DAILY, ...(isOver ? ['--fresh'] : []));
        if (isOver) await program.hasSaid(/folding the history/);
        await pause(random.integer(Math.ceil(wallMs)));
        const withPostgres = random.integer(3) === 0;
        if (withPostgres) await killPostgres();
        program.send('SIGKILL');
        isOver = (await program.ended).signal !== 'SIGKILL';
        if (withPostgres) postgres = await openPostgres({ databaseUrl: '', dataDir, log: silentLog });
        if (!isOver) count += 1;
        const workspace = await openNamed(daily.workspace);
        const { recorded, unrecorded } = await lookAtRegistry(workspace, dataDir).finally(() =>
          workspace.close(),
        );
        const what = isOver ? 'over before' : withPostgres ? 'killed, Postgres too' : 'killed';
        tell(`${what}: ${recorded.length} recorded, unrecorded ${JSON.stringify(unrecorded)}`);
      }
      expect(await finishReplay(DAILY)).toEqual(daily);
      expect(daily.answer.retrains).toBe(56);
    },
    600_000,
  );
});

describe('a training by hand that is killed with kill -9 (BELLWETHER_TEST_FULL=1)', () => {
  it.runIf(isFull)(
    'leaves nothing live and no number taken; done again, it makes the same bytes',
    async () => {
      const words = retrainWords(unbroken);
      const workspace = await openNamed((await finishReplay()).workspace);
      try {
        const before = await lookAtRegistry(workspace, dataDir);
        expect(before).toEqual(unbroken.registry);

        const held = await holdTable(workspace, { table: 'runs', against: 'writers' });
        await killWhereHeld(launch(words, { dataDir }), held, { statement: /^insert into runs/ });
        const unrecorded = { 'trees/1.0.3': 'version' };
        expect(await lookAtRegistry(workspace, dataDir)).toEqual({ ...before, unrecorded });
        const written = digestFiles(workspace.registryDir);

        // Another one dies at its fits, and leaves everything as it was.
        const early = launch(words, { dataDir });
        expect(await early.hasSaid(/Training trees/)).toBe(true);
        await kill(early);
        expect(await lookAtRegistry(workspace, dataDir)).toEqual({ ...before, unrecorded });

        const answer = resultOf<object>(await runToEnd(words, { dataDir }));
        expect(answer).toMatchObject({ family: 'trees', version: '1.0.3', status: 'candidate' });
        const recorded = [...before.recorded, 'trees/1.0.3'];
        expect(await lookAtRegistry(workspace, dataDir)).toEqual({ recorded, unrecorded: {} });
        expect(digestFiles(workspace.registryDir)).toEqual(written);
        const { deployments, runs } = await readLeftBehind(workspace);
        expect(deployments).toEqual(unbroken.left.deployments);
        expect(runs).toHaveLength(unbroken.left.runs.length + 1);
      } finally {
        await workspace.close();
      }
    },
    120_000,
  );

  it.runIf(isFull)(
    'may leave a half-written draft, which the next one clears away',
    async () => {
      const daily = await finishReplay(DAILY);
      const workspace = await openNamed(daily.workspace);
      try {
        // A real disk takes its time.
        const onDisk = join(folder, 'registry');
        cpSync(workspace.registryDir, onDisk, { recursive: true });
        rmSync(workspace.registryDir, { recursive: true });
        symlinkSync(onDisk, workspace.registryDir);
        const before = await killWithDraft(workspace);
        expect(resultOf<object>(await runToEnd(retrainWords(daily), { dataDir }))).toMatchObject({
          family: 'trees',
        });
        const after = await lookAtRegistry(workspace, dataDir);
        expect(after.unrecorded).toEqual({});
        expect(after.recorded).toHaveLength(before.recorded.length + 1);
      } finally {
        await workspace.close();
      }
    },
    300_000,
  );
});

/** Kills the first training at each moment of its end. @returns the replay that goes on */
async function killAtEveryTable(first: RunningProgram, workspace: Workspace): Promise<RunningProgram> {
  // Fitted, and asking for a number: next is the gate.
  const unnumbered = await holdTable(workspace, { table: 'model_versions', against: 'everybody' });
  const thenMs = INTO_THE_GATE_MS;
  await killWhereHeld(first, unnumbered, { statement: /^select[^]* from model_versions/, thenMs });
  expect(await lookAtRegistry(workspace, dataDir)).toEqual({ recorded: [], unrecorded: {} });
  for (const table of TABLES) {
    const held = await holdTable(workspace, { table, against: 'writers' });
    await killWhereHeld(startReplay(), held, { statement: new RegExp(`^insert into ${table}`, 'i') });
    expect(await lookAtRegistry(workspace, dataDir)).toEqual({
      recorded: [],
      unrecorded: { 'logistic/1.0.0': 'version', 'trees/1.0.0': 'version' },
    });
  }
  return startReplay();
}

/** @returns what was there when a training was caught with its draft */
async function killWithDraft(workspace: Workspace): Promise<RegistryLook> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const before = await lookAtRegistry(workspace, dataDir);
    const wasCaught = await killAtDraft(
      launch(retrainWords({ workspace: workspace.name }), { dataDir }),
      join(workspace.registryDir, 'trees'),
    );
    tell(wasCaught ? 'caught with a draft' : 'over before');
    if (!wasCaught) continue;
    const { recorded, unrecorded } = await lookAtRegistry(workspace, dataDir);
    expect(recorded).toEqual(before.recorded);
    expect(Object.values(unrecorded)).toContain('draft');
    return before;
  }
  throw new Error(`none of ${ATTEMPTS} trainings was caught with a draft`);
}

function retrainWords({ workspace }: Pick<ReplayEnd, 'workspace'>): string[] {
  return ['retrain', '--family', 'trees', '--workspace', workspace, '--json'];
}

function startReplay({ from, env }: Task = WEEKLY, ...more: string[]): RunningProgram {
  return launch([...replayWords(from), ...more], { dataDir, env });
}

function replayWords(from: EpochMs): string[] {
  const range = ['--from', isoUtc(from), '--to', isoUtc(TO), '--bar', String(BAR_MINUTES)];
  return ['replay', '--history', folder, ...range, '--json'];
}

/** Runs the replay to its end, and takes down what it left behind. */
async function finishReplay({ from, env }: Task = WEEKLY, ...more: string[]): Promise<ReplayEnd> {
  const answer = resultOf<ReplayEnd['answer'] & { workspace: string }>(
    await runToEnd([...replayWords(from), ...more], { dataDir, env }),
  );
  const { windows, predictionsHash, retrains, promotions, workspace: name } = answer;
  const workspace = await openNamed(name);
  try {
    return {
      answer: { windows, predictionsHash, retrains, promotions },
      left: await readLeftBehind(workspace),
      files: digestFiles(workspace.registryDir),
      registry: await lookAtRegistry(workspace, dataDir),
      workspace: name,
    };
  } finally {
    await workspace.close();
  }
}

async function openNamed(name: string): Promise<Workspace> {
  const workspace = await findWorkspace(postgres, { name, dataDir });
  if (workspace === null) throw new Error(`there is no workspace ${name}`);
  return workspace;
}

/** kill -9 for the server; this process lets go of it first. */
async function killPostgres(): Promise<void> {
  await postgres.close();
  const { pid } = JSON.parse(readFileSync(join(dataDir, 'postgres.lock'), 'utf8')) as { pid: number | null };
  if (pid !== null) process.kill(pid, 'SIGKILL');
}

/** The full test takes minutes: a line tells how far it is. */
function tell(line: string): void {
  if (isFull) process.stderr.write(`${line}\n`);
}
