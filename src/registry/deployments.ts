import type { EpochMs, Queryable } from '../core/index.ts';
import { deploymentTooEarly, nothingToRollBack, stateMoved } from './errors.ts';
import { applyChanges, describeMismatch, NOTHING_LIVE, reverseChanges } from './live-state.ts';
import type { Deployment, DeploymentDraft, LiveChange, LiveState, ModelVersion } from './records.ts';
import * as sql from './statements.ts';

/** What a rollback would do. */
export interface RollbackPlan {
  /** The entry that it takes back. */
  entry: Deployment;
  changes: LiveChange[];
  /** The id of `entry`, for the draft. */
  undoes: number;
  /** What is live afterwards. */
  state: LiveState;
}

/**
 * Adds an entry to the ledger. Must run in a transaction: until it ends nobody else can add one for the asset.
 * @param draft.changes - at least one, each from what is live now
 * @returns the entry with its id and the state after it
 * @throws AppError `REGISTRY_STATE_MOVED` when something else is live than the changes expect, or a rollback takes
 *   back another entry than the newest that stands; `REGISTRY_DEPLOYMENT_TOO_EARLY`; RangeError for a draft that
 *   changes nothing or takes an entry back without being a rollback
 */
export async function appendDeployment(db: Queryable, draft: DeploymentDraft): Promise<Deployment> {
  const { asset, at, kind, actor, reason, changes, undoes } = draft;
  if (changes.length === 0) throw new RangeError('an entry of the ledger changes something');
  if ((kind === 'rollback') !== (undoes !== null))
    throw new RangeError('a rollback, and nothing else, undoes an entry');
  await db.query(sql.LOCK, [`deployments:${asset}`]);
  const latest = await latestDeployment(db, asset);
  if (latest !== null && at < latest.at) throw deploymentTooEarly({ asset, at, last: latest.at });
  if (undoes !== null) await requireLastStanding(db, { asset, undoes });
  const applied = applyChanges(latest?.state ?? NOTHING_LIVE, changes);
  if ('mismatch' in applied) throw stateMoved(asset, describeMismatch(applied.mismatch));
  const texts = [JSON.stringify(changes), JSON.stringify(applied.state)];
  const values = [asset, at, kind, actor, reason, ...texts, undoes];
  const { rows } = await db.query<{ id: number }>(sql.INSERT_DEPLOYMENT, values);
  return { ...draft, id: Number(rows[0]?.id), state: applied.state };
}

/** The newest entry; null before the first. */
export async function latestDeployment(db: Queryable, asset: string): Promise<Deployment | null> {
  const [latest] = await readDeployments(db, { asset, limit: 1 });
  return latest ?? null;
}

/** The entry that was in force at a moment: the last one up to it; null when nothing was live yet. */
export async function liveAt(
  db: Queryable,
  { asset, at }: { asset: string; at: EpochMs },
): Promise<Deployment | null> {
  const [entry] = await readDeployments(db, { asset, upTo: at, limit: 1 });
  return entry ?? null;
}

/** Entries up to a moment (default: all), newest first. */
export async function readDeployments(
  db: Queryable,
  { asset, upTo, limit }: { asset: string; upTo?: EpochMs; limit: number },
): Promise<Deployment[]> {
  const { rows } = await db.query<Deployment>(sql.READ_DEPLOYMENTS, [asset, upTo ?? null, limit]);
  return rows;
}

/** Every version that has ever been live for an arm and horizon. */
export async function everLive(db: Queryable, asset: string): Promise<Set<ModelVersion>> {
  const { rows } = await db.query<{ version: ModelVersion }>(sql.EVER_LIVE, [asset]);
  return new Set(rows.map(({ version }) => version));
}

/**
 * What a rollback now would take back: the newest entry that is no rollback and was not taken back. Must run in a
 * transaction: until it ends nobody else can add an entry for the asset; outside of one the plan may be old at once.
 * @param undoes - the entry that is to be taken back; default: the newest that stands
 * @throws AppError `REGISTRY_NOTHING_TO_ROLL_BACK` when there is none, or when nothing would be live without it;
 *   `REGISTRY_STATE_MOVED` when another entry than `undoes` is the newest that stands
 */
export async function planRollback(db: Queryable, asset: string, undoes?: number): Promise<RollbackPlan> {
  await db.query(sql.LOCK, [`deployments:${asset}`]);
  const entry = await lastStanding(db, asset);
  if (entry === null) throw nothingToRollBack(asset, 'the ledger has no entry that stands');
  if (undoes !== undefined && undoes !== entry.id) {
    throw stateMoved(asset, `entry ${entry.id}, not ${undoes}, is the next to be taken back`);
  }
  const changes = reverseChanges(entry.changes);
  const latest = await latestDeployment(db, asset);
  const applied = applyChanges(latest?.state ?? NOTHING_LIVE, changes);
  if ('mismatch' in applied) throw new RangeError(`entry ${entry.id} does not lead back from what is live`);
  if (applied.state.models.length === 0) {
    throw nothingToRollBack(asset, `without entry ${entry.id}, the first that stands, nothing would be live`);
  }
  return { entry, changes, undoes: entry.id, state: applied.state };
}

async function requireLastStanding(
  db: Queryable,
  { asset, undoes }: { asset: string; undoes: number },
): Promise<void> {
  const entry = await lastStanding(db, asset);
  if (entry?.id === undoes) return;
  throw stateMoved(asset, `entry ${entry?.id ?? 'none'}, not ${undoes}, is the next to be taken back`);
}

async function lastStanding(db: Queryable, asset: string): Promise<Deployment | null> {
  const { rows } = await db.query<Deployment>(sql.LAST_STANDING_DEPLOYMENT, [asset]);
  return rows[0] ?? null;
}
