import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { postgresRssMb } from '../src/commands/memory.ts';
import { launch, type RunningProgram } from '../test/program.ts';
import type { BenchContext, BenchResult } from './bench.ts';
import {
  atWorkplace,
  describeMachine,
  memoryOf,
  monthsAfter,
  readLock,
  replayIn,
  round,
  stopStart,
  urlOf,
  type Workplace,
} from './workplace.ts';

/** What the first issue allows, Postgres apart. */
const LIMIT_MB = 900;
/** Standing means: nothing happens but somebody looking at it. */
const STANDING_MS = 10_000;
const ASK_EVERY_MS = 100;

/** What `start` holds while it stands after its catch-up. */
interface Standing {
  rssMb: number;
  peakRssMb: number;
  postgresMb: number | null;
}

/** Memory of a year's replay at its peak, and of a `start` that stands at the end of history and answers. */
export async function run(context: BenchContext): Promise<BenchResult> {
  return atWorkplace(context, async (place) => {
    const { progress, origin } = place;
    progress(`history: ${origin}`);
    const dataDir = place.makeDataDir();
    const replay = await replayIn(place, { dataDir, to: monthsAfter(place.from, 12) });
    progress(`replay of ${replay.windows} windows: ${replay.peakRssMb} MB at its peak`);
    const standing = await measureStart(place, dataDir);
    if (standing !== null)
      progress(`start: ${standing.peakRssMb} MB at its peak, stands at ${standing.rssMb} MB`);
    return {
      figures: {
        history: origin,
        'replay-peak-mb': replay.peakRssMb,
        ...(replay.postgresRssMb !== null && { 'replay-postgres-mb': replay.postgresRssMb }),
        ...(standing !== null && {
          'start-peak-mb': standing.peakRssMb,
          'start-standing-mb': standing.rssMb,
          ...(standing.postgresMb !== null && { 'start-postgres-mb': standing.postgresMb }),
        }),
        ...describeMachine(),
      },
      ratios: {
        'limit-900-mb-replay': round(LIMIT_MB / replay.peakRssMb, 2),
        ...(standing !== null && { 'limit-900-mb-start': round(LIMIT_MB / standing.peakRssMb, 2) }),
      },
      missing: standing === null ? ['limit-900-mb-start: this machine has no /proc to read it from'] : [],
    };
  });
}

async function measureStart({ history }: Workplace, dataDir: string): Promise<Standing | null> {
  const program = launch(['--history', history, '--port', '0'], { dataDir, entry: 'server.ts' });
  const url = await urlOf(program);
  if (!(await program.hasSaid(/^Ready:/m)))
    throw new Error(`it ended before it was ready: ${program.said()}`);
  await lookOn(program, url);
  const memory = memoryOf(program.pid);
  const { pid } = readLock(dataDir, 'postgres.lock', z.object({ pid: z.number() }));
  const postgresMb = postgresRssMb(pid);
  await stopStart(program, dataDir);
  return memory === null ? null : { ...memory, postgresMb };
}

/** What a page does that is open. */
async function lookOn(program: RunningProgram, url: string): Promise<void> {
  const paths = [
    '/health',
    '/signal',
    '/signal/history?limit=672',
    '/features/latest',
    '/models/performance',
  ];
  for (let waitedMs = 0, turn = 0; waitedMs < STANDING_MS; waitedMs += ASK_EVERY_MS, turn += 1) {
    const answer = await fetch(`${url}${paths[turn % paths.length] ?? ''}`);
    if (answer.status !== 200) throw new Error(`${answer.url} gave ${answer.status}: ${program.said()}`);
    await answer.arrayBuffer();
    await pause(ASK_EVERY_MS);
  }
}
