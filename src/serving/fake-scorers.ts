import { setTimeout as pause } from 'node:timers/promises';
import { AppError } from '../core/index.ts';
import {
  scorerName,
  SCORER_FAMILIES,
  type Explanation,
  type Score,
  type Scorer,
  type Scorers,
  type ScorerState,
} from '../sentiment/index.ts';

/** Scorers for the tests of this module: one that counts, a slow one with a bounded queue, and one that is full. */

/** Counts how often it was asked for scores. */
export interface CountingScorer extends Scorer {
  readonly asked: number;
}

/** How a fake scorer differs from the plain one. */
interface Manner {
  family?: string;
  version?: string;
  /** Of a text with "up" in it; any other has the opposite. */
  sentiment?: number;
  /** Says nothing about words. */
  isMute?: boolean;
}

/** Says +0.5 to a text with "up" in it and -0.5 to any other; a word "up" is what carries it. */
export function createFakeScorer(manner: Manner = {}): CountingScorer {
  const { family = 'vader', version = '1.0.0', sentiment = 0.5, isMute = false } = manner;
  let asked = 0;
  const scorer: CountingScorer = {
    family,
    version,
    get asked() {
      return asked;
    },
    score(texts) {
      asked += 1;
      return Promise.resolve(texts.map((text) => scoreOf(text, sentiment)));
    },
  };
  return isMute ? scorer : Object.assign(scorer, { explain: explainWith(sentiment) });
}

/** Takes its time, and refuses once so many texts wait. */
export function createSlowScorer(family: string, manner: { takesMs: number; bound: number }): Scorer {
  let waiting = 0;
  return {
    family,
    version: '1.0.0',
    async score(texts) {
      if (waiting + texts.length > manner.bound) throw full(family);
      waiting += texts.length;
      await pause(manner.takesMs);
      waiting -= texts.length;
      return texts.map((text) => scoreOf(text, 0.8));
    },
  };
}

/** Refuses every text, as a scorer does whose queue is full. */
export function createOverloadedScorer(family: string): Scorer {
  const refuse = () => Promise.reject(full(family));
  return { family, version: '1.0.0', score: refuse, explain: refuse };
}

/**
 * The families of a system.
 * @param given.ready - what answers, one a family
 * @param given.states - families that do not, as they stand; those that are not named are unavailable
 * @param given.older - versions that answer no more and are still loaded for a price model
 */
export function createFakeScorers(
  given: { ready?: readonly Scorer[]; states?: readonly ScorerState[]; older?: readonly Scorer[] } = {},
): Scorers {
  const { ready = [createFakeScorer()], states = [], older = [] } = given;
  const stateOf = (family: string): ScorerState => {
    const scorer = ready.find((one) => one.family === family);
    if (scorer !== undefined) return { family, state: 'ready', scorer, note: null };
    const told = states.find((state) => state.family === family);
    return told ?? { family, state: 'unavailable', reason: 'it was never trained', remedy: 'Train it.' };
  };
  return {
    all: () => SCORER_FAMILIES.map(stateOf),
    of: (family) => ((SCORER_FAMILIES as readonly string[]).includes(family) ? stateOf(family) : null),
    named: (name) => [...ready, ...older].find((scorer) => scorerName(scorer) === name) ?? null,
  };
}

function scoreOf(text: string, sentiment: number): Score {
  const isUp = text.includes('up') === sentiment > 0;
  return {
    sentiment: text.includes('up') ? sentiment : -sentiment,
    confidence: isUp ? 0.8 : 0.6,
    label: isUp ? 'positive' : 'negative',
    probabilities: {
      negative: isUp ? 0.1 : 0.6,
      neutral: isUp ? 0.1 : 0.3,
      positive: isUp ? 0.8 : 0.1,
    },
  };
}

function explainWith(sentiment: number): (text: string) => Promise<Explanation> {
  return (text) => {
    const from = text.indexOf('up');
    const part = { text: 'up', from, to: from + 2, weight: sentiment, note: null };
    return Promise.resolve({
      score: scoreOf(text, sentiment),
      unit: 'half points',
      parts: from < 0 ? [] : [part],
    });
  };
}

function full(family: string): AppError {
  return new AppError({
    code: 'SENTIMENT_OVERLOADED',
    message: `${family} is full. Ask again in 2 s.`,
    status: 503,
    retryable: true,
    details: { family, retryAfterSeconds: 2 },
  });
}
