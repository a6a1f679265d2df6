import type { FeatureGroup } from './definition.ts';
import type { FeatureSet } from './feature-set.ts';

/** Columns of a wide row that one scorer fills, by group. */
export type ScoredColumns = Readonly<Record<Exclude<FeatureGroup, 'price'>, readonly string[]>>;

/**
 * Feature sets that are computed side by side and differ in their scorer alone: a lane each. The first gives a row its
 * ordinary columns; every further one adds its columns of sentiment, under names that hold its scorer. A model reads
 * columns by name, so it can only ever be given the sentiment that it was trained on.
 */
export interface FeatureLanes {
  /** The first, then the further ones; their scorers differ. */
  readonly sets: readonly FeatureSet[];
  /** Columns of a wide row. */
  readonly names: readonly string[];
  /** @returns the lane of a scorer, `family@version`; undefined where none is computed */
  laneOf(scorer: string): FeatureSet | undefined;
  /**
   * The name under which a column of sentiment stands in a wide row.
   * @throws RangeError for a scorer without a lane
   */
  columnOf(name: string, scorer: string): string;
  /** Columns that an arm does not see: the sentiment of every scorer but its own; of all of them for null. */
  hiddenFrom(scorer: string | null): readonly string[];
  /**
   * The columns of a wide row that a scorer fills.
   * @throws RangeError for a scorer without a lane
   */
  scoredBy(scorer: string): ScoredColumns;
  /**
   * One wide row from the vectors of the lanes.
   * @param vectors - one a lane, in the order of the lanes, shape (names of its set) each
   */
  widen(vectors: readonly Float64Array[]): Float64Array;
}

/**
 * Lays feature sets side by side.
 * @param sets - at least one; of one bar length, each with a scorer of its own
 * @throws RangeError when there is none, or two that do not go together
 * @example createFeatureLanes([vaderSet, linearSet]).columnOf('news_sentiment_4h', 'linear@1.0.0')
 * // 'news_sentiment_4h[linear@1.0.0]'
 */
export function createFeatureLanes(sets: readonly FeatureSet[]): FeatureLanes {
  const [first, ...further] = sets;
  if (first === undefined) throw new RangeError('there must be at least one feature set');
  for (const [place, set] of further.entries()) {
    const before = sets.slice(0, place + 1);
    if (set.barMinutes !== first.barMinutes || before.some(({ scorer }) => scorer === set.scorer)) {
      throw new RangeError(
        `feature sets side by side share a bar and differ in their scorers, got ${set.scorer} at ${set.barMinutes} minutes beside ${first.scorer} at ${first.barMinutes}`,
      );
    }
  }
  const laneOf = (scorer: string) => sets.find((set) => set.scorer === scorer);
  const namesIn = (set: FeatureSet, names: readonly string[]) =>
    names.map((name) => (set === first ? name : furtherName(name, set.scorer)));
  const columnsOf = (set: FeatureSet) => namesIn(set, set.withoutSentiment);
  const places = sets.map((set) => set.withoutSentiment.map((name) => set.names.indexOf(name)));
  const names = [...first.names, ...further.flatMap(columnsOf)];
  return {
    sets,
    names,
    laneOf,
    columnOf(name, scorer) {
      const set = laneOf(scorer);
      if (set?.withoutSentiment.includes(name) !== true) {
        throw new RangeError(`no lane of ${scorer} has a column of sentiment ${name}`);
      }
      return set === first ? name : furtherName(name, scorer);
    },
    hiddenFrom: (scorer) => sets.filter((set) => set.scorer !== scorer).flatMap(columnsOf),
    scoredBy(scorer) {
      const set = laneOf(scorer);
      if (set === undefined) throw new RangeError(`there is no lane of ${scorer}`);
      const { sentiment, social } = set.groups;
      return { sentiment: namesIn(set, sentiment), social: namesIn(set, social) };
    },
    widen(vectors) {
      const row = new Float64Array(names.length);
      row.set(vectors[0] ?? []);
      let at = first.names.length;
      for (let lane = 1; lane < sets.length; lane += 1) {
        for (const place of places[lane] ?? []) {
          row[at] = vectors[lane]?.[place] ?? NaN;
          at += 1;
        }
      }
      return row;
    },
  };
}

function furtherName(name: string, scorer: string): string {
  return `${name}[${scorer}]`;
}
