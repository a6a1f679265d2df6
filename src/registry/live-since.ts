import type { EpochMs, Queryable } from '../core/index.ts';
import type { Deployment, LiveModel } from './records.ts';

/** $1 asset, $2 id of an entry: every change up to it with the newest moment at which it was made. */
const NEWEST_CHANGES = `
  select change ->> 'kind' as kind, change ->> 'arm' as arm, (change ->> 'horizonMinutes')::int as "horizonMinutes",
    change ->> 'to' as "to", (extract(epoch from max(at)) * 1000)::float8 as at
  from deployments, jsonb_array_elements(changes) as change
  where asset = $1 and id <= $2
  group by 1, 2, 3, 4`;

interface NewestChange {
  kind: 'model' | 'champion';
  arm: string | null;
  horizonMinutes: number;
  to: string | null;
  at: EpochMs;
}

/** Since when what is live has been so. */
export interface LiveSince {
  /** Moment of the newest entry that made a model what it is; null where none did. */
  ofModel(model: LiveModel): EpochMs | null;
  /** The same of the arm that answers for a horizon. */
  ofChampion(champion: { horizonMinutes: number; arm: string }): EpochMs | null;
}

/** Since when what an entry made live has been so: one query, whatever the length of the ledger. */
export async function readLiveSince(
  db: Queryable,
  { asset, id }: Pick<Deployment, 'asset' | 'id'>,
): Promise<LiveSince> {
  const { rows } = await db.query<NewestChange>(NEWEST_CHANGES, [asset, id]);
  const moments = new Map(rows.map(({ at, ...change }) => [keyOf(change), at]));
  return {
    ofModel: ({ arm, horizonMinutes, modelVersion: to }) =>
      moments.get(keyOf({ kind: 'model', arm, horizonMinutes, to })) ?? null,
    ofChampion: ({ horizonMinutes, arm: to }) =>
      moments.get(keyOf({ kind: 'champion', arm: null, horizonMinutes, to })) ?? null,
  };
}

function keyOf({ kind, arm, horizonMinutes, to }: Omit<NewestChange, 'at'>): string {
  return JSON.stringify([kind, arm, horizonMinutes, to]);
}
