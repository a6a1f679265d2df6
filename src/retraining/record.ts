import { raiseEvent, type EpochMs, type Queryable } from '../core/index.ts';
import {
  appendDeployment,
  recordAblations,
  recordDecisions,
  recordRun,
  recordVersion,
  type ArtifactStore,
  type Deployment,
  type SavedVersion,
} from '../registry/index.ts';
import type { Retraining, RetrainingTrigger } from './retraining.ts';

const OCCASIONS: Record<RetrainingTrigger, string> = {
  first: 'The first training',
  schedule: 'The retraining that was due',
  expiry: 'A retraining because a live model had expired',
  hand: 'A retraining by hand',
};

/**
 * Writes the files of a retraining's versions, before the database names them. Files of the same numbers that a crash
 * left behind give way; so nobody else may be given these numbers meanwhile, and none may be in the database.
 * @returns what `recordRetraining` needs to know of them, in the order of the drafts
 * @throws AppError `REGISTRY_WRITE_FAILED`
 */
export async function saveArtifacts(
  store: Pick<ArtifactStore, 'save'>,
  { drafts }: Pick<Retraining, 'drafts'>,
  { durable }: { durable: boolean },
): Promise<SavedVersion[]> {
  const saved: SavedVersion[] = [];
  for (const draft of drafts) saved.push(await store.save(draft, { durable, replace: true }));
  return saved;
}

/**
 * Writes what a retraining made, measured and decided: versions, runs, decisions, ablations, one entry of the ledger if anything changes,
 * events. All in the caller's transaction.
 * @param record.saved - what `saveArtifacts` gave
 * @param record.at - when it is recorded, not before `retraining.recordedAt`, which is the default
 * @returns the entry, or null when nothing changed
 * @throws AppError `REGISTRY_VERSION_TAKEN`, `REGISTRY_STATE_MOVED` or `REGISTRY_DEPLOYMENT_TOO_EARLY`; RangeError
 *   when the saved versions are not those of the retraining
 */
export async function recordRetraining(
  client: Queryable,
  record: { asset: string; retraining: Retraining; saved: readonly SavedVersion[]; at?: EpochMs },
): Promise<Deployment | null> {
  const { asset, retraining, saved, at = retraining.recordedAt } = record;
  requireSaved(retraining, saved);
  for (const version of saved) await recordVersion(client, version);
  for (const run of retraining.runs) await recordRun(client, run);
  const decisions = retraining.decisions.map((decision) => ({ ...decision, at }));
  await recordDecisions(client, { asset, decisions });
  const ablations = retraining.ablations.map((ablation) => ({ ...ablation, at }));
  await recordAblations(client, { asset, ablations });
  const deployment =
    retraining.changes.length === 0
      ? null
      : await appendDeployment(client, {
          asset,
          at,
          kind: 'retraining',
          actor: retraining.trigger === 'hand' ? 'operator' : 'system',
          reason: summaryOf(retraining),
          changes: retraining.changes,
          undoes: null,
        });
  for (const event of retraining.events) await raiseEvent(client, { ...event, at });
  return deployment;
}

/** One sentence for the ledger. */
function summaryOf({ trigger, trained, changes }: Retraining): string {
  const promoted = changes.filter(({ kind }) => kind === 'model').length;
  const champions = changes.flatMap((change) =>
    change.kind === 'champion'
      ? [`${change.to ?? 'nobody'} champion at ${change.horizonMinutes} minutes`]
      : [],
  );
  const made = champions.length === 0 ? '' : ` and made ${champions.join(', ')}`;
  return `${OCCASIONS[trigger]} promoted ${promoted} of ${trained.length} candidates${made}.`;
}

function requireSaved({ drafts }: Retraining, saved: readonly SavedVersion[]): void {
  const nameOf = ({ manifest }: { manifest: { family: string; version: string } }) =>
    `${manifest.family}@${manifest.version}`;
  const [made, written] = [drafts.map(nameOf).join(', '), saved.map(nameOf).join(', ')];
  if (made !== written)
    throw new RangeError(`the retraining made ${made || 'nothing'}, but ${written || 'nothing'} was saved`);
}
