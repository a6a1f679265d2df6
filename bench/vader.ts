import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { messageOf } from '../src/core/index.ts';
import { vaderPolarity } from '../src/sentiment/index.ts';
import { round, takeTurns, type BenchContext, type BenchResult, type Contender } from './bench.ts';
import { readHeadlines } from './headlines.ts';
import { startPeer, type Peer } from './peers/peer.ts';

const OURS = 'ours';
const PYTHON = 'python-vader';
const NPM = 'npm-vader';
const ROUNDS = 7;
/** A round of a quick contender lasts at least this long, so that the stopwatch's grain does not show. */
const SHORTEST_ROUND_MS = 200;
const SECOND_MS = 1_000;

/** VADER on one thread against the Python reference and npm's port, in headlines a second. */
export async function run(
  { root, stopwatch, progress }: BenchContext,
  { rounds = ROUNDS, limit = Infinity } = {},
): Promise<BenchResult> {
  const { origin, texts } = readHeadlines(root, limit);
  progress(`${texts.length.toLocaleString('en')} headlines, ${origin}`);
  const missing: string[] = [];
  const miss = (key: string, error: unknown) => {
    missing.push(key);
    progress(`${key} is missing: ${messageOf(error)}`);
  };
  const contenders: Contender[] = [contend(OURS, vaderPolarity, { texts, stopwatch })];
  await import('vader-sentiment').then(
    ({ default: { SentimentIntensityAnalyzer: npm } }) =>
      contenders.push(contend(NPM, (text) => npm.polarity_scores(text), { texts, stopwatch })),
    (error: unknown) => miss(NPM, error),
  );
  const python = await startReference(texts).catch((error: unknown) => {
    miss(PYTHON, error);
    return undefined;
  });
  if (python !== undefined) {
    contenders.push({ key: PYTHON, round: async () => texts.length / (await python.ask()) });
  }
  try {
    // The first turn is for compilers and caches.
    for (const { round } of contenders) await round();
    const rates = await takeTurns(contenders, { rounds, progress });
    return {
      ...compare(rates),
      figures: { ...describe(texts, origin, python), ...figuresOf(rates) },
      missing,
    };
  } finally {
    python?.close();
  }
}

function contend(
  key: string,
  analyse: (text: string) => { compound: number },
  { texts, stopwatch }: { texts: readonly string[]; stopwatch: () => number },
): Contender {
  return {
    key,
    round: async () => {
      const startedAt = stopwatch();
      let analysed = 0;
      let checksum = 0;
      let spentMs = 0;
      do {
        for (const text of texts) checksum += analyse(text).compound;
        analysed += texts.length;
        spentMs = stopwatch() - startedAt;
      } while (spentMs < SHORTEST_ROUND_MS);
      // Used, so that no compiler may leave the work out.
      if (Number.isNaN(checksum)) throw new Error(`${key} gave no number`);
      return (analysed * SECOND_MS) / spentMs;
    },
  };
}

async function startReference(texts: readonly string[]): Promise<Peer> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-vader-'));
  try {
    const file = join(folder, 'texts.json');
    await writeFile(file, JSON.stringify(texts));
    return await startPeer('python', new URL('./peers/vader_rate.py', import.meta.url), [file]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function compare(rates: ReadonlyMap<string, number>): Pick<BenchResult, 'ratios'> {
  const ours = rates.get(OURS) ?? NaN;
  const peers = [...rates].filter(([key]) => key !== OURS);
  return { ratios: Object.fromEntries(peers.map(([key, rate]) => [key, round(ours / rate, 2)])) };
}

function figuresOf(rates: ReadonlyMap<string, number>): Record<string, number> {
  return Object.fromEntries([...rates].map(([key, rate]) => [`${key}-texts-per-second`, round(rate, 0)]));
}

function describe(texts: readonly string[], origin: string, python: Peer | undefined) {
  const characters = texts.reduce((sum, text) => sum + text.length, 0);
  return {
    headlines: origin,
    texts: texts.length,
    'mean-characters': round(characters / texts.length, 1),
    threads: 1,
    node: process.versions.node,
    ...(python && { python: python.facts['python'] ?? '', vaderSentiment: python.facts['package'] ?? '' }),
  };
}
