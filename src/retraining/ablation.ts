import { createRandom, messageOf } from '../core/index.ts';
import {
  blockRows,
  compareDirections,
  directionOf,
  selectColumns,
  type FeatureMatrix,
  type Model,
} from '../models/index.ts';
import {
  ABLATION_COLUMNS,
  modelVersionOf,
  type Ablation,
  type AblationColumns,
  type AblationVariant,
} from '../registry/index.ts';
import { accuracy, blockBootstrapBounds, FEWEST_BLOCKS, logLoss, widenForFewBlocks } from '../stats/index.ts';
import { isStopped, type Candidate } from './candidates.ts';
import { hindsightOf } from './decisions.ts';
import { GATE_RESAMPLES, lossDifferences } from './gate.ts';
import { FEWEST_GATE_ROWS, type HorizonData } from './learning-data.ts';
import type { RetrainedFamily, RetrainingRequest } from './retraining.ts';

/** Each bound by itself: both together are a 95 % interval. */
const CONFIDENCE = 0.975;

/** A family that was fitted, with its next version. */
interface Fitted extends RetrainedFamily {
  candidates: readonly Candidate[];
  version: string;
}

/** An arm with a scorer, and the arm of its family without one, at a horizon. */
interface Pair {
  own: Candidate;
  plain: Candidate;
}

/** What stands for one group of columns: P(up) of the judged windows, or why there are none. */
type Answers = { probabilities: Float64Array; reason: string | null } | { reason: string };

/** Windows that went up or down, with their truth. */
interface Scored {
  rows: readonly number[];
  truth: Uint8Array;
}

/**
 * Measures what the columns of a scorer are worth: for each arm with one, at each horizon, four fits of its family on the
 * same rows with the same seed (without the scorer, with its news, with its posts, with both), all learnt from what had
 * matured before the eight judged weeks and held against the first on those weeks, window by window. `price` and `all`
 * are the gate fits that the arms have anyway; a group of which nothing was there before those weeks, or too little in them,
 * costs no fit. Nothing is decided by it.
 *
 * Intervals are those of the gate, two-sided at 95 %: block bootstrap, blocks of max(24 h, 3 x horizon), widened for few
 * blocks. Where nothing can be compared a reason says why.
 * @returns by horizon, then family and arm; the same for the same request, however many threads fit
 * @throws AppError `MODEL_FIT_STOPPED` when the pool was closed meanwhile; a fit that fails otherwise is a reason
 * @see McNemar (1947); Diebold, Mariano (1995); Künsch (1989) for the blocks
 */
export async function ablate(
  fitted: readonly Fitted[],
  request: RetrainingRequest & { recordedAt: number },
): Promise<Ablation[]> {
  const ablations: Ablation[] = [];
  for (const horizonMinutes of request.horizonsMinutes) {
    for (const { family, version, candidates } of fitted) {
      const there = candidates.filter(({ data }) => data.horizonMinutes === horizonMinutes);
      const plain = there.find(({ arm }) => arm.scorer === null);
      if (plain === undefined) continue;
      for (const own of there) {
        if (own.arm.scorer === null) continue;
        const facts = { modelVersion: modelVersionOf({ family: family.name, version }), horizonMinutes };
        ablations.push({ ...facts, ...(await ablateArm({ own, plain }, request)) });
      }
    }
  }
  return ablations;
}

async function ablateArm(
  pair: Pair,
  request: RetrainingRequest & { recordedAt: number },
): Promise<Omit<Ablation, 'modelVersion' | 'horizonMinutes'>> {
  const { arm, data } = pair.own;
  const { windowEnds } = data.judged;
  const scored = scoredRows(data);
  const answers = await answersOf(pair, { scored, request });
  const isCompared = Object.values(answers).some((each) => 'probabilities' in each);
  const endOf = (row: number | undefined) => (isCompared ? (windowEnds[row ?? -1] ?? null) : null);
  return {
    at: request.recordedAt,
    arm: arm.name,
    scorer: arm.scorer ?? '',
    from: endOf(scored.rows[0]),
    to: endOf(scored.rows.at(-1)),
    n: isCompared ? scored.rows.length : 0,
    seed: request.seed,
    variants: ABLATION_COLUMNS.map((columns) => describe(columns, { answers, data, scored }, request)),
  };
}

type AnswersByColumns = Readonly<Record<AblationColumns, Answers>>;

async function answersOf(
  { own, plain }: Pair,
  { scored, request }: { scored: Scored; request: RetrainingRequest },
): Promise<AnswersByColumns> {
  const { data, arm } = own;
  const barred = hindsightOf(arm, data, request);
  if (barred !== null) return everywhere(barred);
  const { gateRows, judged } = data;
  if (own.gateModel === null || plain.gateModel === null || gateRows === null) {
    return everywhere(
      `Fewer than ${FEWEST_GATE_ROWS} windows had matured before the eight weeks that judge.`,
    );
  }
  if (scored.rows.length === 0) {
    return everywhere('Of no window of the eight weeks that judge is it known which way it went.');
  }
  const answer = (model: Model) => ({ probabilities: model.predict(judged.rows), reason: null });
  const price = answer(plain.gateModel);
  const lacks = { sentiment: lackOf('sentiment', own, request), social: lackOf('social', own, request) };
  if (lacks.sentiment !== null && lacks.social !== null) {
    return { ...everywhere([...new Set(Object.values(lacks))].join(' ')), price };
  }
  const all = answer(own.gateModel);
  const instead = (group: Group): Answers | null => {
    const { [group]: lack, [OTHER[group]]: otherLack } = lacks;
    if (lack !== null) return { reason: `${lack} So nothing can be seen of it.` };
    // What was learnt from the other group is in the fit of all, even where the judged weeks have nothing of it.
    return otherLack === null || isLearnt(OTHER[group], own)
      ? null
      : { ...all, reason: `${otherLack} So the fit of all stands for this one.` };
  };
  const [sentiment, social] = await Promise.all([
    instead('sentiment') ?? fitWithout('social', own, request),
    instead('social') ?? fitWithout('sentiment', own, request),
  ]);
  return { price, 'price+sentiment': sentiment, 'price+social': social, all };
}

type Group = 'sentiment' | 'social';
const TEXTS: Readonly<Record<Group, string>> = { sentiment: 'news', social: 'posts' };
const OTHER: Readonly<Record<Group, Group>> = { sentiment: 'social', social: 'sentiment' };

function everywhere(reason: string): AnswersByColumns {
  return {
    price: { reason },
    'price+sentiment': { reason },
    'price+social': { reason },
    all: { reason },
  };
}

/**
 * Why a group cannot show what it is worth; null where it can. On the judged windows it has to be there as often as an
 * interval asks for: what is hardly ever there moves nothing but the dice of the fit.
 */
function lackOf(
  group: Group,
  { arm, data: { gateRows, judged, horizonMinutes } }: Candidate,
  { barMinutes }: RetrainingRequest,
): string | null {
  const names = columnsOf(arm, group);
  const what = `anything that ${arm.scorer ?? ''} says of ${TEXTS[group]}`;
  if (gateRows === null || countValues(gateRows.rows, names) === 0) {
    return `No window that was learnt from has ${what}.`;
  }
  const seen = countValues(judged.rows, names);
  const needed = FEWEST_BLOCKS * blockRows({ barMinutes, horizonMinutes });
  if (seen >= Math.min(needed, judged.rows.count)) return null;
  return `Only ${seen} of the ${judged.rows.count} windows that judge have ${what}, and ${needed} are needed.`;
}

function isLearnt(group: Group, { arm, data: { gateRows } }: Candidate): boolean {
  return gateRows !== null && countValues(gateRows.rows, columnsOf(arm, group)) > 0;
}

/** Rows in which at least one of the columns has a value. */
function countValues({ columns, values, count }: FeatureMatrix, names: readonly string[]): number {
  const places = names.map((name) => columns.indexOf(name));
  let found = 0;
  for (let row = 0; row < count; row += 1) {
    if (places.some((place) => !Number.isNaN(values[row * columns.length + place] ?? NaN))) found += 1;
  }
  return found;
}

function columnsOf({ scoredColumns }: Candidate['arm'], group: Group): readonly string[] {
  return scoredColumns?.[group] ?? [];
}

/** What the arm would say had it learnt without a group. The narrowed rows go once they are learnt from. */
async function fitWithout(
  group: Group,
  { arm, data }: Candidate,
  { pool, seed }: RetrainingRequest,
): Promise<Answers> {
  const { gateRows, judged } = data;
  if (gateRows === null) throw new RangeError('nothing had matured, so nothing can be left out of it');
  const hidden = [...arm.hiddenColumns, ...columnsOf(arm, group)];
  const { rows } = gateRows;
  const names = rows.columns.filter((name) => !hidden.includes(name));
  try {
    const model = await pool.fit(arm.family.name, selectColumns(rows, names), { seed });
    return { probabilities: model.predict(judged.rows), reason: null };
  } catch (error) {
    if (isStopped(error)) throw error;
    return { reason: `It could not be fitted: ${messageOf(error)}` };
  }
}

function scoredRows({ judged: { labels } }: HorizonData): Scored {
  const rows: number[] = [];
  labels.forEach((label, row) => {
    if (label <= 1) rows.push(row);
  });
  return { rows, truth: Uint8Array.from(rows, (row) => labels[row] ?? NaN) };
}

const NO_FIGURES = {
  ...{ accuracy: null, logLoss: null, accuracyDifference: null, low: null, high: null },
  ...{ gain: null, gainLow: null, gainHigh: null, mcnemar: null, dieboldMariano: null },
};

function describe(
  columns: AblationColumns,
  { answers, data, scored }: { answers: AnswersByColumns; data: HorizonData; scored: Scored },
  request: RetrainingRequest,
): AblationVariant {
  const { price, [columns]: own } = answers;
  const { reason } = own;
  if (!('probabilities' in own) || !('probabilities' in price)) return { columns, ...NO_FIGURES, reason };
  const { probabilities } = own;
  const chances = Float64Array.from(scored.rows, (row) => probabilities[row] ?? NaN);
  const said = Uint8Array.from(chances, (chance) => (directionOf(chance) === 'up' ? 1 : 0));
  const figures = {
    accuracy: accuracy(said, scored.truth),
    logLoss: logLoss(chances, scored.truth),
    ...(columns === 'price' ? {} : compare(probabilities, { other: price.probabilities, data }, request)),
  };
  const known = Object.entries(figures).filter(([, figure]) => figure !== null && !Number.isNaN(figure));
  return { columns, ...NO_FIGURES, ...(Object.fromEntries(known) as Partial<AblationVariant>), reason };
}

/** Both figures so that above 0 the further columns help. */
function compare(
  probabilities: Float64Array,
  { other, data: { judged, horizonMinutes } }: { other: Float64Array; data: HorizonData },
  { barMinutes, seed }: RetrainingRequest,
): Omit<AblationVariant, 'columns' | 'accuracy' | 'logLoss' | 'reason'> {
  const { labels, windowEnds, gridLabels, onGrid } = judged;
  const rows = { probabilities, labels, windowEnds, barMinutes, horizonMinutes, seed };
  const { accuracyDifference, low, high, n, mcnemar, dieboldMariano } = compareDirections(rows, other);
  const blockLength = blockRows({ barMinutes, horizonMinutes });
  const interval = { mean: accuracyDifference, low, high, observations: n };
  const wide = widenForFewBlocks(interval, { blockLength, confidence: CONFIDENCE });
  const gain = blockBootstrapBounds({
    values: lossDifferences({
      candidate: onGrid(probabilities),
      incumbent: onGrid(other),
      labels: gridLabels,
    }),
    blockLength,
    resamples: GATE_RESAMPLES,
    confidence: CONFIDENCE,
    uniform: createRandom(seed).fork('ablation').uniform,
  });
  return {
    accuracyDifference,
    low: wide.low,
    high: wide.high,
    gain: gain.mean,
    gainLow: gain.low,
    gainHigh: gain.high,
    mcnemar,
    dieboldMariano,
  };
}
