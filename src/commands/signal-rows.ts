import { inSnapshot, type EpochMs, type Queryable, type Workspace } from '../core/index.ts';
import { WINDOW_JOB } from '../window-run.ts';
import { signalsMissing, usageInvalid } from './errors.ts';
import * as sql from './statements.ts';
import { isGone } from './workspace-figures.ts';

/** A prediction with what became of it. Moments in epoch ms; null: not known (yet), or not there for this arm. */
export interface Signal {
  asset: string;
  windowEnd: EpochMs;
  asOf: EpochMs | null;
  horizonMinutes: number;
  arm: string;
  modelVersion: string;
  probabilityUp: number;
  direction: string;
  sentiment: number | null;
  degraded: boolean;
  predictedAt: EpochMs;
  maturesAt: EpochMs;
  outcome: string | null;
  outcomeKnownAt: EpochMs | null;
  futureReturn: number | null;
  /** Of the first version of the window's bar, with the provider's decimals. */
  close: string | null;
}

/** Which predictions are meant: after < window <= upTo; without arms or horizon all of them. */
export interface SignalFilter {
  after: EpochMs;
  upTo: EpochMs;
  arms: readonly string[] | null;
  horizonMinutes: number | null;
}

interface Series {
  arm: string;
  horizonMinutes: number;
  count: number;
}

const BATCH_ROWS = 5_000;

/**
 * Reads predictions with their outcomes from one snapshot, in the order (asset, window, horizon, arm), some thousand
 * in memory at a time.
 * @param take - is given the batches and how many rows they will be in all
 * @throws AppError `USAGE_INVALID` for an arm or a horizon that is not there, or when nothing is left to read
 */
export async function readSignals<Result>(
  workspace: Workspace,
  filter: SignalFilter,
  take: (batches: AsyncIterable<Signal[]>, total: number) => Promise<Result>,
): Promise<Result> {
  return inSnapshot(workspace.pool, async (client) => {
    const series = await readSeries(client, filter);
    if (series.length === 0) throw signalsMissing(workspace.name);
    requireKnown(filter, series);
    const total = series.reduce((sum, { count }) => sum + count, 0);
    if (total === 0) {
      throw usageInvalid(
        `Workspace ${workspace.name} has no prediction of this kind in this range. Widen --from and --to, or leave them out.`,
      );
    }
    return take(batchesOf(client, filter), total);
  });
}

async function readSeries(client: Queryable, { after, upTo, arms, horizonMinutes }: SignalFilter) {
  try {
    const { rows } = await client.query<Series>(sql.SIGNAL_SERIES, [after, upTo, arms, horizonMinutes]);
    return rows;
  } catch (error) {
    if (isGone(error)) return [];
    throw error;
  }
}

function requireKnown({ arms, horizonMinutes }: SignalFilter, series: readonly Series[]): void {
  const known = [...new Set(series.map(({ arm }) => arm))];
  const unknown = arms?.find((arm) => !known.includes(arm));
  if (unknown !== undefined) {
    throw usageInvalid(`There is no arm "${unknown}" here. There are: ${known.join(', ')}.`);
  }
  const horizons = [...new Set(series.map((one) => one.horizonMinutes))].sort((left, right) => left - right);
  if (horizonMinutes !== null && !horizons.includes(horizonMinutes)) {
    throw usageInvalid(
      `Nothing is predicted ${horizonMinutes} minutes ahead here. There are: ${horizons.join(', ')}.`,
    );
  }
}

async function* batchesOf(
  client: Queryable,
  { after, upTo, arms, horizonMinutes }: SignalFilter,
): AsyncGenerator<Signal[]> {
  for (const setting of sql.SIGNAL_SETTINGS) await client.query(setting);
  await client.query(`DECLARE signals NO SCROLL CURSOR FOR ${sql.SIGNALS}`, [
    after,
    upTo,
    arms,
    horizonMinutes,
    WINDOW_JOB,
  ]);
  for (;;) {
    const { rows } = await client.query<Signal>(`FETCH ${BATCH_ROWS} FROM signals`);
    if (rows.length === 0) return;
    yield rows;
  }
}
