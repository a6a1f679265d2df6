import { isAppError, messageOf, type DomainEvent, type EpochMs } from '../core/index.ts';
import {
  liveVersion,
  modelVersionOf,
  type GateDecision,
  type LiveChange,
  type TrainingRun,
  type VersionDraft,
} from '../registry/index.ts';
import { ablate } from './ablation.ts';
import { fitCandidates, type Candidate, type FamilyFits } from './candidates.ts';
import { expiryOf, judgeChampions, judgeContenders, stateAfter, type Contender } from './decisions.ts';
import { dataHashOf, draftVersion } from './drafts.ts';
import { prepareHorizon, type HorizonData } from './learning-data.ts';
import { findFault } from './quality.ts';
import { versionRecipeOf } from './recipe.ts';
import type { RetrainedFamily, Retraining, RetrainingRequest, TrainedModel } from './retraining.ts';

/** A request with the moment that its results are dated. */
type DatedRequest = RetrainingRequest & { recordedAt: EpochMs };

/** A family that was fitted, with its next version. */
interface FittedFamily extends RetrainedFamily {
  candidates: Candidate[];
  recipe: string;
  version: string;
}

/**
 * Retrains families: looks at the data's quality, fits every arm at every horizon (what ships, and the gate fit that
 * has not seen the last eight weeks), measures, lets the gate decide per arm and horizon, then lets the live arms try
 * for champion. Nothing is written: see `saveArtifacts` and `recordRetraining`.
 *
 * Data with a fault skip every family that is live throughout, with a warning; a family that is not is trained all the
 * same, since any answer is better than none. A fit that throws fails its family, which then stays as it is, with every
 * champion, under a critical event; the other families go on. What the columns of a scorer are worth is measured beside
 * it and decides nothing (see `ablate`). By hand nobody tries for champion, since nothing of it
 * goes live.
 * @returns versions, runs, decisions, changes and events; the same for the same request, however many threads fit
 * @throws AppError `MODEL_FIT_STOPPED` when the pool was closed; RangeError for rows off the grid of bars, or when
 *   `incumbents` lacks what `live` names
 */
export async function retrain(request: RetrainingRequest): Promise<Retraining> {
  const { at, trigger, horizonsMinutes, families } = request;
  const dated: DatedRequest = { ...request, recordedAt: at + 1 };
  const data = horizonsMinutes.map((horizonMinutes) =>
    prepareHorizon(request.rowsAt(horizonMinutes), { ...request, horizonMinutes }),
  );
  const fault = data.map((horizon) => findFault(horizon, at)).find((found) => found !== null) ?? null;
  const skipped = fault === null ? [] : families.filter((family) => isLiveThroughout(family, request));
  const fits = await fitCandidates(
    families.filter((family) => !skipped.includes(family)),
    data,
    request,
  );
  const fitted = await numberFamilies(fits, request);
  const contenders = contendersOf(fitted, request);
  const models = await judgeContenders(contenders, dated);
  const ablations = await ablate(fitted, dated);
  const isWhole = skipped.length === 0 && fitted.length === families.length;
  const present = stateAfter(request.live, models.changes);
  const champions = await judgeChampions(
    { present, contenders, data, isOpen: isWhole && trigger !== 'hand' },
    dated,
  );
  const decisions = [...models.decisions, ...champions.decisions];
  const changes = [...models.changes, ...champions.changes];
  const drafts = fitted.map((family) => draftVersion(family, family, request));
  return {
    at,
    recordedAt: dated.recordedAt,
    trigger,
    drafts,
    runs: families.map((family) => runOf(family, { fits, drafts, fault, data }, request)),
    decisions,
    changes,
    ablations,
    trained: contenders.map(toTrained),
    events: [
      ...skipEvents(skipped, { fault }, dated),
      ...failureEvents(fits, dated),
      ...decisionEvents(models.decisions, dated),
      ...championEvents(champions, dated),
    ],
  };
}

function isLiveThroughout({ arms }: RetrainedFamily, { live, horizonsMinutes }: RetrainingRequest): boolean {
  return arms.every((arm) =>
    horizonsMinutes.every((horizonMinutes) => liveVersion(live, { arm: arm.name, horizonMinutes }) !== null),
  );
}

/** Asks for numbers one after the other, in the order of the families, and only for those that were fitted. */
async function numberFamilies(
  fits: readonly FamilyFits[],
  request: RetrainingRequest,
): Promise<FittedFamily[]> {
  const numbered: FittedFamily[] = [];
  for (const each of fits) {
    if ('error' in each) continue;
    const recipe = versionRecipeOf(each.candidates.map((candidate) => candidate.recipe));
    const version = await request.nextVersion(each.family.name, recipe);
    numbered.push({ ...each, recipe, version });
  }
  return numbered;
}

/** What stands of a contender when it has been judged. */
function toTrained(contender: Contender): TrainedModel {
  const { arm, horizonMinutes, modelVersion, model, gateModel, dissimilarity } = contender;
  const { expiresAt, recipe, scorer } = contender;
  return { arm, horizonMinutes, modelVersion, model, gateModel, dissimilarity, expiresAt, recipe, scorer };
}

/** By horizon, then family and arm. */
function contendersOf(fitted: readonly FittedFamily[], request: RetrainingRequest): Contender[] {
  return request.horizonsMinutes.flatMap((horizonMinutes) =>
    fitted.flatMap(({ family, version, candidates }) => {
      const expiresAt = expiryOf(request, candidates);
      return candidates
        .filter(({ data }) => data.horizonMinutes === horizonMinutes)
        .map(({ arm, data, model, gateModel, dissimilarity, agreement, recipe }) => ({
          arm: arm.name,
          horizonMinutes,
          modelVersion: modelVersionOf({ family: family.name, version }),
          ...{ data, model, gateModel, dissimilarity, agreement, expiresAt, recipe, scorer: arm.scorer },
        }));
    }),
  );
}

function runOf(
  { family }: RetrainedFamily,
  {
    fits,
    drafts,
    fault,
    data,
  }: {
    fits: readonly FamilyFits[];
    drafts: readonly VersionDraft[];
    fault: string | null;
    data: readonly HorizonData[];
  },
  { asset, at, trigger }: RetrainingRequest,
): TrainingRun {
  const run = {
    ...{ asset, family: family.name, version: null, at, trigger, reason: null },
    parameters: { ...family.parameters },
    metrics: {},
    dataHash: dataHashOf(data),
    trials: 1,
  };
  const own = fits.find((each) => each.family === family);
  if (own === undefined) return { ...run, status: 'skipped', reason: fault };
  if ('error' in own) return { ...run, status: 'failed', reason: reasonOf(own.error) };
  const manifest = drafts.find((draft) => draft.manifest.family === family.name)?.manifest;
  const metrics = (manifest?.models ?? []).flatMap(({ arm, horizonMinutes, metrics: figures }) =>
    Object.entries(figures).map(([name, figure]) => [`${arm} ${horizonMinutes} ${name}`, figure] as const),
  );
  return { ...run, status: 'done', version: manifest?.version ?? null, metrics: Object.fromEntries(metrics) };
}

function reasonOf(error: unknown): string {
  return isAppError(error) ? `${error.code}: ${messageOf(error)}` : messageOf(error);
}

function skipEvents(
  skipped: readonly RetrainedFamily[],
  { fault }: { fault: string | null },
  request: DatedRequest,
): DomainEvent[] {
  if (skipped.length === 0) return [];
  const facts = {
    families: skipped.map(({ family }) => family.name),
    trigger: request.trigger,
    reason: fault,
  };
  return [eventOf('skipped', { severity: 'warning', about: 'data', facts }, request)];
}

function failureEvents(fits: readonly FamilyFits[], request: DatedRequest): DomainEvent[] {
  return fits.flatMap((each) => {
    if (!('error' in each)) return [];
    const family = each.family.name;
    const facts = { family, trigger: request.trigger, reason: reasonOf(each.error) };
    return [eventOf('failed', { severity: 'critical', about: family, facts }, request)];
  });
}

function decisionEvents(decisions: readonly GateDecision[], request: DatedRequest): DomainEvent[] {
  return decisions.map((decision) => {
    const {
      verdict,
      arm,
      horizonMinutes,
      kind,
      candidate,
      incumbent,
      n,
      gain,
      low,
      high,
      threshold,
      reason,
    } = decision;
    const facts = { arm, horizonMinutes, kind, candidate, incumbent, n, gain, low, high, threshold, reason };
    return eventOf(verdict, { severity: 'info', about: `${arm} ${horizonMinutes}`, facts }, request);
  });
}

function championEvents(
  { decisions, changes }: { decisions: readonly GateDecision[]; changes: readonly LiveChange[] },
  request: DatedRequest,
): DomainEvent[] {
  return changes.map(({ horizonMinutes, from, to }) => {
    const decision = decisions.find(
      (each) => each.horizonMinutes === horizonMinutes && each.verdict === 'promoted',
    );
    const reason = decision?.reason ?? 'Nothing answered at this horizon before.';
    const facts = { horizonMinutes, from, to, reason };
    return eventOf('champion-changed', { severity: 'info', about: String(horizonMinutes), facts }, request);
  });
}

function eventOf(
  what: 'promoted' | 'refused' | 'champion-changed' | 'failed' | 'skipped',
  {
    severity,
    about,
    facts,
  }: { severity: DomainEvent['severity']; about: string; facts: Record<string, unknown> },
  { asset, at, recordedAt }: DatedRequest,
): DomainEvent {
  const kind = `retraining.${what}`;
  return { at: recordedAt, kind, severity, asset, facts, dedupKey: `${kind} ${asset} ${at} ${about}` };
}
