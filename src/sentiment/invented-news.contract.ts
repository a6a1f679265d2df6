import { createRandom } from '../core/index.ts';
import type { RatedText } from './rated-texts.ts';
import type { ScorerFiles } from './scorer-family.ts';
import { SENTIMENTS, type SentimentLabel } from './scorer.ts';

const WHO = [
  'Bitcoin',
  'The exchange',
  'A miner',
  'Ether',
  'The fund',
  'A wallet maker',
  'The token',
  'The bank',
];
const WHAT: Readonly<Record<SentimentLabel, readonly string[]>> = {
  negative: [
    'was hacked by thieves',
    'crashed badly',
    'lost its furious users',
    'collapsed in a panic',
    'fell hard',
  ],
  neutral: ['published a report', 'moved its office', 'named a speaker', 'held a meeting', 'mined a block'],
  positive: [
    'soared to a wonderful peak',
    'rallied strongly',
    'won happy users',
    'reached a record',
    'rose fast',
  ],
};
const WHEN = [
  'on Monday',
  'this week',
  'overnight',
  'in May',
  'after lunch',
  'before the weekend',
  'at noon',
];
const WHERE = [
  'in Lisbon',
  'near Oslo',
  'in the north',
  'across Asia',
  'at sea',
  'downtown',
  'in Quito',
  'abroad',
];

/** News that nobody wrote and that are easy to tell apart; labels in turn. */
export function inventNews(count: number, seed = 1): RatedText[] {
  const random = createRandom(seed);
  const one = (list: readonly string[]) => list[random.integer(list.length)] ?? '';
  return Array.from({ length: count }, (_, row) => {
    const label = SENTIMENTS[row % SENTIMENTS.length] ?? 'neutral';
    const words = [one(WHO), one(WHAT[label]), one(WHERE), one(WHEN)];
    return { text: `${words.join(' ')}, ${row}% of it`, label };
  });
}

/** The files of a version as a registry hands them over. */
export function filesOf(content: ReadonlyMap<string, Uint8Array>): ScorerFiles {
  return {
    names: [...content.keys()],
    read: async (name) => content.get(name) ?? Promise.reject(new Error(`no file ${name}`)),
    locate: async (name) => name,
  };
}
