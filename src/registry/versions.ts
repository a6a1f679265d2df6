import type { EpochMs, Queryable } from '../core/index.ts';
import { versionTaken } from './errors.ts';
import type { SavedVersion } from './artifact-store.ts';
import type { GateDecision, ModelVersion, TrainingRun } from './records.ts';
import * as sql from './statements.ts';
import { compareVersions, modelVersionOf, partsOf } from './version-name.ts';

const FIRST_VERSION = '1.0.0';

/** What the database knows of a version. */
export interface VersionRecord {
  asset: string;
  family: string;
  version: string;
  /** SHA-256 of its `manifest.json`; opening a version with it makes sure that it is the one that was recorded. */
  manifestHash: string;
  recipe: string;
  featureSet: string;
  scorer: string;
  parent: ModelVersion | null;
  trainedAt: EpochMs;
  expiresAt: EpochMs;
}

/**
 * The number of the next version of a family: 1.0.0; one patch more when the newest of this asset has the same recipe;
 * else the next minor number, which no asset has had. Whoever records it claims it first (`claimVersions`).
 * @param known - the family's versions of all assets, in any order
 * @example the newest is 1.0.3: 1.0.4 for the same recipe, 1.1.0 for another
 */
export function numberAfter(
  known: readonly { asset: string; version: string; recipe: string }[],
  { asset, recipe }: { asset: string; recipe: string },
): string {
  const ordered = known.toSorted((left, right) => compareVersions(right.version, left.version));
  const [newest] = ordered;
  if (newest === undefined) return FIRST_VERSION;
  const own = ordered.find((version) => version.asset === asset);
  if (own?.recipe === recipe) {
    const [major, minor, patch] = partsOf(own.version);
    return `${major}.${minor}.${patch + 1}`;
  }
  // A minor number belongs to one asset and recipe, so that the refreshes of two never meet.
  const [major, minor] = partsOf(newest.version);
  return `${major}.${minor + 1}.0`;
}

/**
 * Makes sure that nobody has recorded these versions, and that nobody does before the caller's transaction ends: until
 * then their folders are the caller's.
 * @throws AppError `REGISTRY_VERSION_TAKEN`
 */
export async function claimVersions(
  db: Queryable,
  versions: readonly { family: string; version: string }[],
): Promise<void> {
  for (const version of versions.toSorted((left, right) => (left.family < right.family ? -1 : 1))) {
    await db.query(sql.LOCK, [`versions:${version.family}`]);
    if ((await findVersion(db, version)) !== null)
      throw versionTaken(modelVersionOf(version), 'the database');
  }
}

/**
 * Makes a version known whose files are written.
 * @throws AppError `REGISTRY_VERSION_TAKEN` when its number is; the caller's transaction is still sound then
 */
export async function recordVersion(db: Queryable, { manifest, manifestHash }: SavedVersion): Promise<void> {
  const { asset, family, version, recipe, featureSet, scorer, parent, trainedAt, expiresAt } = manifest;
  const values = [
    asset,
    family,
    version,
    manifestHash,
    recipe,
    featureSet,
    scorer,
    parent,
    trainedAt,
    expiresAt,
  ];
  const { rows } = await db.query(sql.INSERT_VERSION, values);
  if (rows.length === 0) throw versionTaken(modelVersionOf(manifest), 'the database');
}

/** @returns null when no such version was recorded */
export async function findVersion(
  db: Queryable,
  { family, version }: { family: string; version: string },
): Promise<VersionRecord | null> {
  const { rows } = await db.query<VersionRecord>(sql.FIND_VERSION, [family, version]);
  return rows[0] ?? null;
}

/** The recorded versions, of all assets and families unless one is named: by family, the newest of each first. */
export async function listVersions(
  db: Queryable,
  { asset, family }: { asset?: string; family?: string } = {},
): Promise<VersionRecord[]> {
  const { rows } = await db.query<VersionRecord>(sql.LIST_VERSIONS, [asset ?? null, family ?? null]);
  return rows;
}

/** Notes a training and what came of it. */
export async function recordRun(db: Queryable, run: TrainingRun): Promise<void> {
  const { asset, family, version, at, trigger, status, reason, parameters, metrics, dataHash, trials } = run;
  const texts = [JSON.stringify(parameters), JSON.stringify(metrics)];
  await db.query(sql.INSERT_RUN, [
    ...[asset, family, version, at, trigger, status, reason],
    ...texts,
    dataHash,
    trials,
  ]);
}

/** Trainings up to a moment (default: all), for some occasions or all, newest first. Figures that were NaN: null. */
export async function readRuns(
  db: Queryable,
  request: {
    asset: string;
    family?: string;
    upTo?: EpochMs;
    triggers?: readonly TrainingRun['trigger'][];
    limit: number;
  },
): Promise<TrainingRun[]> {
  const { asset, family, upTo, triggers, limit } = request;
  const values = [asset, family ?? null, upTo ?? null, limit, triggers ?? null];
  const { rows } = await db.query<TrainingRun>(sql.READ_RUNS, values);
  return rows;
}

/** Notes what the gate found, in the order in which it decided. */
export async function recordDecisions(
  db: Queryable,
  { asset, decisions }: { asset: string; decisions: readonly GateDecision[] },
): Promise<void> {
  if (decisions.length === 0) return;
  const column = <Key extends keyof GateDecision>(key: Key) => decisions.map((decision) => decision[key]);
  const figure = (key: (typeof FIGURES)[number]) => column(key).map(nullOfNaN);
  await db.query(sql.INSERT_DECISIONS, [
    asset,
    ...(['at', 'horizonMinutes', 'arm', 'kind', 'candidate', 'incumbentArm', 'incumbent', 'n'] as const).map(
      column,
    ),
    ...FIGURES.map(figure),
    column('verdict'),
    column('reason'),
  ]);
}

/** What the gate found up to a moment (default: all), of one candidate when it is named, newest first. */
export async function readDecisions(
  db: Queryable,
  request: { asset: string; candidate?: ModelVersion; upTo?: EpochMs; limit: number },
): Promise<GateDecision[]> {
  const { asset, candidate, upTo, limit } = request;
  const values = [asset, candidate ?? null, upTo ?? null, limit];
  const { rows } = await db.query<GateDecision>(sql.READ_DECISIONS, values);
  for (const row of rows) for (const key of FIGURES) row[key] = nanOfNull(row[key]);
  return rows;
}

/** How much was learnt of an asset. */
export interface LearningCounts {
  /** Versions that were trained. */
  retrains: number;
  /** Models and champions that a retraining put in the place of others. */
  promotions: number;
  rollbacks: number;
}

/** Trainings, promotions and rollbacks since the beginning. */
export async function countLearning(db: Queryable, asset: string): Promise<LearningCounts> {
  const { rows } = await db.query<LearningCounts>(sql.COUNT_LEARNING, [asset]);
  return rows[0] ?? { retrains: 0, promotions: 0, rollbacks: 0 };
}

/** In the order of the statement that writes them. */
const FIGURES = ['gain', 'low', 'high', 'threshold', 'agreement'] as const;

function nullOfNaN(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}

function nanOfNull(value: number | null): number {
  return value ?? NaN;
}
