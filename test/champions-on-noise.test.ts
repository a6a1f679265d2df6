import { describe, expect, it } from 'vitest';
import { createModels } from '../src/compose.ts';
import { createVirtualClock, HOUR_MS, readConfig, SECOND_MS, type EpochMs } from '../src/core/index.ts';
import type { FeatureInput } from '../src/features/index.ts';
import { evaluateDirection, VOID_LABEL, type DirectionScores } from '../src/models/index.ts';
import {
  createPredictor,
  createWindowMemory,
  HORIZONS_MINUTES,
  type Prediction,
  type SettledOutcome,
} from '../src/prediction/index.ts';
import type { GateDecision, LiveChange } from '../src/registry/index.ts';
import { runWindow, windowsBetween, type WindowParts, type WindowRun } from '../src/run-window.ts';
import { learnInMemory } from './learning.ts';
import { BAR_MINUTES, GRACE_SECONDS, observeMarket, ORIGIN } from './simulated-market.ts';

const isFull = process.env['BELLWETHER_TEST_FULL'] === '1';
const GRACE_MS = GRACE_SECONDS * SECOND_MS;
const WEEK_BARS = 7 * 24;
/** Enough for a gate fit at the first training: eight weeks are judged, and a model of what lies before them. */
const WARM_UP_BARS = 2_160;
const FIRST_CHAMPION = readConfig({}).answeringArm;
/** So often the gate may take chance for skill. */
const STATED_SHARE = 0.05;

/** What the system said and did while it lived through a market. */
interface Life {
  /** By horizon: how good the answers were of whoever was champion at the time. */
  champions: ReadonlyMap<number, DirectionScores>;
  /** How many windows were answered by a champion, at all horizons together. */
  answers: number;
  decisions: GateDecision[];
  changes: LiveChange[];
}

describe('the whole loop on a market of pure noise', () => {
  it('answers every window and keeps the champion that it began with (one seed, four weeks)', async () => {
    const { champions, answers, decisions, changes } = await liveThrough(1, { weeks: 4 });
    expect(answers).toBe(4 * WEEK_BARS * HORIZONS_MINUTES.length);
    // 671 windows: three standard errors.
    expect(Math.abs((champions.get(60)?.accuracy ?? NaN) - 0.5)).toBeLessThan(0.058);
    expect(triedWeeks(decisions, 60)).toBe(4);
    expect(championChanges(changes, 60)).toEqual([]);
  });

  it.runIf(isFull)(
    'has a champion that is right half of the time and seldom changes, over six seeds of a year',
    { timeout: 1_800_000 },
    async () => {
      const lives: Life[] = [];
      for (const seed of [1, 2, 3, 4, 5, 6]) {
        const life = await liveThrough(seed, { weeks: 52 });
        lives.push(life);
        for (const horizon of HORIZONS_MINUTES) tell(rowOf(seed, life, horizon));
      }
      for (const horizon of HORIZONS_MINUTES) expectNoSkill(lives, horizon);
    },
  );
});

/** The mean within three standard errors of a half, intervals that hold it, and few changes of champion. */
function expectNoSkill(lives: readonly Life[], horizon: number): void {
  const scores = lives.map(({ champions }) => champions.get(horizon)!);
  const mean = scores.reduce((sum, { accuracy }) => sum + accuracy, 0) / scores.length;
  const squares = scores.reduce((sum, { accuracy }) => sum + (accuracy - mean) ** 2, 0);
  const standardError = Math.sqrt(squares / (scores.length - 1) / scores.length);
  const misses = scores.filter(({ low, high }) => low > 0.5 || high < 0.5).length;
  const tried = lives.reduce((sum, { decisions }) => sum + triedWeeks(decisions, horizon), 0);
  const changed = lives.reduce((sum, { changes }) => sum + championChanges(changes, horizon).length, 0);
  tell(
    `| ${horizon} | ${percent(mean)} | ${percent(standardError)} | ${misses} of ${scores.length} | ${changed} of ${tried} |`,
  );
  for (const { n } of scores) expect(n).toBeGreaterThan(8_700);
  expect(Math.abs(mean - 0.5)).toBeLessThanOrEqual(3 * standardError);
  expect(misses).toBeLessThanOrEqual(1);
  expect(changed / tried).toBeLessThanOrEqual(STATED_SHARE);
}

/** A year or less behind the warm-up, window by window on the one path, held in memory. */
async function liveThrough(seed: number, { weeks }: { weeks: number }): Promise<Life> {
  const bars = WARM_UP_BARS + weeks * WEEK_BARS;
  const { inputs } = await observeMarket({ seed, bars });
  const run = openRunInMemory(seed);
  const parts = feedOf(inputs);
  const answers: Prediction[] = [];
  const outcomes: SettledOutcome[] = [];
  const decisions: GateDecision[] = [];
  const changes: LiveChange[] = [];
  for (const windowEnd of windowsBetween(ORIGIN, ORIGIN + bars * HOUR_MS, BAR_MINUTES)) {
    const before = run.learning.deployed.champions;
    const effects = await runWindow(windowEnd, run, parts);
    // Before the very first window nobody is champion yet; its own training names one.
    const champions = before.size > 0 ? before : run.learning.deployed.champions;
    answers.push(
      ...effects.predictions.filter(({ arm, horizonMinutes }) => champions.get(horizonMinutes) === arm),
    );
    outcomes.push(...effects.outcomes);
    for (const retraining of effects.retrainings) {
      decisions.push(...retraining.decisions);
      changes.push(...retraining.changes);
    }
  }
  const champions = new Map(
    HORIZONS_MINUTES.map((horizon) => [horizon, score(answers, outcomes, { horizon, seed })]),
  );
  return { champions, answers: answers.length, decisions, changes };
}

function openRunInMemory(seed: number): WindowRun {
  const { featureSets, lanes, arms } = createModels(BAR_MINUTES);
  const predictAfter = ORIGIN + WARM_UP_BARS * HOUR_MS;
  const shared = { firstFitAt: predictAfter, graceMs: GRACE_MS, seed };
  return {
    predictAfter,
    memory: createWindowMemory({
      featureSets,
      horizonsMinutes: HORIZONS_MINUTES,
      graceSeconds: GRACE_SECONDS,
    }),
    learning: learnInMemory({ ...shared, featureSets, arms, firstChampion: FIRST_CHAMPION }),
    predictor: createPredictor({
      ...shared,
      // Yardsticks never answer.
      arms: arms.filter(({ isGoverned }) => isGoverned),
      horizonsMinutes: HORIZONS_MINUTES,
      lanes,
    }),
  };
}

/** Hands out each input once, when it becomes known. */
function feedOf(inputs: readonly FeatureInput[]): WindowParts {
  let next = 0;
  return {
    clock: createVirtualClock(0),
    collect: () => Promise.resolve(),
    read({ upTo }) {
      const first = next;
      while ((inputs[next]?.knownAt ?? Infinity) <= upTo) next += 1;
      return Promise.resolve({ inputs: inputs.slice(first, next), scores: [] });
    },
  };
}

function score(
  answers: readonly Prediction[],
  outcomes: readonly SettledOutcome[],
  { horizon, seed }: { horizon: number; seed: number },
): DirectionScores {
  const own = answers.filter(({ horizonMinutes }) => horizonMinutes === horizon);
  const truths = new Map<EpochMs, number>();
  for (const { windowEnd, horizonMinutes, entryDelayMinutes, outcome } of outcomes) {
    if (horizonMinutes !== horizon || entryDelayMinutes !== 0 || outcome === 'void') continue;
    truths.set(windowEnd, outcome === 'up' ? 1 : 0);
  }
  return evaluateDirection({
    probabilities: Float64Array.from(own, ({ probabilityUp }) => probabilityUp),
    labels: Uint8Array.from(own, ({ windowEnd }) => truths.get(windowEnd) ?? VOID_LABEL),
    labelsOneBarLater: new Uint8Array(own.length).fill(VOID_LABEL),
    windowEnds: Float64Array.from(own, ({ windowEnd }) => windowEnd),
    barMinutes: BAR_MINUTES,
    horizonMinutes: horizon,
    baselineProbabilities: {},
    seed,
  });
}

/** Weeks in which challengers could be compared with the champion. */
function triedWeeks(decisions: readonly GateDecision[], horizon: number): number {
  const compared = decisions.filter(
    ({ kind, horizonMinutes, low }) =>
      kind === 'champion' && horizonMinutes === horizon && !Number.isNaN(low),
  );
  return new Set(compared.map(({ at }) => at)).size;
}

/** `trees+vader > trees+none`, in order; the first champion is none. */
function championChanges(changes: readonly LiveChange[], horizon: number): string[] {
  return changes.flatMap(({ kind, horizonMinutes, from, to }) =>
    kind === 'champion' && horizonMinutes === horizon && from !== null ? [`${from} > ${to}`] : [],
  );
}

function rowOf(seed: number, { champions, decisions, changes }: Life, horizon: number): string {
  const { n, accuracy, low, high } = champions.get(horizon)!;
  const refreshes = decisions.filter(
    ({ kind, horizonMinutes }) => kind === 'refresh' && horizonMinutes === horizon,
  );
  const promoted = refreshes.filter(({ verdict }) => verdict === 'promoted').length;
  const changed = championChanges(changes, horizon);
  return `| ${seed} | ${horizon} | ${n} | ${percent(accuracy)} (${percent(low)} to ${percent(high)}) | ${changed.length} of ${triedWeeks(decisions, horizon)}${changed.map((change) => `, ${change}`).join('')} | ${promoted} of ${refreshes.length} |`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}

/** The full run takes minutes: a line tells how far it is and what it found. */
function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}
