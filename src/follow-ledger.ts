import { isDeepStrictEqual } from 'node:util';
import { inTransaction, raiseEvent } from './core/index.ts';
import { databaseAway } from './database-away.ts';
import { loadDeployed, toLiveState } from './live-models.ts';
import { rollBack } from './live-orders.ts';
import { deployedNow } from './model-ports.ts';
import type { Operation } from './operation.ts';
import { HORIZONS_MINUTES } from './prediction/index.ts';
import { latestDeployment, planRollback } from './registry/index.ts';
import { createModelRouter, type ModelRouter } from './serving/index.ts';

/** Windows that new models are tried on before anybody is answered by them. */
const WARM_WINDOWS = 96;

/** The router of an operation: answers and windows get their models from it, as its workspace's ledger says. */
export async function createRouter(operation: Operation): Promise<ModelRouter> {
  const { config, models, log } = operation;
  const { asset } = config;
  const { featureSets } = models;
  const latest = await latestDeployment(workspaceOf(operation).pool, asset);
  const present = deployedNow(operation);
  // Entries of somebody else's are still to be followed; the run's own are what it has in memory.
  const isPresent = latest !== null && isDeepStrictEqual(latest.state, toLiveState(present));
  return createModelRouter({
    initial: isPresent ? { ...present, revision: latest.id } : present,
    readLedger: () => latestDeployment(workspaceOf(operation).pool, asset),
    load: (entry, present) =>
      loadDeployed({ workspace: workspaceOf(operation), featureSets }, entry, present),
    warmRows: () => warmRows(operation),
    onFlip: (deployed) => operation.run?.learning.adopt(deployed),
    onRefused: (refusal) => takeBack(operation, refusal),
    clock: { isVirtual: operation.clock.isVirtual, now: () => operation.clock.now() },
    log,
  });
}

/** Says what happened in the outbox, and leads the ledger back to what answers; never past an entry that nobody tried. */
async function takeBack(
  operation: Operation,
  refusal: Parameters<Parameters<typeof createModelRouter>[0]['onRefused']>[0],
): Promise<void> {
  const { config, models, settings, clock } = operation;
  const { asset } = config;
  const workspace = workspaceOf(operation);
  const { revision, code, message, lastGood, isRollback, isSuperseded } = refusal;
  await raiseEvent(workspace.pool, {
    at: clock.now(),
    kind: 'serving.deployment-refused',
    severity: 'critical',
    asset,
    facts: { deployment: revision, code, message },
    dedupKey: `serving.deployment-refused ${revision}`,
  });
  if (isSuperseded) return;
  const { undoes: standing } = await inTransaction(workspace.pool, (client) => planRollback(client, asset));
  const isGone = standing <= lastGood || (standing < revision && !isRollback);
  if (isGone) return;
  const place = {
    workspace,
    featureSets: models.featureSets,
    asset,
    firstChampion: settings.firstChampion,
    now: clock.now(),
    actor: 'system',
  };
  await rollBack(place, {
    reason: `entry ${revision} was refused: ${message}`,
    // Where something newer stands this finds the ledger moved, and that is tried first.
    undoes: isRollback ? Math.min(standing, revision) : revision,
  });
}

/** The last windows of the run, by horizon; none while there is no run. */
function warmRows({ run }: Operation) {
  return new Map(
    HORIZONS_MINUTES.flatMap((horizonMinutes) => {
      if (run === null) return [];
      const { columns, values, count } = run.memory.history.rowsAt(horizonMinutes);
      const first = Math.max(0, count - WARM_WINDOWS);
      return [
        [
          horizonMinutes,
          { columns, values: values.slice(first * columns.length), count: count - first },
        ] as const,
      ];
    }),
  );
}

function workspaceOf({ storage }: Operation) {
  if (storage === null) throw databaseAway(new Error('it is being opened'));
  return storage.workspace;
}
