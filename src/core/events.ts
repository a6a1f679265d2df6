import { isoUtc, type EpochMs } from './time.ts';
import type { Queryable } from './queryable.ts';

export const EVENT_SEVERITIES = ['info', 'warning', 'critical'] as const;
export type EventSeverity = (typeof EVENT_SEVERITIES)[number];

/** Something that happened and that somebody may want to hear about. */
export interface DomainEvent {
  at: EpochMs;
  /** What happened, dotted, the module first: `lake.candle-revised`. */
  kind: string;
  severity: EventSeverity;
  /** Null when it concerns no single asset. */
  asset: string | null;
  facts: Record<string, unknown>;
  /** Two events with the same key are one; null: never the same. */
  dedupKey: string | null;
}

/** An event in the outbox. Ids rise in the order of writing. */
export type StoredEvent = DomainEvent & { id: number };

/**
 * Puts an event into the outbox, in the caller's transaction.
 * @returns false when one with its `dedupKey` is there already; then nothing is written
 */
export async function raiseEvent(db: Queryable, event: DomainEvent): Promise<boolean> {
  const { rowCount } = await db.query(
    `INSERT INTO events (at, kind, severity, asset, facts, dedup_key) VALUES ($1, $2, $3, $4, $5, $6)
     ON CONFLICT (dedup_key) DO NOTHING`,
    [isoUtc(event.at), event.kind, event.severity, event.asset, JSON.stringify(event.facts), event.dedupKey],
  );
  return rowCount === 1;
}

/**
 * Reads the outbox in the order of writing.
 * @param range.after - id of the last event already seen; default: from the beginning
 * @param range.limit - at most so many
 */
export async function readEvents(
  db: Queryable,
  range: { after?: number; limit: number },
): Promise<StoredEvent[]> {
  const { rows } = await db.query<StoredEvent>(
    `SELECT id::float8 AS id, (extract(epoch FROM at) * 1000)::float8 AS at, kind, severity, asset, facts,
            dedup_key AS "dedupKey"
     FROM events WHERE id > $1 ORDER BY events.id LIMIT $2`,
    [range.after ?? 0, range.limit],
  );
  return rows;
}
