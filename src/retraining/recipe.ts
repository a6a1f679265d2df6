import { createHash } from 'node:crypto';
import type { Arm } from '../prediction/index.ts';
import type { RetrainingRequest } from './retraining.ts';

/**
 * SHA-256 over what decides an arm's fit besides its data: two models with the same recipe differ in their data alone.
 * @param columns - what the rows hold, in any order
 */
export function recipeOf(
  { family, hiddenColumns, scorer }: Pick<Arm, 'family' | 'hiddenColumns' | 'scorer'>,
  columns: readonly string[],
  request: Pick<RetrainingRequest, 'featureSets' | 'barMinutes'>,
): string {
  const { version } = featureSetOf({ scorer }, request);
  return sha256(
    inOrder({
      family: family.name,
      parameters: family.parameters,
      columns: columns.filter((name) => !hiddenColumns.includes(name)).toSorted(),
      featureSet: version,
      scorer,
      barMinutes: request.barMinutes,
    }),
  );
}

/** One hash for the recipes of all arms of a version. */
export function versionRecipeOf(recipes: readonly string[]): string {
  return sha256([...new Set(recipes)].toSorted().join('\n'));
}

/** The feature set that an arm reads. @throws RangeError when its scorer has none */
export function featureSetOf(
  { scorer }: Pick<Arm, 'scorer'>,
  { featureSets }: Pick<RetrainingRequest, 'featureSets'>,
): { version: string; scorer: string } {
  const own = scorer === null ? featureSets[0] : featureSets.find((set) => set.scorer === scorer);
  if (own === undefined) throw new RangeError(`no feature set is computed with ${scorer ?? 'any scorer'}`);
  return own;
}

/** JSON in which the order of keys says nothing. */
function inOrder(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    part !== null && typeof part === 'object' && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([left], [right]) => (left < right ? -1 : 1)))
      : part,
  );
}

/** In hexadecimal digits. */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
