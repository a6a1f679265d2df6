import * as shapesOfWords from './tokens.ts';
import type { Tokens } from './tokens.ts';
import * as traitsOfWords from './vocabulary.ts';
import type { Vocabulary } from './vocabulary.ts';

/**
 * Constants of this file's own: V8 folds these into the code and reads imported ones anew at every use. Measured, that
 * is a fifth of the time of a whole analysis.
 */
const { ALL_CAPS, CONTRACTED_NOT } = shapesOfWords;
const { CHANGES_OTHERS, FOLLOWS_IN_PHRASE, IN_LEXICON, NEGATES, OPENS_PHRASE, UNKNOWN } = traitsOfWords;

/** Steps and factors found from human ratings (Hutto and Gilbert 2014). */
const CAPITALS_STEP = 0.733;
const NEGATION_FACTOR = -0.74;
const NEVER_SO_FACTOR = 1.25;
/** A modifier one, two or three words before. */
const DISTANCE_FACTORS = [1, 0.95, 0.9] as const;
/** Words that far before a word can change it. */
export const REACH = DISTANCE_FACTORS.length;
/** Mean size of the ratings in the lexicon. */
const TYPICAL_RATING = 1.54;

/** What the rules of a word's surroundings look at. */
export interface Surroundings {
  vocabulary: Vocabulary;
  tokens: Tokens;
  /** Some words, but not all, are in capitals: only then do capitals mean emphasis. */
  capitalsStandOut: boolean;
}

/**
 * The values of the rated words of a text in their surroundings; every other word is worth 0.
 * @param values - filled in the order of `tokens.rated`
 */
export function valueWords(values: Float64Array, vocabulary: Vocabulary, tokens: Tokens): void {
  const { rated, ratedCount } = tokens;
  const around = surroundingsOf(vocabulary, tokens);
  if ((tokens.traits & CHANGES_OTHERS) === 0) {
    valueAlone(values, around);
    return;
  }
  for (let one = 0; one < ratedCount; one += 1) values[one] = valueAt(around, rated[one] as number);
}

/** What `valueAt` gives where no word changes another, which is so in most texts; measured: a fifth of the time. */
function valueAlone(values: Float64Array, around: Surroundings): void {
  const { rated, ratedCount, ids } = around.tokens;
  const { ratings } = around.vocabulary;
  for (let one = 0; one < ratedCount; one += 1) {
    const place = rated[one] as number;
    const rating = ratings[ids[place] as number] as number;
    const step = rating > 0 ? CAPITALS_STEP : -CAPITALS_STEP;
    values[one] = isShouted(around, place) ? rating + step : rating;
  }
}

/** The words of a text as the rules of surroundings need them. */
export function surroundingsOf(vocabulary: Vocabulary, tokens: Tokens): Surroundings {
  const { capitals, count } = tokens;
  return { vocabulary, tokens, capitalsStandOut: capitals > 0 && capitals < count };
}

/**
 * By what the words before a learnt term multiply its valence. Negations turn it as they turn a rated word. A booster's
 * step, which a rated word gets whatever it is worth, is taken relative to a typical rating: a term of little weight
 * must not gain much by "very".
 */
export function factorAt(around: Surroundings, place: number): number {
  let factor = isDenied(around, place) ? NEGATION_FACTOR : 1;
  let boost = 0;
  for (let distance = 1; distance <= REACH && distance <= place; distance += 1) {
    if (isRatedAt(around, place - distance)) continue;
    const step = around.vocabulary.boosts[idAt(around, place - distance)] as number;
    boost += step * (DISTANCE_FACTORS[distance - 1] as number);
    factor *= negationFactor(around, place, distance);
  }
  return factor * (1 + boost / TYPICAL_RATING);
}

function valueAt(around: Surroundings, place: number): number {
  const { rule } = around.vocabulary;
  // "kind of" is a dampener here, whatever "kind" alone is worth.
  if (idAt(around, place) === rule.kind && idAt(around, place + 1) === rule.of) return 0;
  let value = startingValue(around, place);
  if (isShouted(around, place)) value += value > 0 ? CAPITALS_STEP : -CAPITALS_STEP;
  for (let distance = 1; distance <= REACH && distance <= place; distance += 1) {
    if (isRatedAt(around, place - distance)) continue;
    value += boostFrom(around, place - distance, value) * (DISTANCE_FACTORS[distance - 1] as number);
    value *= negationFactor(around, place, distance);
    if (distance === REACH) value = applyPhrases(around, place, value);
  }
  return isTurnedByLeast(around, place) ? value * NEGATION_FACTOR : value;
}

/** The rating; "no" before it turns it, and a "no" that turns its neighbour says nothing itself. */
function startingValue(around: Surroundings, place: number): number {
  const { ratings, rule } = around.vocabulary;
  const id = idAt(around, place);
  const rating = ratings[id] as number;
  if (isDenied(around, place)) return rating * NEGATION_FACTOR;
  return id === rule.no && isRatedAt(around, place + 1) ? 0 : rating;
}

/** "no" before a word, at most two words away, or three with "or" or "nor" between. */
export function isDenied(around: Surroundings, place: number): boolean {
  const { rule } = around.vocabulary;
  const before = idAt(around, place - 1);
  return (
    before === rule.no ||
    idAt(around, place - 2) === rule.no ||
    (idAt(around, place - 3) === rule.no && (before === rule.or || before === rule.nor))
  );
}

function boostFrom(around: Surroundings, place: number, value: number): number {
  const boost = around.vocabulary.boosts[idAt(around, place)] as number;
  if (boost === 0) return 0;
  const directed = value < 0 ? -boost : boost;
  if (!isShouted(around, place)) return directed;
  return value > 0 ? directed + CAPITALS_STEP : directed - CAPITALS_STEP;
}

/** What the word `distance` words before does to the sign and size of the present one. */
function negationFactor(around: Surroundings, place: number, distance: number): number {
  const { rule } = around.vocabulary;
  const modifier = idAt(around, place - distance);
  if (distance > 1) {
    const next = idAt(around, place - 1);
    const middle = idAt(around, place - 2);
    const isNeverSo = modifier === rule.never && isSoOrThis(around, place - distance + 1);
    // The reference's "and" binds before its "or": three words on, "so" right before the word needs no "never".
    if (isNeverSo || (distance === REACH && isSoOrThis(around, place - 1))) return NEVER_SO_FACTOR;
    // At distance two, the middle word is "without" itself.
    if (modifier === rule.without && (next === rule.doubt || middle === rule.doubt)) return 1;
  }
  return isNegation(around, place - distance) ? NEGATION_FACTOR : 1;
}

function isSoOrThis(around: Surroundings, place: number): boolean {
  const id = idAt(around, place);
  return id === around.vocabulary.rule.so || id === around.vocabulary.rule.this;
}

export function isNegation({ vocabulary, tokens }: Surroundings, place: number): boolean {
  const negates = ((vocabulary.traits[tokens.ids[place] as number] as number) & NEGATES) !== 0;
  return negates || ((tokens.shapes[place] as number) & CONTRACTED_NOT) !== 0;
}

/** Idioms that end at or before the word, those that begin with it before all, then two-word dampeners before it. */
function applyPhrases(around: Surroundings, place: number, value: number): number {
  const idiom =
    idiomAt(around, place, 3) ??
    idiomAt(around, place, 2) ??
    idiomAt(around, place - 1, 2) ??
    idiomAt(around, place - 2, 3) ??
    idiomAt(around, place - 2, 2) ??
    idiomAt(around, place - 3, 3) ??
    idiomAt(around, place - 3, 2);
  return (idiom ?? value) + phraseBoostAt(around, place - 3) + phraseBoostAt(around, place - 2);
}

function idiomAt(around: Surroundings, place: number, length: 2 | 3): number | undefined {
  if (!mayOpenPhrase(around, place)) return undefined;
  const third = length === 3 ? idAt(around, place + 2) : UNKNOWN;
  // Without a known third word this would be taken for the idiom of two.
  if (length === 3 && third === UNKNOWN) return undefined;
  return around.vocabulary.idiom(idAt(around, place), idAt(around, place + 1), third);
}

function phraseBoostAt(around: Surroundings, place: number): number {
  if (!mayOpenPhrase(around, place)) return 0;
  return around.vocabulary.phraseBoost(idAt(around, place), idAt(around, place + 1));
}

function mayOpenPhrase(around: Surroundings, place: number): boolean {
  const { traits } = around.vocabulary;
  const opens = ((traits[idAt(around, place)] as number) & OPENS_PHRASE) !== 0;
  return opens && ((traits[idAt(around, place + 1)] as number) & FOLLOWS_IN_PHRASE) !== 0;
}

/** "least" turns the word behind it, unless it is "at least" or "very least". */
export function isTurnedByLeast(around: Surroundings, place: number): boolean {
  const { rule } = around.vocabulary;
  if (idAt(around, place - 1) !== rule.least) return false;
  const before = idAt(around, place - 2);
  return before !== rule.at && before !== rule.very;
}

export function isRatedAt(around: Surroundings, place: number): boolean {
  return ((around.vocabulary.traits[idAt(around, place)] as number) & IN_LEXICON) !== 0;
}

export function isShouted({ tokens, capitalsStandOut }: Surroundings, place: number): boolean {
  return capitalsStandOut && ((tokens.shapes[place] as number) & ALL_CAPS) !== 0;
}

/** Beyond either end of the text there is no known word. */
function idAt({ tokens }: Surroundings, place: number): number {
  return place >= 0 && place < tokens.count ? (tokens.ids[place] as number) : UNKNOWN;
}
