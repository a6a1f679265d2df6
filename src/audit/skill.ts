import { createRandom, MINUTE_MS } from '../core/index.ts';
import { blockRows, directionOf, type DirectionRows } from '../models/index.ts';
import { blockBootstrapInterval } from '../stats/index.ts';
import { fitMoments } from './fit-moments.ts';
import { walk, type AuditedPipeline } from './pipeline.ts';

/** So many fits answer for what comes after the warm-up, each until the next one. */
const SPLITS = 4;
/** An interval that may not fail one history in twenty: a check that cries wolf is switched off. */
const LEVEL = 0.999;
const RESAMPLES = 4_000;
/** Below this a percentile interval of that level is too narrow to be believed. */
const FEWEST_BLOCKS = 30;

/** An accuracy with an interval of 99.9 %. */
export interface Skill {
  accuracy: number;
  low: number;
  high: number;
  n: number;
}

/** P(up) out of sample, NaN where not tested, shape (rows.count). */
export function predictSplits(pipeline: AuditedPipeline, rows: DirectionRows): Float64Array {
  const predicted = new Float64Array(rows.count).fill(NaN);
  const fits = fitMoments(rows, SPLITS);
  fits.forEach((from, place) => {
    const { probabilities } = walk(pipeline, rows, { from, to: fits[place + 1] ?? Infinity, refit: 'once' });
    probabilities.forEach((probability, row) => {
      if (!Number.isNaN(probability)) predicted[row] = probability;
    });
  });
  return predicted;
}

/** True where no fit tells its windows apart, so that hits and misses say nothing about it. */
export function saysTheSame(probabilities: Float64Array): boolean {
  return new Set(probabilities.filter((probability) => !Number.isNaN(probability))).size <= SPLITS;
}

/** 1 = right, 0 = wrong, NaN where nothing was predicted or true, shape (n). */
export function hitsOf(probabilities: Float64Array, labels: Uint8Array): Float64Array {
  return probabilities.map((probability, row) => {
    const label = labels[row] ?? NaN;
    if (Number.isNaN(probability) || !(label <= 1)) return NaN;
    return (directionOf(probability) === 'up' ? 1 : 0) === label ? 1 : 0;
  });
}

/** @returns null where there are too few windows for an interval */
export function skillOf(
  { facts }: AuditedPipeline,
  { rows, hits, seed }: { rows: DirectionRows; hits: Float64Array; seed: number },
): Skill | null {
  const bar = facts.barMinutes * MINUTE_MS;
  const blockLength = blockRows(facts);
  const first = hits.findIndex((hit) => !Number.isNaN(hit));
  const start = rows.windowEnds[first] ?? NaN;
  const last = hits.findLastIndex((hit) => !Number.isNaN(hit));
  if (first < 0) return null;
  const values = new Float64Array(((rows.windowEnds[last] ?? NaN) - start) / bar + 1).fill(NaN);
  for (let row = first; row <= last; row += 1) {
    values[((rows.windowEnds[row] ?? NaN) - start) / bar] = hits[row] ?? NaN;
  }
  const { mean, low, high, observations } = blockBootstrapInterval({
    values,
    blockLength,
    resamples: RESAMPLES,
    level: LEVEL,
    uniform: createRandom(seed).fork('skill').uniform,
  });
  if (observations < FEWEST_BLOCKS * blockLength) return null;
  return { accuracy: mean, low, high, n: observations };
}
