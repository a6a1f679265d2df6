import { createHash } from 'node:crypto';
import { DAY_MS, MINUTE_MS } from '../core/index.ts';
import type { FeatureDefinition, FeatureGroup } from './definition.ts';
import { FEATURE_DEFINITIONS } from './definitions.ts';

const VERSION_DIGITS = 12;

/** Definitions with the bar and the scorer they are computed with: what a model is trained on and must be served. */
export interface FeatureSet {
  /** 12 hex digits of a SHA-256 over definitions, bar length and scorer. */
  readonly version: string;
  readonly barMinutes: number;
  /** `family@version`. */
  readonly scorer: string;
  /** In the order of every vector of this set. */
  readonly names: readonly string[];
  readonly definitions: readonly FeatureDefinition[];
  /** The names by what they need, each group in the order of the set. */
  readonly groups: Readonly<Record<FeatureGroup, readonly string[]>>;
  /** The names that arms without a scorer leave out: all but the group `price`. */
  readonly withoutSentiment: readonly string[];
}

/**
 * A feature set.
 * @param options.barMinutes - minutes, a divisor of a day
 * @param options.scorer - `family@version` of the scorer whose sentiments are folded
 * @param options.definitions - default: feature set v1, see docs/features.md
 * @throws RangeError when the bar does not divide a day, the scorer has no version, or two definitions share a name
 * @example createFeatureSet({ barMinutes: 60, scorer: 'vader@1.0.0' }).names.length // 15
 */
export function createFeatureSet({
  barMinutes,
  scorer,
  definitions = FEATURE_DEFINITIONS,
}: {
  barMinutes: number;
  scorer: string;
  definitions?: readonly FeatureDefinition[];
}): FeatureSet {
  const barsPerDay = DAY_MS / (barMinutes * MINUTE_MS);
  if (!Number.isInteger(barMinutes) || barMinutes < 1 || !Number.isInteger(barsPerDay)) {
    throw new RangeError(`a bar is a whole number of minutes that divides a day, got ${barMinutes}`);
  }
  if (!/^[^@\s]+@[^@\s]+$/.test(scorer)) throw new RangeError(`a scorer is family@version, got "${scorer}"`);
  const names = definitions.map(({ name }) => name);
  const repeated = names.find((name, place) => names.indexOf(name) !== place);
  if (repeated !== undefined) throw new RangeError(`the feature ${repeated} is defined twice`);
  const namesOf = (isMeant: (group: FeatureGroup) => boolean) =>
    definitions.filter(({ group }) => isMeant(group)).map(({ name }) => name);
  return {
    version: versionOf(definitions, { barMinutes, scorer }),
    barMinutes,
    scorer,
    names,
    definitions,
    groups: {
      price: namesOf((group) => group === 'price'),
      sentiment: namesOf((group) => group === 'sentiment'),
      social: namesOf((group) => group === 'social'),
    },
    withoutSentiment: namesOf((group) => group !== 'price'),
  };
}

function versionOf(
  definitions: readonly FeatureDefinition[],
  { barMinutes, scorer }: { barMinutes: number; scorer: string },
): string {
  const facts = definitions.map(({ name, version, dtype, unit, lookback, inputs }) => ({
    name,
    version,
    dtype,
    unit,
    lookback,
    inputs,
  }));
  const text = JSON.stringify({ barMinutes, scorer, definitions: facts });
  return createHash('sha256').update(text).digest('hex').slice(0, VERSION_DIGITS);
}
