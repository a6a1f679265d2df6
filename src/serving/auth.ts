import type { KeyRole } from './tables.ts';

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
