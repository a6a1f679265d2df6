import { isoUtc } from '../core/index.ts';
import { liveVersion, type ManifestModel, type VersionDraft } from '../registry/index.ts';
import type { Candidate } from './candidates.ts';
import { expiryOf } from './decisions.ts';
import type { HorizonData } from './learning-data.ts';
import { featureSetOf, sha256 } from './recipe.ts';
import type { RetrainedFamily, RetrainingRequest } from './retraining.ts';

/** One hash for the rows of all horizons. */
export function dataHashOf(data: readonly HorizonData[]): string {
  return sha256(data.map(({ horizonMinutes, dataHash }) => `${horizonMinutes} ${dataHash}`).join('\n'));
}

/** A version of a family as it will be written: a file per arm and horizon, one more where there is a gate fit. */
export function draftVersion(
  { family, arms }: RetrainedFamily,
  { candidates, version, recipe }: { candidates: readonly Candidate[]; version: string; recipe: string },
  request: RetrainingRequest,
): VersionDraft {
  const { asset, barMinutes, seed, at, live, horizonsMinutes } = request;
  const { version: featureSet, scorer } = featureSetOf({ scorer: null }, request);
  const contents = new Map<string, string>();
  const models = candidates.map((candidate) => writeCandidate(candidate, contents, request));
  const parents = horizonsMinutes.flatMap((horizonMinutes) =>
    arms.map((arm) => liveVersion(live, { arm: arm.name, horizonMinutes })),
  );
  return {
    manifest: {
      format: 1,
      family: family.name,
      version,
      asset,
      barMinutes,
      featureSet,
      scorer,
      recipe,
      parameters: { ...family.parameters },
      seed,
      parent: parents.find((parent) => parent !== null) ?? null,
      trainedAt: isoUtc(at),
      expiresAt: isoUtc(expiryOf(request, candidates)),
      models,
    },
    contents,
  };
}

function writeCandidate(
  { arm, data, model, gateModel, dissimilarity, metrics, recipe }: Candidate,
  contents: Map<string, string>,
  request: RetrainingRequest,
): ManifestModel {
  const { horizonMinutes, shipRows, from, to, dataHash } = data;
  const stem = `${arm.name}-${horizonMinutes}`;
  const file = `${stem}.json`;
  const gateFile = gateModel === null ? null : `${stem}.gate.json`;
  // Straight to text: what trees give holds raw texts for their floats.
  contents.set(file, JSON.stringify(model.toJson()));
  if (gateModel !== null && gateFile !== null) contents.set(gateFile, JSON.stringify(gateModel.toJson()));
  const dissimilarityFile = dissimilarity === null ? null : `${stem}.dissimilarity.json`;
  if (dissimilarity !== null && dissimilarityFile !== null) {
    contents.set(dissimilarityFile, JSON.stringify(dissimilarity.toJson()));
  }
  return {
    arm: arm.name,
    horizonMinutes,
    featureSet: featureSetOf(arm, request).version,
    scorer: arm.scorer,
    recipe,
    file,
    gateFile,
    dissimilarityFile,
    rows: shipRows.count,
    from: from === null ? null : isoUtc(from),
    to: to === null ? null : isoUtc(to),
    dataHash,
    metrics,
  };
}
