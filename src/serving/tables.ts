import { sql } from 'drizzle-orm';
import { bigint, index, jsonb, pgTable, primaryKey, text, timestamp, uniqueIndex } from 'drizzle-orm/pg-core';

/** From the least to the most: who has a role has all those before it. */
export const KEY_ROLES = ['viewer', 'operator', 'admin'] as const;
export type KeyRole = (typeof KEY_ROLES)[number];

const moment = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' });

/** API keys. Of the secret only its SHA-256 is kept; a revoked key stays, so that the audit log can be read. */
export const apiKeys = pgTable(
  'api_keys',
  {
    id: text('id').notNull(),
    name: text('name').notNull(),
    role: text('role', { enum: KEY_ROLES }).notNull(),
    /** SHA-256 of the secret, hexadecimal. */
    secretHash: text('secret_hash').notNull(),
    createdAt: moment('created_at').notNull(),
    revokedAt: moment('revoked_at'),
  },
  (table) => [
    primaryKey({ name: 'api_keys_pk', columns: [table.id] }),
    // The ledger names its actors: two living keys of one name could not be told apart.
    uniqueIndex('api_keys_living_name')
      .on(table.name)
      .where(sql`revoked_at is null`),
  ],
);

/** Every attempt to do what needs a key, allowed or not. */
export const auditLog = pgTable(
  'audit_log',
  {
    id: bigint('id', { mode: 'number' }).generatedAlwaysAsIdentity({ name: 'audit_log_id' }).notNull(),
    at: moment('at').notNull(),
    actor: text('actor'),
    keyId: text('key_id'),
    route: text('route').notNull(),
    outcome: text('outcome').notNull(),
    ip: text('ip').notNull(),
    requestId: text('request_id').notNull(),
    changed: jsonb('changed'),
  },
  (table) => [
    primaryKey({ name: 'audit_log_pk', columns: [table.id] }),
    index('audit_log_by_time').on(table.at),
  ],
);
