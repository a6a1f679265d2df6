import { writeFileSync } from 'node:fs';
import { createRandom } from '../src/core/index.ts';
import type { RatedText, SentimentLabel } from '../src/sentiment/index.ts';

const SUBJECTS = ['Bitcoin', 'The exchange', 'A miner', 'The fund', 'Ether', 'A large wallet', 'The desk'];
const PLACES = [
  'in Oslo',
  'this week',
  'after the vote',
  'at noon',
  'before the audit',
  'on Tuesday',
  'again',
];
const WORDS: Readonly<Record<SentimentLabel, readonly string[]>> = {
  negative: ['crumples', 'halts withdrawals', 'loses its licence', 'is hacked', 'slides badly'],
  neutral: ['moves its office', 'publishes minutes', 'holds a meeting', 'renames a page', 'counts blocks'],
  positive: ['moons', 'gains a great partner', 'climbs strongly', 'wins approval', 'rallies'],
};
const LABELS = ['negative', 'neutral', 'positive'] as const;

/** Sentences about a market whose label their verb gives away, each once. */
export function makeRatedSentences({ count, seed }: { count: number; seed: number }): RatedText[] {
  const dice = createRandom(seed);
  const pick = (list: readonly string[]) => list[dice.integer(list.length)] ?? '';
  const made = new Map<string, RatedText>();
  while (made.size < count) {
    const label = LABELS[made.size % LABELS.length] ?? 'neutral';
    const text = `${pick(SUBJECTS)} ${pick(WORDS[label])} ${pick(PLACES)} and ${pick(PLACES)}`;
    if (!made.has(text)) made.set(text, { text, label });
  }
  return [...made.values()];
}

/** One JSON object a line. */
export function writeRatedTexts(file: string, rows: readonly RatedText[]): string {
  writeFileSync(file, `${rows.map((row) => JSON.stringify(row)).join('\n')}\n`);
  return file;
}
