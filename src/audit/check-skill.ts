import { createRandom, HOUR_MS, MINUTE_MS, parseUtc, type EpochMs } from '../core/index.ts';
import type { FeatureInput } from '../features/index.ts';
import { compareObservations } from '../lake/index.ts';
import { blockRows, VOID_LABEL, type DirectionRows } from '../models/index.ts';
import type { FoldedHistory } from '../prediction/index.ts';
import type { RawRecord } from '../sources/index.ts';
import {
  notRun,
  outcomeOf,
  SAYS_THE_SAME,
  type AuditCase,
  type Check,
  type Finding,
  type Outcome,
} from './check.ts';
import { hitsOf, predictSplits, saysTheSame, skillOf, type Skill } from './skill.ts';
import { foldRecords } from './pipeline.ts';

const SHUFFLES = 2;
/** Nearer to a half than this is nothing, however many windows say so. */
const LEAST_EXCESS = 0.01;
/** No honest direction at these horizons is right this often; what is, is suspected. */
const IMPLAUSIBLE = 0.6;

/** Skill where there can be none: every day or longer of labels is turned over or not by a coin. */
export const shuffledLabels: Check = {
  name: 'shuffled-labels',
  seesSymptoms: true,
  run({ pipeline, whole, seed }) {
    const walked: Float64Array[] = [];
    for (let shuffle = 0; shuffle < SHUFFLES; shuffle += 1) {
      const random = createRandom(seed).fork(`shuffle ${shuffle}`);
      const rows = turnedOver(whole.rows, blockMs(pipeline.facts), random.uniform);
      const predicted = predictSplits(pipeline, rows);
      if (saysTheSame(predicted)) return notRun(SAYS_THE_SAME);
      walked.push(hitsOf(predicted, rows.labels));
    }
    const hits = meanOf(walked);
    return withoutSkill(skillOf(pipeline, { rows: whole.rows, hits, seed }), {
      name: 'skill-on-shuffled-labels',
      what: `${SHUFFLES} walks over labels turned over by a coin, in blocks of ${blockMs(pipeline.facts) / HOUR_MS} hours`,
    });
  },
};

/** The same news beside prices that walk at random, as long and as wide as the true ones. */
export const noise: Check = {
  name: 'noise-market',
  seesSymptoms: true,
  async run({ pipeline, records, seed }) {
    const { rows } = await foldRecords(pipeline, randomWalk(records, seed));
    const predicted = predictSplits(pipeline, rows);
    if (saysTheSame(predicted)) return notRun(SAYS_THE_SAME);
    const hits = hitsOf(predicted, rows.labels);
    return withoutSkill(skillOf(pipeline, { rows, hits, seed }), {
      name: 'skill-on-noise',
      what: 'prices that walk at random, the news left as it is',
    });
  },
};

/**
 * The same predictions entered one bar later, and predictions from texts that come one bar later. Both may cost what is
 * true and short-lived (the hourly reversal is); only where a direction is right more often than these horizons bear, and
 * most of that is gone a bar later, it is a finding.
 */
export const oneBarLater: Check = {
  name: 'one-bar-later',
  seesSymptoms: true,
  run(audited) {
    const { pipeline, whole, seed } = audited;
    const { rows, labelsOneBarLater } = whole;
    const predicted = predictSplits(pipeline, rows);
    if (saysTheSame(predicted)) return notRun(SAYS_THE_SAME);
    const now = skillOf(pipeline, { rows, hits: hitsOf(predicted, rows.labels), seed });
    if (now === null) return notRun(tooFew(pipeline));
    const later = skillOf(pipeline, { rows, hits: hitsOf(predicted, labelsOneBarLater), seed });
    const delayed = textsOneBarLater(audited).rows;
    const hits = hitsOf(predictSplits(pipeline, delayed), delayed.labels);
    const lagged = skillOf(pipeline, { rows: delayed, hits, seed });
    const told = [now, later, lagged].map((skill) => percent(skill?.accuracy ?? NaN));
    const compared = `accuracy ${told[0]} over ${now.n} windows (99.9 % interval ${percent(now.low)} to ${percent(now.high)}); entered one bar later ${told[1]}; with texts one bar later ${told[2]}`;
    const least = Math.min(later?.accuracy ?? NaN, lagged?.accuracy ?? NaN);
    const collapses = now.low > IMPLAUSIBLE && least - 0.5 < (now.accuracy - 0.5) / 2;
    if (!collapses) return outcomeOf(compared, []);
    const evidence = {
      ...now,
      accuracyOneBarLater: later?.accuracy,
      accuracyTextsOneBarLater: lagged?.accuracy,
    };
    return outcomeOf(compared, [{ name: 'one-bar-collapse', evidence }]);
  },
};

function withoutSkill(skill: Skill | null, { name, what }: { name: string; what: string }): Outcome {
  if (skill === null)
    return notRun('too few windows for an interval: it needs 30 blocks of max(24 h, 3 horizons)');
  const { accuracy, low, high, n } = skill;
  const isOff = (low > 0.5 || high < 0.5) && Math.abs(accuracy - 0.5) > LEAST_EXCESS;
  const findings: Finding[] = isOff ? [{ name, evidence: { ...skill, expected: 0.5, on: what } }] : [];
  return outcomeOf(
    `accuracy ${percent(accuracy)} over ${n} windows (99.9 % interval ${percent(low)} to ${percent(high)}) against 50 %: ${what}`,
    findings,
  );
}

function tooFew({ facts }: AuditCase['pipeline']): string {
  return `too few windows for an interval: it needs 30 blocks of ${blockMs(facts) / HOUR_MS} hours`;
}

function blockMs(facts: { barMinutes: number; horizonMinutes: number }): number {
  return blockRows(facts) * facts.barMinutes * MINUTE_MS;
}

function turnedOver(rows: DirectionRows, block: number, uniform: () => number): DirectionRows {
  const coins = new Map<number, boolean>();
  const isTurned = (row: number): boolean => {
    const place = Math.floor((rows.windowEnds[row] ?? 0) / block);
    const coin = coins.get(place) ?? uniform() < 0.5;
    coins.set(place, coin);
    return coin;
  };
  return {
    ...rows,
    labels: rows.labels.map((label, row) => (label !== VOID_LABEL && isTurned(row) ? 1 - label : label)),
    futureReturns: rows.futureReturns.map((value, row) => (isTurned(row) ? -value : value)),
  };
}

function meanOf(walked: readonly Float64Array[]): Float64Array {
  const [first = new Float64Array(0)] = walked;
  return first.map((_, row) => walked.reduce((sum, hits) => sum + (hits[row] ?? NaN), 0) / walked.length);
}

/**
 * Prices of chance for the bars: in the order of their time every bar opens where the one before closed, whatever order
 * the records have; a bar that is told twice is the same twice.
 */
function randomWalk(records: readonly RawRecord[], seed: number): RawRecord[] {
  const random = createRandom(seed).fork('noise market');
  const deviation = deviationOf(records);
  const times = records.filter(({ kind }) => kind === 'candle').map(({ fields }) => String(fields.open_time));
  const inOrder = [...new Set(times)].sort((one, other) => timeOf(one) - timeOf(other));
  let price = Number(records.find(({ kind }) => kind === 'candle')?.fields.close);
  const bars = new Map(
    inOrder.map((time) => {
      const open = price;
      price = Number((open * Math.exp(deviation * random.normal())).toPrecision(9));
      return [time, { open, high: Math.max(open, price), low: Math.min(open, price), close: price }];
    }),
  );
  return records.map((record) =>
    record.kind === 'candle'
      ? { ...record, fields: { ...record.fields, ...bars.get(String(record.fields.open_time)) } }
      : record,
  );
}

/** Numbers and texts of a time alike; what cannot be read comes last, and is turned away at the door. */
function timeOf(text: string): number {
  const time = /^\d+(\.\d+)?$/.test(text) ? Number(text) : parseUtc(text);
  return Number.isNaN(time) ? Infinity : time;
}

/** Standard deviation of a bar's log return, without what the door would call a jump. */
function deviationOf(records: readonly RawRecord[]): number {
  let squares = 0;
  let count = 0;
  for (const { kind, fields } of records) {
    const move = kind === 'candle' ? Math.log(Number(fields.close) / Number(fields.open)) : NaN;
    if (!(Math.abs(move) < 0.2)) continue;
    squares += move * move;
    count += 1;
  }
  return Math.max(1e-5, Math.sqrt(squares / count));
}

function textsOneBarLater({ pipeline, whole }: AuditCase): FoldedHistory {
  const bar = pipeline.facts.barMinutes * MINUTE_MS;
  const delayed = whole.inputs.map((input): FeatureInput => {
    const isText = input.kind === 'article' || input.kind === 'post';
    return isText ? { ...input, knownAt: (input.knownAt + bar) as EpochMs } : input;
  });
  return pipeline.fold(delayed.sort(compareObservations));
}

function percent(share: number): string {
  return Number.isNaN(share) ? '-' : `${(100 * share).toFixed(2)} %`;
}
