import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { createRandom, messageOf } from '../src/core/index.ts';
import { vaderPolarity } from '../src/sentiment/index.ts';
import {
  round,
  sharedData,
  takeTurns,
  type BenchContext,
  type BenchResult,
  type Contender,
} from './bench.ts';
import { startPeer, type Peer } from './peers/peer.ts';

const OURS = 'ours';
const PYTHON = 'python-vader';
const NPM = 'npm-vader';
const ROUNDS = 7;
const MADE_UP_HEADLINES = 20_000;
/** A round of a quick contender lasts at least this long, so that the stopwatch's grain does not show. */
const SHORTEST_ROUND_MS = 200;
const SECOND_MS = 1_000;

interface Headlines {
  origin: string;
  texts: string[];
}

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

function readHeadlines(root: string, limit: number): Headlines {
  const file = sharedData(root, 'history/news.jsonl.gz');
  if (!existsSync(file)) return { origin: 'made up from templates, seed 1', texts: makeHeadlines(limit) };
  const lines = gunzipSync(readFileSync(file)).toString('utf8').trimEnd().split('\n');
  const texts = lines.slice(0, limit).map((line) => (JSON.parse(line) as { title: string }).title);
  return { origin: 'real titles of history/news.jsonl.gz', texts };
}

/** As long and as rich in rated words as real ones, so that the rates are about the same. */
function makeHeadlines(limit: number): string[] {
  const random = createRandom(1);
  const pick = (choices: readonly string[]) => choices[random.integer(choices.length)] ?? '';
  return Array.from({ length: Math.min(limit, MADE_UP_HEADLINES) }, () =>
    pick(TEMPLATES).replace(/\b[A-Z]{4,}\b/g, (slot) => pick(SLOTS[slot] ?? [slot])),
  );
}

const TEMPLATES = [
  'COIN MOVES by NUMBER% as traders FEEL the next SUBJECT decision, analysts say',
  "Why COIN's SUBJECT isn't DEGREE GRADE for long-term holders this year",
  'EXCHANGE faces LAWSUIT over COIN SUBJECT, but users remain DEGREE GRADE',
  'Market wrap: COIN MOVES below $NUMBER,000 in a DEGREE GRADE week for crypto',
  'EXCHANGE to list COIN SUBJECT after GRADE quarter – What comes next?',
];
const SLOTS: Readonly<Record<string, readonly string[]>> = {
  COIN: ['Bitcoin', 'Ethereum', 'Solana', 'XRP', 'Dogecoin', 'Litecoin'],
  MOVES: ['climbs', 'drops', 'surges', 'slides', 'gains', 'loses ground'],
  FEEL: ['fear', 'await', 'welcome', 'doubt', 'celebrate', 'ignore'],
  SUBJECT: ['staking', 'ETF', 'regulation', 'mining', 'upgrade', 'treasury'],
  DEGREE: ['very', 'hardly', 'really', 'barely', 'quite', 'extremely'],
  GRADE: ['good', 'bad', 'strong', 'weak', 'great', 'terrible', 'quiet'],
  EXCHANGE: ['Binance', 'Kraken', 'Coinbase', 'Bitstamp'],
  LAWSUIT: ['a lawsuit', 'a fine', 'criticism', 'an inquiry'],
  NUMBER: ['3', '12', '20', '45', '60'],
};

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
