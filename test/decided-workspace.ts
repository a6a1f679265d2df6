import { randomBytes } from 'node:crypto';
import { MIGRATIONS } from '../src/compose.ts';
import {
  acquireFence,
  commitWindows,
  dropWorkspace,
  HOUR_MS,
  inTransaction,
  migrateWorkspace,
  MINUTE_MS,
  openPostgres,
  openWorkspace,
  parseUtc,
  silentLog,
  type EpochMs,
  type Workspace,
} from '../src/core/index.ts';
import { writeOutcomes, writePredictions } from '../src/prediction/index.ts';
import { WINDOW_JOB } from '../src/window-run.ts';

const ASSET = 'BTC-USD';
const ARM = 'baseline-always-up';
const HORIZON = 60;

/** The close of the first window. */
export const FIRST_WINDOW: EpochMs = parseUtc('2021-11-05T01:00:00Z');

/**
 * A workspace in which ten hourly windows are decided: the last eight predicted by one arm, the first six of those
 * matured, one of them void.
 * @param place.kind - what its name begins with
 */
export async function makeDecidedWorkspace(place: {
  databaseUrl: string;
  dataDir: string;
  kind: string;
}): Promise<Workspace & { drop(): Promise<void> }> {
  const { databaseUrl, dataDir, kind } = place;
  const postgres = await openPostgres({ databaseUrl, dataDir, log: silentLog });
  const name = `${kind}_${randomBytes(6).toString('hex')}`;
  const workspace = await openWorkspace(postgres, { name, dataDir });
  await migrateWorkspace(workspace, MIGRATIONS);
  await decideWindows(workspace);
  return {
    ...workspace,
    async drop() {
      await workspace.close();
      await dropWorkspace(postgres, { name, dataDir });
    },
  };
}

async function decideWindows({ pool }: Workspace): Promise<void> {
  const windowEnds = Array.from({ length: 10 }, (_, hour) => FIRST_WINDOW + hour * HOUR_MS);
  const predicted = windowEnds.slice(2);
  const key = { job: WINDOW_JOB, asset: ASSET };
  const fence = await acquireFence(pool, key);
  await inTransaction(pool, async (client) => {
    await commitWindows(client, { ...key, fence, windowEnds, at: FIRST_WINDOW });
    await writePredictions(
      client,
      ASSET,
      predicted.map((windowEnd) => ({
        windowEnd,
        horizonMinutes: HORIZON,
        arm: ARM,
        modelVersion: 'always-up@2021-11-05',
        probabilityUp: 0.5,
        direction: 'up',
        sentiment: null,
        predictedAt: windowEnd + MINUTE_MS,
        maturesAt: windowEnd + HOUR_MS,
        degraded: false,
      })),
    );
    await writeOutcomes(
      client,
      ASSET,
      predicted.slice(0, 6).flatMap((windowEnd, place) =>
        [0, HORIZON].map((entryDelayMinutes) => ({
          windowEnd,
          horizonMinutes: HORIZON,
          entryDelayMinutes,
          outcome: place === 0 ? ('void' as const) : ('up' as const),
          knownAt: windowEnd + HOUR_MS,
          futureReturn: place === 0 ? NaN : 0.001,
        })),
      ),
    );
  });
}
