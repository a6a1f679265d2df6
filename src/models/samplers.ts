import type { Random } from '../core/index.ts';
import { choiceFrequencies, parzenDensity } from './parzen.ts';
import type { Dimension, Dimensions, Setting, Settings } from './search-space.ts';

/** What settings came to; less is better, NaN is worst. */
export interface Observation {
  settings: Settings;
  loss: number;
}

/** How the next settings are chosen. */
export interface Sampler {
  /**
   * @param observed - in the order in which they were made
   * @param dice - the only randomness; the same dice and observations give the same settings
   */
  propose(dimensions: Dimensions, observed: readonly Observation[], dice: Random): Settings;
}

export const SEARCH_METHODS = ['random', 'tpe'] as const;

export type SearchMethod = (typeof SEARCH_METHODS)[number];

/** Observations before the estimator is asked; until then settings are drawn at random. */
export const STARTUP = 10;
/** Share of the observations that counts as good. */
const GOOD_SHARE = 0.25;
/** Draws from the good ones, of which the one that is likeliest to be good is taken. */
const CANDIDATES = 24;

/** Each parameter by itself, from its whole range. @see Bergstra, Bengio (2012), Random search, JMLR 13 */
const random: Sampler = {
  propose: (dimensions, _, dice) =>
    mapped(dimensions, (dimension) => {
      if (dimension.kind === 'choice') return pick(dimension.options, dice.integer(dimension.options.length));
      return settingAt(dimension, dice.uniform());
    }),
};

/**
 * Tree-structured Parzen estimator: the observations are parted into the best quarter and the rest, each parameter's
 * density is estimated in either part, and of 24 draws from the good part's the one with the largest ratio of the two is
 * taken. The first ten are drawn at random.
 * @see Bergstra, Bardenet, Bengio, Kégl (2011), Algorithms for hyper-parameter optimization, NIPS
 */
const tpe: Sampler = {
  propose(dimensions, observed, dice) {
    if (observed.length < STARTUP) return random.propose(dimensions, observed, dice);
    const ranked = observed.toSorted((left, right) => rank(left) - rank(right) || 0);
    const good = ranked.slice(0, Math.ceil(GOOD_SHARE * ranked.length));
    const bad = ranked.slice(good.length);
    const likely = Object.entries(dimensions).map(([name, dimension]) => ({
      name,
      ...likelihood(dimension, {
        good: good.map(({ settings }) => settings[name] ?? NaN),
        bad: bad.map(({ settings }) => settings[name] ?? NaN),
      }),
    }));
    let best: { score: number; settings: Settings } = { score: -Infinity, settings: {} };
    for (let place = 0; place < CANDIDATES; place += 1) {
      const drawn = likely.map(({ name, draw, logRatio }) => ({ name, setting: draw(dice), logRatio }));
      const score = drawn.reduce((sum, { setting, logRatio }) => sum + logRatio(setting), 0);
      const settings = Object.fromEntries(drawn.map(({ name, setting }) => [name, setting]));
      if (score > best.score) best = { score, settings };
    }
    return best.settings;
  },
};

export const SAMPLERS: Readonly<Record<SearchMethod, Sampler>> = { random, tpe };

type Numeric = Exclude<Dimension, { kind: 'choice' }>;

/** Draws from what the good ones have, and how much likelier a value is there than among the bad ones. */
interface Likelihood {
  draw(dice: Random): Setting;
  /** ln of good's density over bad's. */
  logRatio(setting: Setting): number;
}

function likelihood(dimension: Dimension, { good, bad }: { good: Setting[]; bad: Setting[] }): Likelihood {
  if (dimension.kind === 'choice') return choiceLikelihood(dimension.options, { good, bad });
  const placesOf = (settings: Setting[]) => settings.map((setting) => placeOf(dimension, Number(setting)));
  const [inGood, inBad] = [parzenDensity(placesOf(good)), parzenDensity(placesOf(bad))];
  return {
    draw: (dice) => settingAt(dimension, inGood.draw(dice)),
    logRatio(setting) {
      const place = placeOf(dimension, Number(setting));
      if (dimension.kind !== 'integer') return Math.log(inGood.at(place) / inBad.at(place));
      const half = 0.5 / (dimension.high - dimension.low + 1);
      return Math.log(inGood.mass(place - half, place + half) / inBad.mass(place - half, place + half));
    },
  };
}

function choiceLikelihood(
  options: readonly Setting[],
  { good, bad }: { good: Setting[]; bad: Setting[] },
): Likelihood {
  const frequenciesOf = (settings: Setting[]) =>
    choiceFrequencies(
      settings.map((setting) => options.indexOf(setting)),
      options.length,
    );
  const [inGood, inBad] = [frequenciesOf(good), frequenciesOf(bad)];
  return {
    draw(dice) {
      let left = dice.uniform();
      const place = inGood.findIndex((share) => (left -= share) < 0);
      return pick(options, place < 0 ? options.length - 1 : place);
    },
    logRatio(setting) {
      const place = options.indexOf(setting);
      return Math.log((inGood[place] ?? NaN) / (inBad[place] ?? NaN));
    },
  };
}

/** Where a value lies in its range, 0..1; a whole number in the middle of its share. */
function placeOf({ kind, low, high }: Numeric, value: number): number {
  if (kind === 'uniform') return clamped((value - low) / (high - low));
  if (kind === 'integer') return clamped((value - low + 0.5) / (high - low + 1));
  return clamped(Math.log(value / low) / Math.log(high / low));
}

function settingAt({ kind, low, high }: Numeric, place: number): number {
  if (kind === 'integer') return Math.min(high, low + Math.floor(place * (high - low + 1)));
  const value = kind === 'uniform' ? low + place * (high - low) : low * (high / low) ** place;
  return Math.min(high, Math.max(low, value));
}

function mapped(dimensions: Dimensions, settingOf: (dimension: Dimension) => Setting): Settings {
  return Object.fromEntries(
    Object.entries(dimensions).map(([name, dimension]) => [name, settingOf(dimension)]),
  );
}

function pick(options: readonly Setting[], place: number): Setting {
  return options[place] ?? NaN;
}

function clamped(place: number): number {
  return Math.min(1, Math.max(0, place));
}

function rank({ loss }: Observation): number {
  return Number.isNaN(loss) ? Infinity : loss;
}
