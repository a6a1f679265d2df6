/**
 * The words that change other words, and the phrases with a meaning of their own, as vaderSentiment 3.3.2 has them
 * (MIT, see data/LICENSE.txt).
 */

/** What a degree adverb adds to the word it leans on, and a dampener takes away. */
const DEGREE_STEP = 0.293;

// Forms with an apostrophe need no place here: whatever contains "n't" negates.
const CONTRACTED =
  'aint arent cant couldnt darent didnt doesnt dont hadnt hasnt havent isnt mightnt mustnt neednt ' +
  'oughtnt shant shouldnt wasnt werent wont wouldnt';

export const NEGATIONS: readonly string[] =
  `${CONTRACTED} cannot despite neither never none nope nor not nothing nowhere rarely seldom uh-uh uhuh without`.split(
    ' ',
  );

const RAISING =
  'absolutely amazingly awfully completely considerable considerably decidedly deeply effing enormous enormously ' +
  'entirely especially exceptional exceptionally extreme extremely fabulously flippin flipping frackin fracking ' +
  'frickin fricking friggin frigging fuckin fucking fuggin fugging fully greatly hella highly hugely incredible ' +
  'incredibly intensely major majorly more most particularly purely quite really remarkably so substantially ' +
  'thoroughly total totally tremendous tremendously uber unbelievably unusually utter utterly very';

const LOWERING =
  'almost barely hardly kind-of kinda kindof less little marginal marginally occasional occasionally partly scarce ' +
  'scarcely slight slightly somewhat sort-of sorta sortof';

export const BOOSTERS: ReadonlyMap<string, number> = new Map([
  ...RAISING.split(' ').map((word): [string, number] => [word, DEGREE_STEP]),
  ...LOWERING.split(' ').map((word): [string, number] => [word, -DEGREE_STEP]),
]);

/** Two-word dampeners; they count only in front of a word, by their words. */
export const BOOSTER_PHRASES: ReadonlyMap<string, number> = new Map([
  ['just enough', -DEGREE_STEP],
  ['kind of', -DEGREE_STEP],
  ['sort of', -DEGREE_STEP],
]);

/** Phrases whose value replaces that of the lexicon word within or after them. */
export const IDIOMS: ReadonlyMap<string, number> = new Map([
  ['the shit', 3],
  ['the bomb', 3],
  ['bad ass', 1.5],
  ['bus stop', 0],
  ['yeah right', -2],
  ['kiss of death', -1.5],
  ['to die for', 3],
  ['beating heart', 3.5],
]);

/** Words that the rules ask for by name. */
export const RULE_WORDS = [
  'at',
  'but',
  'doubt',
  'kind',
  'least',
  'never',
  'no',
  'nor',
  'of',
  'or',
  'so',
  'this',
  'very',
  'without',
] as const;

export type RuleWord = (typeof RULE_WORDS)[number];
