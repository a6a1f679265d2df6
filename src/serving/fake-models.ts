import { MINUTE_MS, parseUtc } from '../core/index.ts';
import type { PriceReaders, ServingPorts } from './ports.ts';
import type {
  AblationView,
  ArmAnswerView,
  DeploymentView,
  ExplainedDirectionView,
  ModelsStatusView,
  SignalView,
} from './views.ts';

/** What is deployed in the tests of this module. */

const FIRST_WINDOW = parseUtc('2022-11-04T22:00:00Z');
const LAST_WINDOW = parseUtc('2022-11-05T00:00:00Z');

export const FAKE_DEPLOYMENT: DeploymentView = {
  id: 3,
  at: LAST_WINDOW,
  kind: 'retraining',
  actor: 'system',
  reason: 'weekly retraining',
  changes: [
    { kind: 'model', arm: 'logistic+vader', horizonMinutes: 60, from: null, to: 'logistic@1.0.2' },
    { kind: 'champion', horizonMinutes: 60, from: null, to: 'logistic+vader' },
  ],
  undoes: null,
};

const FAKE_STATUS: ModelsStatusView = {
  asset: 'BTC-USD',
  at: LAST_WINDOW + 75_000,
  horizons: [
    { horizonMinutes: 60, champion: 'logistic+vader', since: FIRST_WINDOW },
    { horizonMinutes: 1_440, champion: null, since: null },
  ],
  models: [
    {
      arm: 'logistic+vader',
      horizonMinutes: 60,
      modelVersion: 'logistic@1.0.2',
      since: FIRST_WINDOW,
      trainedAt: FIRST_WINDOW,
      expiresAt: LAST_WINDOW,
      isChampion: true,
      rows: 1_000,
      metrics: { log_loss: 0.692, auc: NaN },
    },
  ],
  gate: [
    {
      at: FIRST_WINDOW,
      horizonMinutes: 60,
      arm: 'logistic+vader',
      kind: 'first',
      candidate: 'logistic@1.0.2',
      incumbentArm: null,
      incumbent: null,
      n: 0,
      gain: NaN,
      low: NaN,
      high: NaN,
      threshold: 0,
      agreement: NaN,
      verdict: 'promoted',
      reason: 'nothing was live',
    },
  ],
  router: { revision: 3, lastSwapAt: LAST_WINDOW, problem: null },
};

const NONE = {
  ...{ accuracyDifference: null, low: null, high: null, gain: null, gainLow: null, gainHigh: null },
  ...{ mcnemar: null, dieboldMariano: null, reason: null },
};

const FAKE_ABLATION: AblationView = {
  at: FIRST_WINDOW,
  modelVersion: 'logistic@1.0.2',
  arm: 'logistic+vader',
  scorer: 'vader@1.0.0',
  horizonMinutes: 60,
  from: parseUtc('2022-09-09T23:00:00Z'),
  to: parseUtc('2022-11-04T21:00:00Z'),
  n: 1_343,
  seed: 1,
  variants: [
    { columns: 'price', accuracy: 0.516, logLoss: 0.6925, ...NONE },
    {
      columns: 'price+sentiment',
      accuracy: 0.521,
      logLoss: 0.6921,
      ...{ accuracyDifference: 0.005, low: -0.007, high: 0.017 },
      ...{ gain: 0.0004, gainLow: -0.0005, gainHigh: 0.0013, mcnemar: 0.44, dieboldMariano: 0.38 },
      reason: 'the fit of all stands for this one',
    },
  ],
};

const READ = 'vader@1.0.0';

/** Which scorers some arms read, all of version 1.0.0. */
export function readersOfArms(champion: string, arms: readonly string[]): PriceReaders {
  const nameOf = (arm: string) => {
    const family = arm.split('+')[1] ?? 'none';
    return family === 'none' ? null : `${family}@1.0.0`;
  };
  const byArm = arms.flatMap((arm) => {
    const name = nameOf(arm);
    return name === null ? [] : [[arm, name] as const];
  });
  return { champion: nameOf(champion), byArm: new Map(byArm) };
}

/**
 * Two arms that learn and a baseline; the one with a scorer moves a thousandth with each whole text, and is left out where
 * its scorer did not read the texts.
 */
export function answersOf(
  signal: SignalView,
  sentiments: ReadonlyMap<string, readonly number[]> | null,
): ArmAnswerView[] {
  const read = sentiments === null ? [] : sentiments.get(READ);
  const moved = (read ?? []).reduce((sum, sentiment) => sum + sentiment / 1_000, 0);
  const shared = { ...signal, featuresCount: 15, isChampion: false };
  const champion = {
    ...shared,
    probabilityUp: signal.probabilityUp + moved,
    sentiment: 0.25,
    isChampion: true,
  };
  return [
    ...(read === undefined ? [] : [champion]),
    {
      ...shared,
      arm: 'logistic+none',
      probabilityUp: 0.49,
      priceDirection: 'neutral',
      sentiment: null,
      featuresCount: 11,
    },
    { ...shared, arm: 'baseline-majority', probabilityUp: 0.51, sentiment: null, featuresCount: 0 },
  ];
}

/** A champion that leans on two features at the first horizon; at any other a baseline is it. */
export function explainedAt(
  present: { windowEnd: number } | null,
  horizonMinutes: number,
): ExplainedDirectionView {
  const windowEnd = present?.windowEnd ?? null;
  const nothing = { modelVersion: null, probabilityUp: null, baseProbability: null, contributions: null };
  const view = { horizonMinutes, windowEnd, asOf: windowEnd === null ? null : windowEnd + MINUTE_MS };
  if (windowEnd === null) return { ...view, ...nothing, arm: null, reason: 'No window was decided yet.' };
  if (horizonMinutes !== 60) {
    return { ...view, ...nothing, arm: 'baseline-majority', reason: 'baseline-majority is a baseline.' };
  }
  return {
    ...view,
    arm: 'logistic+vader',
    modelVersion: 'logistic@1.0.2',
    probabilityUp: 0.518,
    baseProbability: 0.51,
    contributions: [
      { feature: 'return_1bar', value: 0.002, contribution: -0.04 },
      { feature: 'fear_greed', value: NaN, contribution: 0.01 },
    ],
    reason: null,
  };
}

type ModelPorts = Pick<
  ServingPorts,
  'modelsStatus' | 'ablations' | 'deployments' | 'selectChampion' | 'deployVersion' | 'rollBack'
>;

export function createFakeModels(): ModelPorts {
  return {
    modelsStatus: ({ asOf }) =>
      Promise.resolve(asOf === null ? FAKE_STATUS : { ...FAKE_STATUS, at: asOf, router: null }),
    ablations: () => Promise.resolve([FAKE_ABLATION, { ...FAKE_ABLATION, horizonMinutes: 1_440 }]),
    deployments: ({ limit }) => Promise.resolve([FAKE_DEPLOYMENT].slice(0, limit)),
    selectChampion: ({ actor, horizonMinutes, arm }) =>
      Promise.resolve({
        ...FAKE_DEPLOYMENT,
        kind: 'select',
        actor,
        changes: [{ kind: 'champion', horizonMinutes, from: 'logistic+vader', to: arm }],
      }),
    deployVersion: ({ actor }) => Promise.resolve({ ...FAKE_DEPLOYMENT, kind: 'deploy', actor }),
    rollBack: ({ actor }) => Promise.resolve({ ...FAKE_DEPLOYMENT, kind: 'rollback', actor, undoes: 2 }),
  };
}
