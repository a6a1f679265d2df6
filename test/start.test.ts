import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { erasePostgres, isoUtc, HOUR_MS } from '../src/core/index.ts';
import { isAlive } from '../src/core/processes.ts';
import { makeDatabaseFolder } from './folders.ts';
import { endPrograms, launch, resultOf, runToEnd, type RunningProgram } from './program.ts';
import { writeSimulatedHistory } from './simulated-history.ts';
import { ORIGIN } from './simulated-market.ts';

const BARS = 38 * 24;
const LAST_WINDOW = isoUtc(ORIGIN + BARS * HOUR_MS);

let folder = '';
let history: string[] = [];
let dataDir = '';

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bellwether-start-'));
  dataDir = makeDatabaseFolder();
  await writeSimulatedHistory(folder, { seed: 6, bars: BARS });
  history = ['--history', folder, '--port', '0'];
});

afterAll(async () => {
  endPrograms();
  await erasePostgres(dataDir);
  for (const made of [folder, dataDir]) rmSync(made, { recursive: true, force: true });
});

describe('start on a history', () => {
  it('answers with a probability while status and doctor look on and a second start is refused', async () => {
    const program = launch(history, { dataDir, entry: 'server.ts' });
    const url = await readyUrl(program);
    expect(program.said()).toContain('importing');
    expect(await get(`${url}/signal?horizon_minutes=60`)).toMatchObject({
      window_end: LAST_WINDOW,
      arm: 'trees+vader',
      probability_up: expect.any(Number),
    });
    expect(await get(`${url}/health`)).toMatchObject({ status: 'ok', simulated: false, windows: 28 * 24 });

    const [status, doctor, second] = await Promise.all([
      runToEnd(['status', '--json'], { dataDir }),
      runToEnd(['doctor', '--json'], { dataDir }),
      runToEnd(history, { dataDir, entry: 'server.ts' }),
    ]);
    expect(resultOf<object>(status)).toMatchObject({ running: { pid: program.pid, mode: 'history' } });
    expect(doctor).toMatchObject({ code: 0 });
    expect(second).toMatchObject({ code: 1, stderr: expect.stringContaining('START_ALREADY_RUNNING') });
    expect(second.stderr).toContain(`process ${program.pid}`);

    // Whoever looked on has left; the database goes with the last one out.
    await endInOrder(program, 'SIGINT');
  }, 60_000);

  it('finds its windows when it is started again, imports nothing and answers at once', async () => {
    const program = launch(history, { dataDir, entry: 'server.ts' });
    const url = await readyUrl(program);
    expect(program.said()).not.toMatch(/importing|replaying windows|folding/);
    expect(await get(`${url}/signal?horizon_minutes=1440`)).toMatchObject({
      window_end: LAST_WINDOW,
      probability_up: expect.any(Number),
    });
    await endInOrder(program, 'SIGTERM');
  }, 60_000);
});

describe('a command that is interrupted', () => {
  it('says so, stops the database that it started and dies of the signal', async () => {
    const words = ['replay', '--history', folder, '--from', '2022-01-20', '--to', '2022-02-07', '--json'];
    const program = launch(words, { dataDir });
    expect(await program.hasSaid(/importing/)).toBe(true);
    const server = lockedPostgres();
    program.send('SIGINT');
    const { signal, stdout, stderr } = await program.ended;
    expect({ signal, stdout, stderr }).toMatchObject({ signal: 'SIGINT', stdout: '' });
    expect(stderr).toMatch(/Stopped; what was committed is kept, .*\n$/);
    expectStopped(server);
  }, 60_000);
});

describe('start on the simulated market', () => {
  it('says on terminal and in health that it is simulated, and plays at the pace that is asked for', async () => {
    const program = launch(['--simulate', '--bar', '60', '--speed', '50', '--port', '0'], {
      dataDir,
      entry: 'server.ts',
    });
    const url = await readyUrl(program);
    expect(program.said()).toContain('SIMULATED');
    const before = await get(`${url}/health`);
    expect(before).toMatchObject({ simulated: true, clock: { kind: 'virtual', state: 'playing' } });
    const seen = before['last_window'];
    let now = before;
    while (now['last_window'] === seen) {
      await pause(30);
      now = await get(`${url}/health`);
    }
    expect(Date.parse(String(now['last_window']))).toBeGreaterThan(Date.parse(String(seen)));
    expect(await get(`${url}/signal`)).toMatchObject({ probability_up: expect.any(Number) });
    await endInOrder(program, 'SIGINT');
  }, 60_000);
});

async function readyUrl(program: RunningProgram): Promise<string> {
  const isReady = await program.hasSaid(/^Ready: .*$/m);
  const url = /page and API at (http:\S+?),/.exec(program.said())?.[1];
  if (!isReady || url === undefined) throw new Error(`it is not ready: ${program.said()}`);
  return url;
}

async function get(url: string): Promise<Record<string, unknown>> {
  const answer = await fetch(url);
  expect(answer.status, url).toBe(200);
  return (await answer.json()) as Record<string, unknown>;
}

/** Exit code 0, the lock gone, the database stopped. */
async function endInOrder(program: RunningProgram, signal: NodeJS.Signals): Promise<void> {
  const server = lockedPostgres();
  program.send(signal);
  expect(await program.ended).toMatchObject({ code: 0, signal: null });
  expect(existsSync(join(dataDir, 'start.lock'))).toBe(false);
  expectStopped(server);
}

function expectStopped(server: number | null): void {
  expect(server).not.toBeNull();
  expect(lockedPostgres()).toBeNull();
  expect(isAlive(server ?? NaN)).toBe(false);
}

/** The process id of the built-in server; null when it was stopped in order. */
function lockedPostgres(): number | null {
  return (JSON.parse(readFileSync(join(dataDir, 'postgres.lock'), 'utf8')) as { pid: number | null }).pid;
}
