import type { EpochMs, Queryable } from '../core/index.ts';
import {
  INSERT_SCORES,
  SELECT_ARTICLES,
  SELECT_BAR_SPAN,
  SELECT_CANDLES,
  SELECT_FURTHEST_BAR,
  SELECT_INDICES,
  SELECT_POSTS,
  SELECT_SCORES,
} from './statements.ts';
import { compareObservations, type CandleObservation, type Observation } from './records.ts';

export interface ReadOptions {
  asset: string;
  /** Only candles of this bar. */
  barMinutes: number;
  /** Only these indices; default all. */
  indexNames?: readonly string[];
}

/** Half-open range of known time: after < knownAt <= upTo. */
export interface KnownWithin {
  after: EpochMs;
  upTo: EpochMs;
}

/** What a scorer said about a text, without its label. */
export interface TextScore {
  textId: string;
  /** -1..1 */
  sentiment: number;
  /** 1/3..1 */
  confidence: number;
  negative: number;
  neutral: number;
  positive: number;
}

/**
 * Everything that became known within a range, and nothing that was not known by its end.
 * @param options.after - exclusive
 * @param options.upTo - inclusive: the decision's asOf
 * @returns observations in the order in which state is folded. All versions of a bar are among them; the one that
 *   comes first serves, a later one is a revision.
 */
export async function readObservations(
  db: Queryable,
  options: ReadOptions & KnownWithin,
): Promise<Observation[]> {
  const within = [options.asset, clamp(options.after), clamp(options.upTo)];
  const candles = await db.query<Observation>(SELECT_CANDLES, [...within, options.barMinutes]);
  const articles = await db.query<Observation>(SELECT_ARTICLES, within);
  const posts = await db.query<Observation>(SELECT_POSTS, within);
  const indices = await db.query<Observation>(SELECT_INDICES, [...within, options.indexNames ?? null]);
  return [...candles.rows, ...articles.rows, ...posts.rows, ...indices.rows].sort(compareObservations);
}

/** The bars alone, as `readObservations` reads them. */
export async function readCandles(
  db: Queryable,
  { asset, barMinutes, after, upTo }: { asset: string; barMinutes: number } & KnownWithin,
): Promise<CandleObservation[]> {
  const { rows } = await db.query<CandleObservation>(SELECT_CANDLES, [
    asset,
    clamp(after),
    clamp(upTo),
    barMinutes,
  ]);
  return rows.sort(compareObservations);
}

/**
 * Close times of the first and the last bar that silver holds.
 * @returns null when it holds none
 */
export async function readBarSpan(
  db: Queryable,
  { asset, barMinutes }: { asset: string; barMinutes: number },
): Promise<{ first: EpochMs; last: EpochMs } | null> {
  const { rows } = await db.query<{ first: number | null; last: number | null }>(SELECT_BAR_SPAN, [
    asset,
    barMinutes,
  ]);
  const { first, last } = rows[0] ?? { first: null, last: null };
  return first === null || last === null ? null : { first, last };
}

/** Length in minutes of the bars that reach furthest; null while silver holds none. */
export async function readFurthestBar(db: Queryable, asset: string): Promise<number | null> {
  const { rows } = await db.query<{ bar_minutes: number }>(SELECT_FURTHEST_BAR, [asset]);
  return rows[0]?.bar_minutes ?? null;
}

/** Stores scores; one that is there already stays, since the same scorer says the same of the same text. */
export async function writeScores(
  db: Queryable,
  options: { scorer: string; scores: readonly TextScore[]; scoredAt: EpochMs },
): Promise<void> {
  const { scorer, scores, scoredAt } = options;
  const column = (name: keyof TextScore) => scores.map((score) => score[name]);
  await db.query(INSERT_SCORES, [
    column('textId'),
    column('sentiment'),
    column('confidence'),
    column('negative'),
    column('neutral'),
    column('positive'),
    scorer,
    scoredAt,
  ]);
}

/**
 * The stored scores of texts.
 * @param options.textIds - as many as wanted; texts without a score are missing in the result
 */
export async function readScores(
  db: Queryable,
  options: { scorer: string; textIds: readonly string[] },
): Promise<Map<string, TextScore>> {
  const { rows } = await db.query<TextScore>(SELECT_SCORES, [options.scorer, options.textIds]);
  return new Map(rows.map((score) => [score.textId, score]));
}

/** Postgres has no moment for JavaScript's infinities; the bounds of its own calendar in use here are far enough. */
function clamp(moment: EpochMs): EpochMs {
  return Math.min(Math.max(moment, -6e13), 2.5e14);
}
