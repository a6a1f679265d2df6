import { setImmediate as breathe } from 'node:timers/promises';
import type { FeatureMatrix } from '../../models/index.ts';
import type { DeployedModel, DeployedModels } from '../../prediction/index.ts';
import { probabilityInvalid } from '../errors.ts';

/** The last windows as models see them, by horizon in minutes (horizons differ in `past_return`). */
export type WarmRows = ReadonlyMap<number, FeatureMatrix>;

/** How far what comes stands from what goes, on the last windows. */
export interface Shift {
  arm: string;
  horizonMinutes: number;
  /** null where nothing stood there. */
  from: string | null;
  to: string;
  /** Mean |P(up) of the one - P(up) of the other|; NaN without windows or without a model to compare with. */
  meanShift: number;
}

/**
 * Lets models predict the last windows before anybody is answered by them: it warms them, and shows what they would
 * have said.
 * @throws AppError `SERVING_PROBABILITY_INVALID` when one says what is no probability; whatever a model throws
 */
export async function tryInShadow(
  next: DeployedModels,
  present: DeployedModels,
  rows: WarmRows,
): Promise<Shift[]> {
  const shifts: Shift[] = [];
  for (const model of next.models) {
    shifts.push(tryOne(model, present, rows));
    // Answers under way go on in between.
    await breathe();
  }
  return shifts;
}

function tryOne(model: DeployedModel, present: DeployedModels, rows: WarmRows): Shift {
  const { arm, horizonMinutes, modelVersion } = model;
  const before = present.models.find((other) => other.arm === arm && other.horizonMinutes === horizonMinutes);
  const matrix = rows.get(horizonMinutes);
  const said = matrix === undefined ? new Float64Array(0) : predictChecked(model, matrix);
  return {
    arm,
    horizonMinutes,
    from: before?.modelVersion ?? null,
    to: modelVersion,
    meanShift:
      matrix === undefined || before === undefined ? NaN : meanDistance(said, saidBy(before, matrix)),
  };
}

function predictChecked(model: DeployedModel, rows: FeatureMatrix): Float64Array {
  const said = model.model.predict(rows);
  if (said.length !== rows.count)
    throw probabilityInvalid(model, `${said.length} answers to ${rows.count} rows`);
  const wrong = said.find((probability) => !(probability >= 0 && probability <= 1));
  if (wrong !== undefined) throw probabilityInvalid(model, String(wrong));
  return said;
}

/** What goes may be what fails: that is no reason to keep it. */
function saidBy({ model }: DeployedModel, rows: FeatureMatrix): Float64Array | null {
  try {
    return model.predict(rows);
  } catch {
    return null;
  }
}

function meanDistance(one: Float64Array, other: Float64Array | null): number {
  if (other === null || one.length === 0) return NaN;
  return one.reduce((sum, value, place) => sum + Math.abs(value - (other[place] ?? NaN)), 0) / one.length;
}
