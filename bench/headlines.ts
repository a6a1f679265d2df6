import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { createRandom } from '../src/core/index.ts';
import { sharedData } from './bench.ts';

const MADE_UP_HEADLINES = 20_000;

/** Texts to score. */
export interface Headlines {
  /** Says where they are from, for the figures. */
  origin: string;
  texts: string[];
}

/** The first headlines of the shared history, or made-up ones where it is not there. */
export function readHeadlines(root: string, limit: number): Headlines {
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
