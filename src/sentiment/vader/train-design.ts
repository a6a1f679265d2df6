import type { LearntTerm } from './artifact.ts';
import { punctuationEmphasis } from './emphasis.ts';
import { namesTicker } from './market.ts';
import { compoundOfSums, everydayShare, sumOf, type Analyser } from './retrained.ts';
import { termFactor, type TermValence } from './terms.ts';
import type { Truths } from './train-rows.ts';
import { surroundingsOf } from './valence.ts';
import { NEGATES, type Vocabulary } from './vocabulary.ts';
import { splitWords } from './words.ts';

/** The training texts as the rules see them: a text's sum is base + sum over its entries of factor * added valence. */
export interface Design {
  /** Sum of the reference's rules, shape (rows). */
  base: Float64Array;
  emphasis: Float64Array;
  isMarket: Uint8Array;
  hasTicker: Uint8Array;
  /** Where the entries of a row begin, shape (rows + 1). */
  starts: Int32Array;
  /** Term of each entry; a term stands once in a row. */
  columns: Int32Array;
  /** By what the rules multiply the term there. */
  factors: Float64Array;
  terms: readonly string[];
  /** The reference's rating of each term, 0 for what it does not know. */
  ratings: Float64Array;
  /** What the version that the training goes on from adds for each term. */
  known: Float64Array;
}

/** A term in fewer rows teaches nothing that would hold elsewhere. */
const FEWEST_ROWS = 4;
const LONGEST_PHRASE = 3;
const LONGEST_WORD = 40;
const VALENCE_DIGITS = 2;
const EFFECT_DIGITS = 4;
const LETTER = /\p{L}|\p{Extended_Pictographic}/u;
const LINK = /https?:|www\.|\.com\b/;

/** Every word and phrase of the texts that could be learnt, with the rules' factors. */
export function createDesign(
  texts: readonly string[],
  analyser: Analyser,
  known: readonly TermValence[],
): Design {
  const rows = texts.length;
  const base = new Float64Array(rows);
  const emphasis = new Float64Array(rows);
  const isMarket = new Uint8Array(rows);
  const hasTicker = new Uint8Array(rows);
  const found: Map<string, number>[] = [];
  const counts = new Map<string, number>();
  for (const [row, text] of texts.entries()) {
    const { reading } = analyser.analyse(text);
    base[row] = sumOf(reading);
    emphasis[row] = punctuationEmphasis(reading.tokens);
    hasTicker[row] = namesTicker(text) ? 1 : 0;
    isMarket[row] = hasTicker[row] === 1 || analyser.terms.hasMarketWord(reading) ? 1 : 0;
    const around = surroundingsOf(analyser.vocabulary, reading.tokens);
    const words = splitWords(text, analyser.emoji).map(({ word }) => word);
    const terms = termsOf(words, analyser.vocabulary, (place) => termFactor(around, reading, place));
    for (const term of terms.keys()) counts.set(term, (counts.get(term) ?? 0) + 1);
    found.push(terms);
  }
  const before = new Map(known.map(({ term, added }) => [term, added]));
  const terms = [...counts.keys()].filter(
    (term) => (counts.get(term) ?? 0) >= FEWEST_ROWS || before.has(term),
  );
  for (const term of before.keys()) if (!counts.has(term)) terms.push(term);
  terms.sort();
  return {
    base,
    emphasis,
    isMarket,
    hasTicker,
    ...entriesOf(found, terms),
    terms,
    ratings: Float64Array.from(
      terms,
      (term) => analyser.vocabulary.ratings[analyser.vocabulary.idOf(term)] ?? 0,
    ),
    known: Float64Array.from(terms, (term) => before.get(term) ?? 0),
  };
}

/** The learnable words and phrases of one text with the sum of their factors. */
function termsOf(
  words: readonly string[],
  vocabulary: Vocabulary,
  factorAt: (place: number) => number,
): Map<string, number> {
  const terms = new Map<string, number>();
  const isCountable = words.map(
    (word) => word.length <= LONGEST_WORD && LETTER.test(word) && !LINK.test(word),
  );
  for (let place = 0; place < words.length; place += 1) {
    if (!isCountable[place]) continue;
    const factor = factorAt(place);
    let term = '';
    for (let length = 1; length <= LONGEST_PHRASE && isCountable[place + length - 1] === true; length += 1) {
      const word = words[place + length - 1] ?? '';
      term = length === 1 ? word : `${term} ${word}`;
      if (length === 1 && isRuleWord(word, vocabulary)) continue;
      terms.set(term, (terms.get(term) ?? 0) + factor);
    }
  }
  return terms;
}

/** What changes the words around it says nothing by itself. */
function isRuleWord(word: string, { idOf, boosts, traits, rule }: Vocabulary): boolean {
  const id = idOf(word);
  return boosts[id] !== 0 || ((traits[id] as number) & NEGATES) !== 0 || Object.hasOwn(rule, word);
}

function entriesOf(
  found: readonly ReadonlyMap<string, number>[],
  terms: readonly string[],
): Pick<Design, 'starts' | 'columns' | 'factors'> {
  const columnOf = new Map(terms.map((term, column) => [term, column]));
  const starts = new Int32Array(found.length + 1);
  const columns: number[] = [];
  const factors: number[] = [];
  for (const [row, inRow] of found.entries()) {
    for (const [term, factor] of inRow) {
      const column = columnOf.get(term);
      if (column === undefined) continue;
      columns.push(column);
      factors.push(factor);
    }
    starts[row + 1] = columns.length;
  }
  return { starts, columns: Int32Array.from(columns), factors: Float64Array.from(factors) };
}

/** The compound of every row when each term adds what `added` says, shape (terms). */
export function compoundsOf(design: Design, added: Float64Array): Float64Array {
  return design.base.map((_, row) => compoundWith(design, row, addedTo(design, row, added)));
}

/** What was learnt, with its reasons: the terms that add something. */
export function describeTerms(
  { design, truths }: { design: Design; truths: Truths },
  added: Float64Array,
): LearntTerm[] {
  const { starts, columns, factors, terms, ratings } = design;
  const [rows, positive, negative, effects] = [0, 1, 2, 3].map(() => new Float64Array(terms.length)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const raise = (sums: Float64Array, column: number, by: number) => {
    sums[column] = (sums[column] as number) + by;
  };
  for (let row = 0; row < design.base.length; row += 1) {
    const whole = addedTo(design, row, added);
    const compound = compoundWith(design, row, whole);
    for (let at = starts[row] as number; at < (starts[row + 1] as number); at += 1) {
      const column = columns[at] as number;
      if (added[column] === 0) continue;
      raise(rows, column, 1);
      raise(truths.side[row] === 1 ? positive : negative, column, truths.side[row] === 0 ? 0 : 1);
      const without = whole - (factors[at] as number) * (added[column] as number);
      raise(effects, column, compound - compoundWith(design, row, without));
    }
  }
  const learnt = [...terms.keys()].filter((column) => added[column] !== 0);
  return learnt.map((column) => ({
    term: terms[column] ?? '',
    base: ratings[column] ?? 0,
    valence: round((ratings[column] ?? 0) + (added[column] ?? 0), VALENCE_DIGITS),
    rows: rows[column] ?? 0,
    positive: positive[column] ?? 0,
    negative: negative[column] ?? 0,
    effect: round((effects[column] ?? 0) / Math.max(1, rows[column] ?? 0), EFFECT_DIGITS),
  }));
}

function addedTo({ starts, columns, factors }: Design, row: number, added: Float64Array): number {
  let sum = 0;
  for (let at = starts[row] as number; at < (starts[row + 1] as number); at += 1) {
    sum += (factors[at] as number) * (added[columns[at] as number] as number);
  }
  return sum;
}

function compoundWith(design: Design, row: number, added: number): number {
  const base = design.base[row] as number;
  const emphasis = design.emphasis[row] as number;
  const share = design.isMarket[row] === 1 || added === 0 ? 1 : everydayShare(base, added, emphasis);
  return compoundOfSums({ base, added, share, emphasis });
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits)) + 0;
}
