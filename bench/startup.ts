import { setTimeout as pause } from 'node:timers/promises';
import { launch, type RunningProgram } from '../test/program.ts';
import { round, median, type BenchContext, type BenchResult } from './bench.ts';
import { onStage, describeMachine, stopStart, urlOf, type Stage } from './stage.ts';

const ROUNDS = 3;
const SECOND_MS = 1_000;
const ASK_EVERY_MS = 25;
/** What the first issue allows from `npm start` to the first answer. */
const LIMIT_FIRST_SECONDS = 90;
const LIMIT_SECOND_SECONDS = 30;

/** Seconds from the start of `npm start`. */
interface Started {
  listening: number;
  answering: number;
}

/** How long `npm start -- --history` takes to its first probability, on an empty data folder and on one it knows. */
export async function run(context: BenchContext, { rounds = ROUNDS } = {}): Promise<BenchResult> {
  return onStage(context, async (place) => {
    const { progress, origin } = place;
    progress(`history: ${origin}`);
    const firsts: Started[] = [];
    const seconds: Started[] = [];
    for (let turn = 1; turn <= rounds; turn += 1) {
      const dataDir = place.makeDataDir();
      for (const [name, times] of [
        ['first', firsts],
        ['second', seconds],
      ] as const) {
        const started = await measureStart(place, dataDir);
        times.push(started);
        progress(
          `round ${turn}/${rounds}  ${name.padEnd(6)} start answers after ${round(started.answering, 1)} s`,
        );
      }
    }
    const answering = (times: readonly Started[]) => times.map((started) => started.answering);
    return {
      figures: {
        history: origin,
        'first-start-seconds': round(median(answering(firsts)), 1),
        'first-start-seconds-worst': round(Math.max(...answering(firsts)), 1),
        'first-start-seconds-to-health': round(median(firsts.map(({ listening }) => listening)), 1),
        'second-start-seconds': round(median(answering(seconds)), 1),
        'second-start-seconds-worst': round(Math.max(...answering(seconds)), 1),
        ...describeMachine(),
      },
      ratios: {
        'limit-90-seconds-first': round(LIMIT_FIRST_SECONDS / Math.max(...answering(firsts)), 2),
        'limit-30-seconds-second': round(LIMIT_SECOND_SECONDS / Math.max(...answering(seconds)), 2),
      },
      missing: [],
    };
  });
}

async function measureStart({ history, stopwatch }: Stage, dataDir: string): Promise<Started> {
  const startedAt = stopwatch();
  const since = () => (stopwatch() - startedAt) / SECOND_MS;
  const program = launch(['--history', history, '--port', '0'], { dataDir, entry: 'npm start' });
  const url = await urlOf(program);
  const listening = since();
  await firstProbability(program, url);
  const answering = since();
  await stopStart(program, dataDir);
  return { listening, answering };
}

/** Asks like an impatient user. */
async function firstProbability(program: RunningProgram, url: string): Promise<number> {
  let hasEnded = false;
  void program.ended.then(() => (hasEnded = true));
  while (!hasEnded) {
    const answer = await fetch(`${url}/signal?horizon_minutes=60`).catch(() => null);
    if (answer?.status === 200) {
      const { probability_up: probability } = (await answer.json()) as { probability_up?: unknown };
      if (typeof probability === 'number') return probability;
    }
    await pause(ASK_EVERY_MS);
  }
  throw new Error(`it ended before it answered: ${program.said()}`);
}
