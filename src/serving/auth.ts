import type { Clock, Queryable } from '../core/index.ts';
import { findPresented } from './api-keys.ts';
import * as sql from './statements.ts';
import { KEY_ROLES, type KeyRole } from './tables.ts';

/** Who a key belongs to. */
export interface KeyHolder {
  id: string;
  /** Stands in the ledger as the actor. */
  name: string;
  role: KeyRole;
}

/** What a presented key turned out to be. */
export type Identity =
  { status: 'known'; holder: KeyHolder } | { status: 'unknown' | 'revoked'; keyId: string | null };

/** How an attempt ended. `started`: allowed, and not over yet (or the process ended in between). */
export type AuditOutcome =
  'started' | 'done' | 'failed' | 'no-key' | 'unknown-key' | 'revoked-key' | 'wrong-role';

/** One attempt to do what needs a key. */
export interface Attempt {
  /** Name of the key's holder; null where nobody was recognised. */
  actor: string | null;
  /** Id in the key that was presented, be it known or not; never its secret. */
  keyId: string | null;
  /** `POST /models/select` */
  route: string;
  outcome: AuditOutcome;
  ip: string;
  requestId: string;
}

/** Knows the API keys and writes the audit log. */
export interface Authority {
  /** Compares in constant time, also where no such key is there. */
  identify(presented: string): Promise<Identity>;
  /** @returns the row's id */
  record(attempt: Attempt): Promise<number>;
  /** Ends a row that was `started`. @param end.changed - what was done, or the code of what went wrong */
  complete(id: number, end: { outcome: 'done' | 'failed'; changed: unknown }): Promise<void>;
}

/**
 * Keys and audit log of a workspace.
 * @param parts.database - asked at every call, so that a database that was opened again is used; it may throw while
 *   there is none
 * @param parts.clock - of the audit log: the real one, whatever clock the windows have
 */
export function createAuthority({ database, clock }: { database: () => Queryable; clock: Clock }): Authority {
  return {
    async identify(presented) {
      const { key, presentedId } = await findPresented(database(), presented);
      if (key === null) return { status: 'unknown', keyId: presentedId };
      if (key.revokedAt !== null) return { status: 'revoked', keyId: key.id };
      return { status: 'known', holder: { id: key.id, name: key.name, role: key.role } };
    },
    async record({ actor, keyId, route, outcome, ip, requestId }) {
      const values = [clock.now(), actor, keyId, route, outcome, ip, requestId];
      const { rows } = await database().query<{ id: number | string }>(sql.INSERT_ATTEMPT, values);
      return Number(rows[0]?.id);
    },
    async complete(id, { outcome, changed }) {
      await database().query(sql.END_ATTEMPT, [id, outcome, JSON.stringify(changed)]);
    },
  };
}

/** Whether a role includes another: `viewer` < `operator` < `admin`. */
export function includesRole(held: KeyRole, needed: KeyRole): boolean {
  return KEY_ROLES.indexOf(held) >= KEY_ROLES.indexOf(needed);
}
