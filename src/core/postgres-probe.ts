import { realpathSync } from 'node:fs';
import pg from 'pg';
import { POSTGRES_ROLE } from './postgres-server.ts';

const ANSWER_TIMEOUT_MS = 10_000;
/** SQLSTATE of a wrong password and of a role that may not log in. */
const REFUSED: ReadonlySet<string> = new Set(['28P01', '28000']);

/** `refused`: the server does not know the password; `silent`: it did not let us in for another reason. */
export type Answer =
  { outcome: 'ready'; folder: string | null } | { outcome: 'refused' | 'silent'; error: unknown };

/**
 * Asks a server whether it lets us in.
 * @returns also the folder that it serves, null where the role may not see it
 */
export async function probePostgres(url: string): Promise<Answer> {
  let client: pg.Client | undefined;
  try {
    client = new pg.Client({ connectionString: url, connectionTimeoutMillis: ANSWER_TIMEOUT_MS });
    client.on('error', () => {});
    await client.connect();
    const { rows } = await client.query<{ folder: string | null }>(
      "SELECT setting AS folder FROM pg_settings WHERE name = 'data_directory'",
    );
    return { outcome: 'ready', folder: rows[0]?.folder ?? null };
  } catch (error) {
    const isRefused = REFUSED.has((error as { code?: string }).code ?? '');
    return { outcome: isRefused ? 'refused' : 'silent', error };
  } finally {
    await client?.end().catch(() => {});
  }
}

/** The built-in server's URL. */
export function urlOf(port: number, password: string): string {
  return `postgres://${POSTGRES_ROLE}:${password}@127.0.0.1:${port}/postgres`;
}

/** Host, port and database of a URL, without role and password. */
export function placeOf(url: string): string {
  try {
    const { hostname, port, pathname } = new URL(url);
    return `${hostname}:${port || '5432'}${pathname}`;
  } catch {
    return 'DATABASE_URL';
  }
}

/** True when both name one folder, symbolic links followed. */
export function isSameFolder(left: string | null, right: string): boolean {
  try {
    return left !== null && realpathSync(left) === realpathSync(right);
  } catch {
    return false;
  }
}
