import type { Queryable } from './queryable.ts';

/**
 * Reads a single fact of the workspace.
 * @returns the value as it was written, or undefined when nobody wrote it; parse it before use
 */
export async function readFact(db: Queryable, key: string): Promise<unknown> {
  const { rows } = await db.query<{ value: unknown }>('SELECT value FROM facts WHERE key = $1', [key]);
  return rows[0]?.value;
}

/** Writes a single fact, over the one that stood there. Any JSON, null included. */
export async function writeFact(db: Queryable, key: string, value: unknown): Promise<void> {
  await db.query(
    'INSERT INTO facts (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
    [key, JSON.stringify(value)],
  );
}
