import type { ExplainedPart, Explanation, Score } from '../scorer.ts';
import { COUNT_FACTORS } from './corpus.ts';
import { NGRAMS_PER_MOVEMENT, NGRAMS_PER_TEXT, NGRAMS_PER_WORD, type NgramReader } from './ngrams.ts';

/** One entry a column: its squared scale, then the calibrated log-odds of the three sentiments. */
export type ColumnTable = Float32Array;
export const ENTRY = 4;

const NEGATIVE = 1;
const POSITIVE = 3;
const WHOLE_NOTE = 'the whole text: whether more rises or falls, and which came first';
const UNIT = 'log-odds of positive against negative';

/** What stands behind a score: the text as the reader read it last, and what its columns say. */
interface Grounds {
  score: Score;
  reader: NgramReader;
  table: ColumnTable;
}

/**
 * Gives every n-gram's log-odds to the words it lies in: a pair's to both in halves, a character n-gram's to its
 * word, a movement's to the word that tells it, what is of no word to the whole text.
 * The weights of all parts sum to the text's log-odds of positive against negative less the difference of the intercepts.
 */
export function explainText(text: string, { score, reader, table }: Grounds): Explanation {
  const { words } = reader;
  const ofWord = new Float64Array(words.count);
  const shareOfWord = sharesOf(reader, table, { from: 0, to: reader.wordColumnCount });
  giveWords(ofWord, reader, shareOfWord);
  giveMovements(ofWord, reader, shareOfWord);
  giveCharacters(
    ofWord,
    reader,
    sharesOf(reader, table, { from: reader.wordColumnCount, to: reader.columnCount }),
  );
  const parts: ExplainedPart[] = [];
  ofWord.forEach((weight, word) => {
    const from = words.from[word] ?? 0;
    const to = words.to[word] ?? 0;
    if (weight !== 0) parts.push({ text: text.slice(from, to), from, to, weight, note: null });
  });
  const weight = wholeTextOf(reader, shareOfWord);
  if (weight !== 0) parts.push({ text, from: 0, to: text.length, weight, note: WHOLE_NOTE });
  parts.sort((left, right) => Math.abs(right.weight) - Math.abs(left.weight) || left.from - right.from);
  return { score, unit: UNIT, parts };
}

/** What one n-gram of each column is worth; columns beyond the range are not there. */
function sharesOf(
  { columns, counts }: NgramReader,
  table: ColumnTable,
  { from, to }: { from: number; to: number },
): (column: number) => number {
  let squares = 0;
  for (let place = from; place < to; place += 1) {
    const column = columns[place] ?? 0;
    const factor = COUNT_FACTORS[counts[column] ?? 0] ?? 0;
    squares += factor * factor * (table[column * ENTRY] ?? 0);
  }
  const length = Math.sqrt(squares);
  return (column) => {
    if (column < 0 || length === 0) return 0;
    const count = counts[column] ?? 1;
    const odds = (table[column * ENTRY + POSITIVE] ?? 0) - (table[column * ENTRY + NEGATIVE] ?? 0);
    return ((COUNT_FACTORS[count] ?? 0) * odds) / count / length;
  };
}

function giveWords(ofWord: Float64Array, reader: NgramReader, shareOf: (column: number) => number): void {
  for (let word = 0; word < ofWord.length; word += 1) {
    for (let back = 0; back < NGRAMS_PER_WORD; back += 1) {
      const share = shareOf(reader.ngrams[word * NGRAMS_PER_WORD + back] ?? -1);
      // Before the first word there is nothing to share with.
      const partner = back > word ? word : word - back;
      ofWord[word] = (ofWord[word] ?? 0) + share / 2;
      ofWord[partner] = (ofWord[partner] ?? 0) + share / 2;
    }
  }
}

function wholeTextOf(reader: NgramReader, shareOf: (column: number) => number): number {
  const from = reader.words.count * NGRAMS_PER_WORD;
  let sum = 0;
  for (let place = 0; place < NGRAMS_PER_TEXT; place += 1) sum += shareOf(reader.ngrams[from + place] ?? -1);
  return sum;
}

/** A movement after another counts for the later word. */
function giveMovements(ofWord: Float64Array, reader: NgramReader, shareOf: (column: number) => number): void {
  const from = ofWord.length * NGRAMS_PER_WORD + NGRAMS_PER_TEXT;
  for (let ngram = 0; ngram < reader.market.count * NGRAMS_PER_MOVEMENT; ngram += 1) {
    const word = reader.market.words[Math.floor(ngram / NGRAMS_PER_MOVEMENT)] ?? 0;
    ofWord[word] = (ofWord[word] ?? 0) + shareOf(reader.ngrams[from + ngram] ?? -1);
  }
}

function giveCharacters(
  ofWord: Float64Array,
  reader: NgramReader,
  shareOf: (column: number) => number,
): void {
  let ngram = ofWord.length * NGRAMS_PER_WORD + NGRAMS_PER_TEXT + reader.market.count * NGRAMS_PER_MOVEMENT;
  for (let word = 0; word < ofWord.length; word += 1) {
    const end = reader.characterEnds[word] ?? 0;
    for (; ngram < end; ngram += 1) {
      ofWord[word] = (ofWord[word] ?? 0) + shareOf(reader.ngrams[ngram] ?? -1);
    }
  }
}
