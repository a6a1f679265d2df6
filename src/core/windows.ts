import { isoUtc, MINUTE_MS, floorTo, type EpochMs } from './time.ts';
import type { Queryable } from './queryable.ts';
import { windowAlreadyDone, windowFenced } from './storage-errors.ts';

/** Whose windows: a job (`run-window`) on an asset (`BTC-USD`). */
export interface WindowKey {
  job: string;
  asset: string;
}

/** Half-open range of windows: after < T <= upTo. Each side may be left open. */
export interface WindowRange {
  after?: EpochMs;
  upTo?: EpochMs;
}

/**
 * Makes the caller the runner of a job on an asset. Whoever held an older fence can no longer commit.
 * @returns the fence, larger than every one before it
 */
export async function acquireFence(db: Queryable, { job, asset }: WindowKey): Promise<number> {
  const { rows } = await db.query<{ fence: number }>(
    `INSERT INTO window_runners (job, asset, fence) VALUES ($1, $2, 1)
     ON CONFLICT (job, asset) DO UPDATE SET fence = window_runners.fence + 1
     RETURNING fence`,
    [job, asset],
  );
  return Number(rows[0]?.fence);
}

/**
 * Writes windows into the ledger. Must run in the transaction that also writes what the windows produced, so that
 * both stand or fall together.
 * @param client - a connection with an open transaction; the caller rolls back when this throws
 * @param commit.windowEnds - in any order; none at all is fine
 * @param commit.at - the moment to note, from the caller's clock
 * @throws AppError `WINDOW_FENCED` when another runner has taken over, `WINDOW_ALREADY_DONE` when one is there
 */
export async function commitWindows(
  client: Queryable,
  commit: WindowKey & { fence: number; windowEnds: readonly EpochMs[]; at: EpochMs },
): Promise<void> {
  const { job, asset, fence, windowEnds, at } = commit;
  const runner = await client.query<{ fence: number }>(
    'SELECT fence FROM window_runners WHERE job = $1 AND asset = $2 FOR UPDATE',
    [job, asset],
  );
  const newest = Number(runner.rows[0]?.fence ?? 0);
  if (newest !== fence) throw windowFenced({ job, asset, fence, newest });
  const written = await client.query<{ end: number }>(
    `INSERT INTO window_ledger (job, asset, window_end, fence, state, committed_at)
     SELECT $1, $2, window_end, $3, 'done', $4 FROM unnest($5::timestamptz[]) AS window_end
     ON CONFLICT DO NOTHING
     RETURNING ${epochMs('window_end')} AS end`,
    [job, asset, fence, isoUtc(at), windowEnds.map(isoUtc)],
  );
  if (written.rows.length === windowEnds.length) return;
  const fresh = new Set(written.rows.map(({ end }) => end));
  const known = windowEnds.find((end, place) => !fresh.has(end) || windowEnds.indexOf(end) !== place);
  throw windowAlreadyDone({ job, asset, windowEnd: known ?? NaN });
}

/** @returns the newest window in the ledger, null when there is none */
export async function latestWindow(db: Queryable, { job, asset }: WindowKey): Promise<EpochMs | null> {
  const { rows } = await db.query<{ latest: number | null }>(
    `SELECT ${epochMs('max(window_end)')} AS latest FROM window_ledger WHERE job = $1 AND asset = $2`,
    [job, asset],
  );
  return rows[0]?.latest ?? null;
}

/** @returns how many windows the ledger holds, all of them or those of a range */
export async function countWindows(
  db: Queryable,
  { job, asset, after = -Infinity, upTo = Infinity }: WindowKey & WindowRange,
): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM window_ledger
     WHERE job = $1 AND asset = $2 AND window_end > $3::timestamptz AND window_end <= $4::timestamptz`,
    [job, asset, boundary(after), boundary(upTo)],
  );
  return rows[0]?.count ?? 0;
}

/**
 * Which windows of a range are still to be run.
 * @param range.barMinutes - windows end at its multiples
 * @returns their ends, oldest first
 */
export async function missingWindows(
  db: Queryable,
  range: WindowKey & { after: EpochMs; upTo: EpochMs; barMinutes: number },
): Promise<EpochMs[]> {
  const { job, asset, after, upTo, barMinutes } = range;
  const bar = barMinutes * MINUTE_MS;
  const { rows } = await db.query<{ end: number }>(
    `SELECT ${epochMs('due')} AS end
     FROM generate_series($3::timestamptz, $4::timestamptz, make_interval(mins => $5)) AS due
     WHERE NOT EXISTS (
       SELECT FROM window_ledger WHERE job = $1 AND asset = $2 AND window_end = due
     )
     ORDER BY due`,
    [job, asset, isoUtc(floorTo(after, bar) + bar), isoUtc(floorTo(upTo, bar)), barMinutes],
  );
  return rows.map(({ end }) => end);
}

function epochMs(expression: string): string {
  return `(extract(epoch FROM ${expression}) * 1000)::float8`;
}

function boundary(moment: number): string {
  return Number.isFinite(moment) ? isoUtc(moment) : moment > 0 ? 'infinity' : '-infinity';
}
