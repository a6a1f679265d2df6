import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { messageOf } from '../src/core/index.ts';
import { createVader, linearFamily, scoreTexts, vaderPolarity } from '../src/sentiment/index.ts';
import { round, takeTurns, type BenchContext, type BenchResult, type Contender } from './bench.ts';
import { readHeadlines } from './headlines.ts';
import { startPeer, type Peer } from './peers/peer.ts';

const OURS = 'ours';
const PYTHON = 'python-vader';
const NPM = 'npm-vader';
/** The strong baseline among the scorers that learn, against a bound: no peer reads the same features. */
const LINEAR = 'linear';
const LINEAR_LIMIT = 'limit-50000-texts-linear';
const LEAST_LINEAR = 50_000;
const LESSON_ROWS = 3_000;
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
  contenders.push(await contendLinear({ texts, stopwatch }));
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

/** A version that learnt the reference's own labels of every few headlines: what it says does not matter, its size does. */
async function contendLinear({
  texts,
  stopwatch,
}: {
  texts: readonly string[];
  stopwatch: () => number;
}): Promise<Contender> {
  const step = Math.max(1, Math.floor(texts.length / LESSON_ROWS));
  const lesson = texts.filter((_, place) => place % step === 0);
  const scores = await createVader().score(lesson);
  const rows = lesson.map((text, place) => ({ text, label: scores[place]?.label ?? 'neutral' }));
  const { files } = await linearFamily.train(rows, { seed: 1, base: null });
  const locate = () => Promise.reject(new RangeError('it lies in memory alone'));
  const read = async (name: string) => files.get(name) ?? new Uint8Array();
  const scorer = await linearFamily.load({ names: [...files.keys()], read, locate }, '1.0.0');
  return {
    key: LINEAR,
    round: async () => {
      const startedAt = stopwatch();
      const said = await scoreTexts(scorer, texts);
      return (said.length * SECOND_MS) / (stopwatch() - startedAt);
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
  const peers = [...rates].filter(([key]) => key !== OURS && key !== LINEAR);
  const ratios = Object.fromEntries(peers.map(([key, rate]) => [key, round(ours / rate, 2)]));
  return { ratios: { ...ratios, [LINEAR_LIMIT]: round((rates.get(LINEAR) ?? NaN) / LEAST_LINEAR, 2) } };
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
