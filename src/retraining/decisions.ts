import { DAY_MS, isoUtc, MINUTE_MS, type EpochMs } from '../core/index.ts';
import { refitTime, type Model } from '../models/index.ts';
import {
  applyChanges,
  championArm,
  liveVersion,
  type GateDecision,
  type LiveChange,
  type LiveState,
} from '../registry/index.ts';
import { agreementOf, type Candidate } from './candidates.ts';
import { decideGate, GATE_LEVEL, type GateQuestion } from './gate.ts';
import { FEWEST_GATE_ROWS, type HorizonData } from './learning-data.ts';
import type { Incumbent, RetrainingRequest, TrainedModel } from './retraining.ts';

/** A candidate with its version, ready to be judged. */
export interface Contender extends TrainedModel {
  data: HorizonData;
  agreement: number;
}

/** What the gate decided and what that changes. */
export interface Verdicts {
  decisions: GateDecision[];
  changes: LiveChange[];
}

const WEEK_MS = 7 * DAY_MS;
/** Fields of a decision that no comparison fills. */
const NOT_COMPARED = { n: 0, gain: NaN, low: NaN, high: NaN, threshold: NaN };

/**
 * Judges each contender against what is live for its arm and horizon; the first of its kind is not judged.
 * @throws RangeError when something is live that `incumbents` does not give
 */
export async function judgeContenders(
  contenders: readonly Contender[],
  request: RetrainingRequest & { recordedAt: EpochMs },
): Promise<Verdicts> {
  const verdicts: Verdicts = { decisions: [], changes: [] };
  for (const contender of contenders) {
    const { arm, horizonMinutes, modelVersion } = contender;
    const from = liveVersion(request.live, contender);
    const decision = await judgeContender(contender, { from, request });
    verdicts.decisions.push(decision);
    if (decision.verdict === 'promoted') {
      verdicts.changes.push({ kind: 'model', arm, horizonMinutes, from, to: modelVersion });
    }
  }
  return verdicts;
}

async function judgeContender(
  contender: Contender,
  { from, request }: { from: string | null; request: RetrainingRequest & { recordedAt: EpochMs } },
): Promise<GateDecision> {
  const { arm, horizonMinutes, modelVersion, data, agreement, recipe } = contender;
  const { at, recordedAt } = request;
  const own = { at: recordedAt, horizonMinutes, arm, candidate: modelVersion, agreement };
  if (from === null) {
    const reason = `Nothing was live for ${arm} at ${horizonMinutes} minutes: the first model answers without a comparison.`;
    const first = { kind: 'first', incumbentArm: null, incumbent: null, verdict: 'promoted' } as const;
    return { ...own, ...first, ...NOT_COMPARED, reason };
  }
  const incumbent = await requireIncumbent(request, { arm, horizonMinutes });
  const kind = incumbent.recipe === recipe ? 'refresh' : 'change';
  const finding = decideGate({
    ...questionOf({ data, candidate: contender, incumbent, agreement }, request),
    kind,
    isExpired: incumbent.expiresAt <= at,
    level: GATE_LEVEL,
  });
  return { ...own, kind, incumbentArm: arm, incumbent: incumbent.modelVersion, ...finding };
}

/**
 * Lets every live arm try for champion of each horizon, with gate fits alone, at 1 - 0.05 / challengers; of several
 * that are shown to be better the one with the highest lower bound becomes it. An arm whose scorer is younger than the
 * windows that would judge it cannot try: what it says of them is hindsight. A horizon without a champion gets one
 * without a comparison.
 * @param field.present - what is live after the contenders were judged
 * @param field.isOpen - false: nobody may try, a champion stays
 */
export async function judgeChampions(
  field: {
    present: LiveState;
    contenders: readonly Contender[];
    data: readonly HorizonData[];
    isOpen: boolean;
  },
  request: RetrainingRequest & { recordedAt: EpochMs },
): Promise<Verdicts> {
  const { present, data, isOpen } = field;
  const verdicts: Verdicts = { decisions: [], changes: [] };
  for (const horizon of data) {
    const { horizonMinutes } = horizon;
    const champion = championArm(present, horizonMinutes);
    const arms = present.models
      .filter((model) => model.horizonMinutes === horizonMinutes)
      .map(({ arm }) => arm);
    if (champion === null) {
      const to = arms.includes(request.firstChampion) ? request.firstChampion : (arms[0] ?? null);
      if (to !== null) verdicts.changes.push({ kind: 'champion', horizonMinutes, from: null, to });
      continue;
    }
    if (!isOpen) continue;
    const standing = new Map<string, Incumbent>();
    for (const arm of arms) standing.set(arm, await standingModel({ arm, horizonMinutes }, field, request));
    const decisions = judgeChampion({ champion, standing, data: horizon }, request);
    const chosen = decisions.find(({ verdict }) => verdict === 'promoted');
    verdicts.decisions.push(...decisions);
    if (chosen !== undefined) {
      verdicts.changes.push({ kind: 'champion', horizonMinutes, from: champion, to: chosen.arm });
    }
  }
  return verdicts;
}

/** What is live for an arm after the contenders were judged: a contender that was promoted, or who was there before. */
async function standingModel(
  place: { arm: string; horizonMinutes: number },
  { present, contenders }: { present: LiveState; contenders: readonly Contender[] },
  request: RetrainingRequest,
): Promise<Incumbent> {
  const version = liveVersion(present, place);
  const fresh = contenders.find(
    ({ arm, horizonMinutes, modelVersion }) =>
      arm === place.arm && horizonMinutes === place.horizonMinutes && modelVersion === version,
  );
  return fresh ?? requireIncumbent(request, place);
}

function judgeChampion(
  {
    champion,
    standing,
    data,
  }: { champion: string; standing: ReadonlyMap<string, Incumbent>; data: HorizonData },
  request: RetrainingRequest & { recordedAt: EpochMs },
): GateDecision[] {
  const incumbent = standing.get(champion);
  if (incumbent === undefined) {
    throw new RangeError(
      `${champion} is champion at ${data.horizonMinutes} minutes, but no model of it is live`,
    );
  }
  const others = [...standing].filter(([arm]) => arm !== champion);
  const hindsight = others.flatMap(([arm, challenger]) => {
    const reason = hindsightOf(challenger, data, request);
    return reason === null ? [] : [{ arm, challenger, reason }];
  });
  const challengers = others.filter(([arm]) => !hindsight.some((one) => one.arm === arm));
  const level = 1 - (1 - GATE_LEVEL) / challengers.length;
  const own = {
    at: request.recordedAt,
    horizonMinutes: data.horizonMinutes,
    kind: 'champion',
    incumbentArm: champion,
    incumbent: incumbent.modelVersion,
  } as const;
  const barred = hindsight.map(({ arm, challenger, reason }): GateDecision => {
    const agreement = agreementOf(challenger, data.judged);
    return {
      ...own,
      arm,
      candidate: challenger.modelVersion,
      agreement,
      verdict: 'refused',
      ...NOT_COMPARED,
      reason,
    };
  });
  const decisions = challengers.map(([arm, challenger]): GateDecision => {
    const agreement = agreementOf(challenger, data.judged);
    const question = questionOf({ data, candidate: challenger, incumbent, agreement }, request);
    return {
      ...own,
      arm,
      candidate: challenger.modelVersion,
      agreement,
      ...decideGate({ ...question, kind: 'champion', isExpired: false, level }),
    };
  });
  const [best] = decisions
    .filter(({ verdict }) => verdict === 'promoted')
    .sort((left, right) => right.low - left.low);
  const judged = decisions.map((decision) => {
    if (best === undefined || decision === best || decision.verdict === 'refused') return decision;
    const reason = `${decision.reason} But ${best.arm} is better still: its lower bound is ${best.low.toFixed(4)}.`;
    return { ...decision, verdict: 'refused' as const, reason };
  });
  return [...judged, ...barred];
}

/** Why an arm cannot be judged on these windows, or null. */
export function hindsightOf(
  { scorer }: Pick<Incumbent, 'scorer'>,
  { judged }: HorizonData,
  { knownSince }: Pick<RetrainingRequest, 'knownSince'>,
): string | null {
  const since = scorer === null ? undefined : knownSince?.get(scorer);
  if (since === undefined || !((judged.windowEnds[0] ?? Infinity) < since)) return null;
  return `${scorer ?? ''} exists since ${isoUtc(since)}: what it says of the windows before is hindsight and proves nothing.`;
}

/** What is live after changes that were decided on it. */
export function stateAfter(state: LiveState, changes: readonly LiveChange[]): LiveState {
  const applied = applyChanges(state, changes);
  if ('state' in applied) return applied.state;
  throw new RangeError(`a change of ${applied.mismatch.place} does not begin at what is live there`);
}

/**
 * The moment after which what is made now is to be replaced. What nobody could judge, because the past was too short for
 * a gate fit, is provisional: the training of the next Monday replaces it without a comparison. What learnt from fewer
 * rows than a retraining asks for answers degraded from its first window on.
 */
export function expiryOf(
  { at, expiryDays, barMinutes }: RetrainingRequest,
  candidates: readonly Pick<Candidate, 'data' | 'gateModel'>[],
): EpochMs {
  if (candidates.some(({ data }) => data.shipRows.count < FEWEST_GATE_ROWS)) return at;
  const expiry = at + expiryDays * DAY_MS;
  if (candidates.every(({ gateModel }) => gateModel !== null)) return expiry;
  // The decision of the window that closes on Monday: until then it answers as any other.
  return Math.min(expiry, refitTime(at + WEEK_MS, 0) + (at % (barMinutes * MINUTE_MS)));
}

/** Both gate fits on the judged windows; nothing to compare where one has none. */
function questionOf(
  {
    data: { judged, horizonMinutes },
    candidate,
    incumbent,
    agreement,
  }: { data: HorizonData; candidate: Incumbent; incumbent: Incumbent; agreement: number },
  { barMinutes, seed }: RetrainingRequest,
): Omit<GateQuestion, 'kind' | 'isExpired' | 'level'> {
  const answers = ({ gateModel }: { gateModel: Model | null }) =>
    judged.onGrid(gateModel?.predict(judged.rows) ?? new Float64Array(judged.rows.count).fill(NaN));
  return {
    candidate: answers(candidate),
    incumbent: answers(incumbent),
    labels: judged.gridLabels,
    barMinutes,
    horizonMinutes,
    agreement,
    seed,
  };
}

async function requireIncumbent(
  { incumbents }: RetrainingRequest,
  { arm, horizonMinutes }: { arm: string; horizonMinutes: number },
): Promise<Incumbent> {
  const incumbent = await incumbents(arm, horizonMinutes);
  if (incumbent !== null) return incumbent;
  throw new RangeError(`${arm} is live at ${horizonMinutes} minutes, but no model of it was handed over`);
}
