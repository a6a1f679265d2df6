import { join } from 'node:path';
import { isAppError, type EpochMs, type Workspace } from '../core/index.ts';
import {
  createArtifactStore,
  everLive,
  latestDeployment,
  listVersions,
  modelVersionOf,
  NOTHING_LIVE,
  readDecisions,
  type ArtifactFolder,
  type ArtifactStore,
  type GateDecision,
  type LiveState,
  type ManifestModel,
  type ModelVersion,
  type VersionRecord,
} from '../registry/index.ts';

/**
 * `live`: for at least one arm and horizon. `candidate`: never was. `retired`: was once. `refused`: never was, and the
 * gate let none of it through. `missing`, `damaged`: its files are not there, or not what was recorded.
 */
export type VersionStatus = 'live' | 'candidate' | 'retired' | 'refused' | 'missing' | 'damaged';

/** A recorded version with everything that is known of it. */
export interface SurveyedVersion {
  asset: string;
  family: string;
  version: string;
  modelVersion: ModelVersion;
  trainedAt: EpochMs;
  expiresAt: EpochMs;
  status: VersionStatus;
  /** Where it is live; `isChampion`: where it answers. */
  live: { arm: string; horizonMinutes: number; isChampion: boolean }[];
  /** What is wrong with its files; null when they are sound. */
  problem: string | null;
  /** From its manifest; none when that cannot be read. */
  models: Pick<ManifestModel, 'arm' | 'horizonMinutes' | 'rows' | 'metrics'>[];
  /** The newest first. */
  decisions: GateDecision[];
}

/** Something in the registry folder that the database does not know. */
export interface UnrecordedFolder {
  /** Absolute. */
  path: string;
  kind: ArtifactFolder['kind'];
  remedy: string;
}

/** Everything that is in a registry: in the database, on the disk, or in one of the two alone. */
export interface RegistrySurvey {
  versions: SurveyedVersion[];
  unrecorded: UnrecordedFolder[];
}

/** What the versions of an asset are held against. */
interface AssetFacts {
  state: LiveState;
  everLive: ReadonlySet<ModelVersion>;
  decisions: readonly GateDecision[];
}

const ALL = Number.MAX_SAFE_INTEGER;

/** Holds database and folder against each other and every file against its hash. Changes nothing. */
export async function surveyRegistry({ pool, registryDir }: Workspace): Promise<RegistrySurvey> {
  // Folders first: a version that is recorded meanwhile must not pass for an orphan.
  const store = createArtifactStore(registryDir);
  const folders = await store.list();
  const records = await listVersions(pool);
  const facts = new Map<string, AssetFacts>();
  for (const asset of new Set(records.map((record) => record.asset))) {
    facts.set(asset, {
      state: (await latestDeployment(pool, asset))?.state ?? NOTHING_LIVE,
      everLive: await everLive(pool, asset),
      decisions: await readDecisions(pool, { asset, limit: ALL }),
    });
  }
  const versions: SurveyedVersion[] = [];
  for (const record of records) {
    const known = facts.get(record.asset);
    if (known !== undefined) versions.push(await surveyVersion(store, record, known));
  }
  const recorded = new Set(records.map(({ family, version }) => `${family}/${version}`));
  const unrecorded = folders
    .filter(({ path }) => !recorded.has(path))
    .map(({ path, kind }) => ({ path: join(registryDir, path), kind, remedy: REMEDIES[kind] }));
  return { versions, unrecorded };
}

const REMEDIES: Readonly<Record<ArtifactFolder['kind'], string>> = {
  version:
    'written by a retraining that was interrupted before it was recorded: the next one that takes its number replaces it; delete the folder if none is to follow',
  draft:
    'half-written by a process that was killed: the next retraining of the family clears it away; it can be deleted unless one is at work now',
  stranger: 'nothing that the registry makes: move it away',
};

async function surveyVersion(
  store: ArtifactStore,
  record: VersionRecord,
  facts: AssetFacts,
): Promise<SurveyedVersion> {
  const { asset, family, version, trainedAt, expiresAt } = record;
  const modelVersion = modelVersionOf(record);
  const files = await inspectFiles(store, record);
  const live = placesOf(modelVersion, facts.state);
  const decisions = facts.decisions.filter(({ candidate }) => candidate === modelVersion);
  const rank = live.length > 0 ? 'live' : facts.everLive.has(modelVersion) ? 'retired' : rankOf(decisions);
  return {
    asset,
    family,
    version,
    modelVersion,
    trainedAt,
    expiresAt,
    status: files.status ?? rank,
    live,
    problem: files.problem,
    models: files.models,
    decisions,
  };
}

/** A version that never was live. That its arm did not become champion is no refusal of the version. */
function rankOf(decisions: readonly GateDecision[]): 'candidate' | 'refused' {
  const own = decisions.filter(({ kind }) => kind !== 'champion');
  return own.length > 0 && own.every(({ verdict }) => verdict === 'refused') ? 'refused' : 'candidate';
}

function placesOf(modelVersion: ModelVersion, { models, champions }: LiveState): SurveyedVersion['live'] {
  return models
    .filter((model) => model.modelVersion === modelVersion)
    .map(({ arm, horizonMinutes }) => ({
      arm,
      horizonMinutes,
      isChampion: champions.some(
        (champion) => champion.horizonMinutes === horizonMinutes && champion.arm === arm,
      ),
    }));
}

async function inspectFiles(
  store: ArtifactStore,
  { family, version, manifestHash }: VersionRecord,
): Promise<{
  status: 'missing' | 'damaged' | null;
  problem: string | null;
  models: SurveyedVersion['models'];
}> {
  let models: SurveyedVersion['models'] = [];
  try {
    const { manifest } = await store.open(family, version, { manifestHash });
    models = manifest.models.map(({ arm, horizonMinutes, rows, metrics }) => ({
      arm,
      horizonMinutes,
      rows,
      metrics,
    }));
    await store.verify(family, version, { manifestHash });
    return { status: null, problem: null, models };
  } catch (error) {
    if (!isAppError(error)) throw error;
    const status = error.code === 'REGISTRY_ARTIFACT_MISSING' ? 'missing' : 'damaged';
    return { status, problem: error.message, models };
  }
}
