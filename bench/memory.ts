import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { postgresRssMb } from '../src/commands/memory.ts';
import { launch, type RunningProgram } from '../test/program.ts';
import { round, type BenchContext, type BenchResult } from './bench.ts';
import {
  onStage,
  describeMachine,
  memoryOf,
  monthsAfter,
  readLock,
  replayIn,
  stopStart,
  urlOf,
  type Stage,
} from './stage.ts';

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
  return onStage(context, async (place) => {
    const { progress, origin } = place;
    progress(`history: ${origin}`);
    const dataDir = place.makeDataDir();
    const replay = await replayIn(place, { dataDir, to: monthsAfter(place.from, 12) });
    progress(`replay of ${replay.windows} windows: ${replay.peakRssMb} MB at its peak`);
    const first = await measureStart(place, dataDir);
    const second = await measureStart(place, dataDir);
    return {
      figures: {
        history: origin,
        'replay-peak-mb': replay.peakRssMb,
        ...(replay.postgresRssMb !== null && { 'replay-postgres-mb': replay.postgresRssMb }),
        ...figuresOf('first-start', first),
        ...figuresOf('second-start', second),
        ...describeMachine(),
      },
      ratios: {
        'limit-900-mb-replay': round(LIMIT_MB / replay.peakRssMb, 2),
        ...(first !== null && { 'limit-900-mb-start': round(LIMIT_MB / first.peakRssMb, 2) }),
      },
      missing: first === null ? ['limit-900-mb-start: this machine has no /proc to read it from'] : [],
    };
  });
}

function figuresOf(name: string, standing: Standing | null): Record<string, number> {
  if (standing === null) return {};
  return {
    [`${name}-peak-mb`]: standing.peakRssMb,
    [`${name}-standing-mb`]: standing.rssMb,
    ...(standing.postgresMb !== null && { [`${name}-postgres-mb`]: standing.postgresMb }),
  };
}

async function measureStart({ history, progress }: Stage, dataDir: string): Promise<Standing | null> {
  const program = launch(['--history', history, '--port', '0'], { dataDir, entry: 'server.ts' });
  const url = await urlOf(program);
  if (!(await program.hasSaid(/^Ready:/m)))
    throw new Error(`it ended before it was ready: ${program.said()}`);
  await lookOn(program, url);
  const memory = memoryOf(program.pid);
  const { pid } = readLock(dataDir, 'postgres.lock', z.object({ pid: z.number() }));
  const postgresMb = postgresRssMb(pid);
  await stopStart(program, dataDir);
  if (memory === null) return null;
  progress(`start: ${memory.peakRssMb} MB at its peak, stands at ${memory.rssMb} MB`);
  return { ...memory, postgresMb };
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
