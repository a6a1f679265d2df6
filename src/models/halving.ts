import type { Random } from '../core/index.ts';
import { SAMPLERS, STARTUP, type Observation, type SearchMethod } from './samplers.ts';
import type { SearchSpace, Settings } from './search-space.ts';

/** A third goes on to the next rung, which has three times the resource. */
const REDUCTION = 3;
/** Rungs of a bracket: a ninth, a third, all. */
const RUNGS = 3;

/** A trial with what it came to on each rung that it reached. */
export interface Trial {
  /** 0 is the family untuned. */
  number: number;
  settings: Settings;
  /** Loss by rung; the last one is that of all of the resource. */
  losses: number[];
  /** It was judged on all of the resource. */
  isFull: boolean;
}

/** What a search is made of. */
export interface BracketOptions {
  space: SearchSpace;
  method: SearchMethod;
  /** Judge everyone on all of the resource, or brackets of nine on a ninth, the best three on a third, the best on all. */
  halving: boolean;
  /** Trials at most. */
  trials: number;
  dice: Random;
  /** Asked before each trial but the first. */
  isOver(): boolean;
  /** Loss of settings on a share of the resource. */
  judge(trial: { number: number; rung: number; share: number; settings: Settings }): number;
}

/**
 * Searches by brackets of successive halving: of the trials of a bracket each is judged on the least of the resource, the
 * better third on three times as much, and so on to all of it. Without halving a bracket is one trial on all of it. The
 * first trial of all is the family untuned, and it goes on to the end whatever came of it. The sampler learns from the
 * highest rung that has ten losses, else from the lowest.
 * @see Jamieson, Talwalkar (2016), Non-stochastic best arm identification and hyperparameter optimization, AISTATS
 * @see Li et al. (2018), Hyperband, JMLR 18; Falkner, Klein, Hutter (2018), BOHB, ICML (which losses the sampler sees)
 */
export function searchBrackets(options: BracketOptions): Trial[] {
  const rungs = options.halving ? RUNGS : 1;
  const size = REDUCTION ** (rungs - 1);
  const trials: Trial[] = [];
  while (trials.length < options.trials && (trials.length === 0 || !options.isOver())) {
    const bracket = openBracket(trials, { ...options, rungs, size });
    for (let rung = 1; rung < rungs; rung += 1) {
      for (const trial of survivors(bracket, rung)) climb(trial, { ...options, rungs });
    }
  }
  return trials;
}

type Rungs = BracketOptions & { rungs: number };

/** Judges new trials on the lowest rung, each proposed by what all before it came to. */
function openBracket(trials: Trial[], options: Rungs & { size: number }): Trial[] {
  const { space, method, dice } = options;
  const bracket: Trial[] = [];
  while (bracket.length < options.size && trials.length < options.trials) {
    if (trials.length > 0 && options.isOver()) break;
    const number = trials.length;
    const settings =
      number === 0
        ? space.defaults
        : SAMPLERS[method].propose(
            space.dimensions,
            observed(trials, options.rungs),
            dice.fork(`trial ${number}`),
          );
    const trial: Trial = { number, settings, losses: [], isFull: false };
    climb(trial, options);
    trials.push(trial);
    bracket.push(trial);
  }
  return bracket;
}

/** Judges a trial on the next rung. */
function climb(trial: Trial, { judge, rungs }: Rungs): void {
  const rung = trial.losses.length;
  const share = REDUCTION ** (rung - rungs + 1);
  trial.losses.push(judge({ number: trial.number, rung, share, settings: trial.settings }));
  trial.isFull = rung === rungs - 1;
}

/** The better third of those that stand on the rung below, one at least, and the untuned one. */
function survivors(bracket: readonly Trial[], rung: number): Trial[] {
  const standing = bracket.filter(({ losses }) => losses.length === rung);
  const ranked = standing.toSorted(
    (left, right) => (left.losses[rung - 1] ?? NaN) - (right.losses[rung - 1] ?? NaN),
  );
  const kept = ranked.slice(0, Math.max(1, Math.floor(standing.length / REDUCTION)));
  return standing.filter((trial) => trial.number === 0 || kept.includes(trial));
}

function observed(trials: readonly Trial[], rungs: number): Observation[] {
  for (let rung = rungs - 1; rung >= 0; rung -= 1) {
    const reached = trials.filter(({ losses }) => losses.length > rung);
    if (reached.length >= STARTUP || rung === 0) {
      return reached.map(({ settings, losses }) => ({ settings, loss: losses[rung] ?? NaN }));
    }
  }
  return [];
}
