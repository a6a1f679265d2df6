import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { DAY_MS, erasePostgres, isoUtc, type EpochMs } from '../src/core/index.ts';
import { z } from 'zod';
import { endPrograms, launch, resultOf, type RunningProgram } from '../test/program.ts';
import { writeSimulatedHistory } from '../test/simulated-history.ts';
import { ORIGIN } from '../test/simulated-market.ts';
import { sharedData, type BenchContext } from './bench.ts';

/** A year that follows on two years of history, as in the issue; hourly bars. */
const REAL_FROM = Date.UTC(2021, 10, 5);
const SIMULATED_WARM_UP_DAYS = 30;
const YEAR_DAYS = 365;
const MIB = 2 ** 20;

/** Where a benchmark of the whole program works. */
export interface Stage extends BenchContext {
  /** A history folder with a year of hourly bars after `from`. */
  history: string;
  /** Says which history it is, for the figures. */
  origin: string;
  from: EpochMs;
  /** A new, empty data folder on the disk; goes with the stage. */
  makeDataDir(): string;
}

/** What `replay --json` says of itself. */
export interface ReplayAnswer {
  windows: number;
  predictions: number;
  /** Of all families, the first ones included. */
  retrains: number;
  /** By the gate, over all arms and horizons. */
  promotions: number;
  wallSeconds: number;
  peakRssMb: number;
  postgresRssMb: number | null;
  workspace: string;
}

/** Gives the work a history and data folders, and stops and deletes all that it left behind. */
export async function onStage<Result>(
  context: BenchContext,
  work: (place: Stage) => Promise<Result>,
): Promise<Result> {
  const folders: string[] = [];
  const makeFolder = (): string => {
    const folder = mkdtempSync(join(tmpdir(), 'bellwether-bench-'));
    // As root the database runs as another user, who has to get in.
    chmodSync(folder, 0o755);
    folders.push(folder);
    return folder;
  };
  try {
    return await work({ ...context, ...(await findHistory(context, makeFolder)), makeDataDir: makeFolder });
  } finally {
    endPrograms();
    for (const folder of folders) {
      await erasePostgres(folder);
      rmSync(folder, { recursive: true, force: true });
    }
  }
}

async function findHistory(
  { root, progress }: BenchContext,
  makeFolder: () => string,
): Promise<Pick<Stage, 'history' | 'origin' | 'from'>> {
  const history = sharedData(root, 'history');
  if (existsSync(history)) return { history, origin: 'real, ../shared/data/history', from: REAL_FROM };
  progress('no ../shared/data/history: a year is simulated');
  const folder = makeFolder();
  await writeSimulatedHistory(folder, { seed: 1, bars: (SIMULATED_WARM_UP_DAYS + YEAR_DAYS) * 24 });
  return { history: folder, origin: 'simulated, seed 1', from: ORIGIN + SIMULATED_WARM_UP_DAYS * DAY_MS };
}

/** Replays up to a moment in a process of its own. `onSaid` is told each chunk of progress as it comes. */
export async function replayIn(
  { history, from }: Stage,
  options: { dataDir: string; to: EpochMs; onSaid?: (text: string) => void },
): Promise<ReplayAnswer> {
  const { dataDir, to, onSaid } = options;
  const range = ['--from', isoUtc(from), '--to', isoUtc(to), '--bar', '60', '--seed', '1'];
  const words = ['replay', '--history', history, ...range, '--fresh', '--json'];
  return resultOf<ReplayAnswer>(await launch(words, { dataDir, onSaid }).ended);
}

/** Where a `start` listens, as soon as it does. */
export async function urlOf(program: RunningProgram): Promise<string> {
  await program.hasSaid(/page and API at .*,/);
  const url = /page and API at (http:\S+?),/.exec(program.said())?.[1];
  if (url === undefined) throw new Error(`it does not listen: ${program.said()}`);
  return url;
}

/** Stops a `start` as Ctrl-C does, also where npm stands before it, and waits until its data folder is free. */
export async function stopStart(program: RunningProgram, dataDir: string): Promise<void> {
  process.kill(readLock(dataDir, 'start.lock', z.object({ pid: z.number() })).pid, 'SIGINT');
  const { code, stderr } = await program.ended;
  if (code !== 0) throw new Error(`start ended with ${code}: ${stderr}`);
}

/** What a lock in a data folder says. */
export function readLock<Facts>(dataDir: string, name: string, schema: z.ZodType<Facts>): Facts {
  return schema.parse(JSON.parse(readFileSync(join(dataDir, name), 'utf8')));
}

/** The same day some months later. */
export function monthsAfter(from: EpochMs, months: number): EpochMs {
  const moment = new Date(from);
  return moment.setUTCMonth(moment.getUTCMonth() + months);
}

/** What a figure of time or memory belongs to. */
export function describeMachine(): Record<string, number | string> {
  return {
    cores: cpus().length,
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    'memory-mb': Math.round(totalmem() / MIB),
    node: process.versions.node,
  };
}

/** Memory of a process in MiB: what it holds, and the most it ever held. Null where there is no /proc. */
export function memoryOf(pid: number): { rssMb: number; peakRssMb: number } | null {
  if (!existsSync(`/proc/${pid}/status`)) return null;
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const mib = (name: string) =>
    Math.round(Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1]) / 1_024);
  return { rssMb: mib('VmRSS'), peakRssMb: mib('VmHWM') };
}
