import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { messageOf } from '../src/core/index.ts';
import { launch } from '../test/program.ts';
import { median, round, takeTurns, type BenchContext, type BenchResult } from './bench.ts';
import { readHeadlines } from './headlines.ts';
import { COUNTER, type LoadPlan, type LoadResult } from './load.ts';
import { startLoader } from './loader.ts';
import { startPeer, type Peer } from './peers/peer.ts';
import { describeMachine, onStage, stopStart, urlOf } from './stage.ts';

const OURS = 'ours';
const BARE = 'bare-fastify';
const FASTAPI = 'fastapi';
const ROUNDS = 5;
const ROUND_MS = 1_500;
const CONNECTIONS = 100;
/** What an answer may take at this load; the third issue's limit. */
const LIMIT_P99_MS = 20;
const HEADLINE = 'Bitcoin climbs above $45,000 as traders welcome a surprisingly strong ETF decision';

/** Enough that their sentiments differ as those of any day's headlines do. */
const HEADLINES = 1_000;

type Case = Pick<LoadPlan, 'method' | 'path' | 'bodies' | 'answer'>;
type CaseName = 'signal' | 'predict-same-text' | 'predict-new-texts';

interface Load {
  rounds: number;
  roundMs: number;
  connections: number;
}

/** A server that stands somewhere on this machine. */
interface Contestant {
  key: string;
  port: number;
}

/**
 * Our server, as a user starts it on history, against Fastify without anything around it and against FastAPI on
 * uvicorn, which both answer the very same JSON from memory.
 */
export async function run(context: BenchContext, load: Partial<Load> = {}): Promise<BenchResult> {
  return onStage(context, async (place) => {
    const { history, origin, progress } = place;
    progress(`history: ${origin}`);
    const dataDir = place.makeDataDir();
    const program = launch(['--history', history, '--port', '0'], { dataDir, entry: 'server.ts' });
    const { port } = new URL(await urlOf(program));
    if (!(await program.hasSaid(/^Ready:/m))) {
      throw new Error(`it ended before it was ready: ${program.said()}`);
    }
    const result = await compare(context, { port: Number(port), load });
    await stopStart(program, dataDir);
    return { ...result, figures: { history: origin, ...result.figures } };
  });
}

/**
 * Loads the server behind a port and its peers in turns.
 * @throws Error when the server refuses what is to be measured
 */
export async function compare(
  { root, progress }: BenchContext,
  { port, load }: { port: number; load: Partial<Load> },
): Promise<BenchResult> {
  const how: Load = { rounds: ROUNDS, roundMs: ROUND_MS, connections: CONNECTIONS, ...load };
  const { texts, origin } = readHeadlines(root, HEADLINES);
  const cases = casesOn(texts);
  const folder = await mkdtemp(join(tmpdir(), 'bench-api-'));
  const loader = startLoader();
  const peers = new Map<string, Peer>();
  const missing: string[] = [];
  try {
    const file = join(folder, 'answers.json');
    await writeFile(file, JSON.stringify(await answersOf(port, cases)));
    peers.set(BARE, await startPeer('node', new URL('./peers/bare-fastify.ts', import.meta.url), [file]));
    await startPeer('python', new URL('./peers/fastapi_server.py', import.meta.url), [file]).then(
      (peer) => peers.set(FASTAPI, peer),
      (error: unknown) => {
        missing.push(FASTAPI);
        progress(`${FASTAPI} is missing: ${messageOf(error)}`);
      },
    );
    const contestants = [
      { key: OURS, port },
      ...[...peers].map(([key, { facts }]) => ({ key, port: Number(facts['port']) })),
    ];
    const measured = await measureAll(contestants, { cases, loader, how, progress });
    const { figures, ratios } = describe(measured, how, peers);
    return { figures: { ...figures, headlines: origin, texts: texts.length }, ratios, missing };
  } finally {
    loader.close();
    for (const peer of peers.values()) peer.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** What is asked. The counter makes each new text one that nobody has asked for before, so no cache has it. */
function casesOn(texts: readonly string[]): Record<CaseName, Case> {
  const predict = { method: 'POST', path: '/predict/vader', answer: 'predict' } as const;
  const bodyOf = (text: string) => JSON.stringify({ text });
  return {
    signal: { method: 'GET', path: '/signal?horizon_minutes=60', bodies: [], answer: 'signal' },
    'predict-same-text': { ...predict, bodies: [bodyOf(HEADLINE)] },
    'predict-new-texts': { ...predict, bodies: texts.map((text) => bodyOf(`${text} (${COUNTER})`)) },
  };
}

/** What the peers answer, too: one answer of ours to each question. */
async function answersOf(port: number, cases: Record<CaseName, Case>) {
  const ask = async ({ path, method, bodies }: Case): Promise<unknown> => {
    const headers = { 'content-type': 'application/json' };
    const [body] = bodies;
    const asked = body === undefined ? {} : { method, body, headers };
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, asked);
    if (answer.status !== 200) throw new Error(`${path} gave ${answer.status}: ${await answer.text()}`);
    return answer.json();
  };
  return { signal: await ask(cases.signal), predict: await ask(cases['predict-same-text']) };
}

/** Results by case and contestant, a result a round. */
type Measured = Map<string, Map<string, LoadResult[]>>;

async function measureAll(
  contestants: readonly Contestant[],
  tools: {
    cases: Record<CaseName, Case>;
    loader: ReturnType<typeof startLoader>;
    how: Load;
    progress: BenchContext['progress'];
  },
): Promise<Measured> {
  const { cases, loader, how, progress } = tools;
  const measured: Measured = new Map();
  for (const [name, asked] of Object.entries(cases)) {
    const results = new Map<string, LoadResult[]>(contestants.map(({ key }) => [key, []]));
    const ask = (port: number) =>
      loader.load({ ...asked, port, connections: how.connections, durationMs: how.roundMs });
    progress(name);
    // The first turn is for compilers and caches.
    for (const { port } of contestants) await ask(port);
    const contenders = contestants.map(({ key, port }) => ({
      key,
      round: async () => {
        const result = await ask(port);
        results.get(key)?.push(result);
        if (result.firstError !== null) {
          progress(`${key}: ${result.errors} errors, the first: ${result.firstError}`);
        }
        return result.requestsPerSecond;
      },
    }));
    await takeTurns(contenders, { rounds: how.rounds, progress });
    measured.set(name, results);
  }
  return measured;
}

function describe(
  measured: Measured,
  how: Load,
  peers: ReadonlyMap<string, Peer>,
): Omit<BenchResult, 'missing'> {
  const figures: BenchResult['figures'] = {};
  const byPeer = new Map<string, { name: string; ratio: number }[]>(
    [...peers.keys()].map((key) => [key, []]),
  );
  let slowestMs = 0;
  for (const [name, results] of measured) {
    const rateOf = (key: string) =>
      median((results.get(key) ?? []).map((result) => result.requestsPerSecond));
    for (const [key, rounds] of results) {
      figures[`${name}-${key}-requests-per-second`] = round(rateOf(key), 0);
      figures[`${name}-${key}-p50-ms`] = round(median(rounds.map(({ p50Ms }) => p50Ms)), 2);
      figures[`${name}-${key}-p99-ms`] = round(median(rounds.map(({ p99Ms }) => p99Ms)), 2);
      figures[`${name}-${key}-errors`] = rounds.reduce((sum, { errors }) => sum + errors, 0);
      if (key === OURS) slowestMs = Math.max(slowestMs, median(rounds.map(({ p99Ms }) => p99Ms)));
    }
    for (const [key, ratios] of byPeer) {
      const ratio = round(rateOf(OURS) / rateOf(key), 2);
      ratios.push({ name, ratio });
      figures[`${name}-${key}-ratio`] = ratio;
    }
  }
  const worst = [...byPeer].map(([key, ratios]) => {
    const least = ratios.toSorted((left, right) => left.ratio - right.ratio)[0];
    return { key, name: least?.name ?? '', ratio: least?.ratio ?? NaN };
  });
  return {
    figures: {
      ...figures,
      ...Object.fromEntries(worst.map(({ key, name }) => [`${key}-ratio-is-of`, name])),
      ...describePeers(peers),
      connections: how.connections,
      'rounds-per-case': how.rounds,
      'round-seconds': how.roundMs / 1_000,
      ...describeMachine(),
    },
    ratios: {
      ...Object.fromEntries(worst.map(({ key, ratio }) => [key, ratio])),
      'limit-20-ms-p99': round(LIMIT_P99_MS / slowestMs, 2),
    },
  };
}

function describePeers(peers: ReadonlyMap<string, Peer>): Record<string, string> {
  const facts = [...peers.values()].flatMap((peer) => Object.entries(peer.facts));
  return Object.fromEntries(facts.filter(([name]) => name !== 'port').map(([name, value]) => [name, value]));
}
