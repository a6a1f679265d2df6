import { sigmoid } from './stats/index.ts';
import type { Contributions, FeatureMatrix } from './models/index.ts';
import {
  HORIZONS_MINUTES,
  probabilityOf,
  type DeployedModel,
  type DeployedModels,
} from './prediction/index.ts';
import { presentRows, type PresentWindow } from './pricing.ts';
import type { ExplainedDirectionView, FeatureContributionView } from './serving/index.ts';

const BASELINE = 'baseline-';

/**
 * Why the champion of a horizon says what it says of a window, without any text: what each of its features adds to the
 * log-odds. Where that cannot be told, the reason is.
 * @param options.present - null before the first window
 * @param options.onFailure - told of a model that could not answer
 */
export function explainDirection({
  present,
  deployed,
  horizonMinutes,
  onFailure,
}: {
  present: PresentWindow | null;
  deployed: DeployedModels;
  horizonMinutes: number;
  onFailure: (model: DeployedModel, error: unknown) => void;
}): ExplainedDirectionView {
  const arm = deployed.champions.get(horizonMinutes) ?? null;
  const live = deployed.models.find((one) => one.arm === arm && one.horizonMinutes === horizonMinutes);
  const place = (HORIZONS_MINUTES as readonly number[]).indexOf(horizonMinutes);
  const row = present === null ? undefined : presentRows(present)[place];
  const view: ExplainedDirectionView = {
    horizonMinutes,
    windowEnd: present?.windowEnd ?? null,
    asOf: present?.asOf ?? null,
    arm,
    modelVersion: live?.modelVersion ?? null,
    probabilityUp: null,
    baseProbability: null,
    contributions: null,
    reason: null,
  };
  if (row === undefined) return { ...view, reason: 'No window was decided yet.' };
  if (arm === null) return { ...view, reason: 'No arm answers at this horizon yet.' };
  if (arm.startsWith(BASELINE)) {
    return { ...view, reason: `${arm} is a baseline: it weighs no features against each other.` };
  }
  if (live === undefined) return { ...view, reason: `No model of ${arm} is live.` };
  try {
    const probabilityUp = probabilityOf(live.model, row);
    const told = live.model.contributions?.(row);
    return told === undefined
      ? { ...view, probabilityUp, reason: `The family ${live.model.family} cannot tell.` }
      : { ...view, probabilityUp, ...explained(told, row) };
  } catch (error) {
    onFailure(live, error);
    return { ...view, reason: `${live.modelVersion} failed; the log says why.` };
  }
}

function explained(
  { columns, values, bias }: Contributions,
  row: FeatureMatrix,
): Pick<ExplainedDirectionView, 'baseProbability' | 'contributions'> {
  const contributions = columns.map((feature, place): FeatureContributionView => ({
    feature,
    value: row.values[row.columns.indexOf(feature)] ?? NaN,
    contribution: values[place] ?? NaN,
  }));
  contributions.sort((left, right) => Math.abs(right.contribution) - Math.abs(left.contribution));
  return { baseProbability: sigmoid(bias), contributions };
}
