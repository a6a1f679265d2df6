import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import type { Clock, EpochMs, ModuleMigrations, Queryable } from '../core/index.ts';
import { keyNameTaken, keyUnknown } from './errors.ts';
import * as sql from './statements.ts';
import type { KeyRole } from './tables.ts';

/** The tables `api_keys` and `audit_log`. */
export const servingMigrations: ModuleMigrations = {
  module: 'serving',
  folder: fileURLToPath(new URL('./migrations', import.meta.url)),
};

const ID_BYTES = 6;
const SECRET_BYTES = 32;
const KEY = /^bw_([0-9a-f]{12})_([A-Za-z0-9_-]{43})$/;
const NAME = /^[a-z0-9][a-z0-9._-]{0,39}$/;
/** Names that the ledger gives to actors that are nobody's key. */
const RESERVED_NAMES = new Set(['system', 'operator']);
const UNIQUE_VIOLATION = '23505';
/** What a secret is compared with where there is no such key, so that both take the same time. */
const NOBODYS_HASH = Buffer.alloc(32);

/** A key as it may be shown: without its secret. */
export interface ApiKey {
  id: string;
  name: string;
  role: KeyRole;
  createdAt: EpochMs;
  /** null while it opens anything. */
  revokedAt: EpochMs | null;
}

interface KeyRecord {
  id: string;
  name: string;
  role: KeyRole;
  created_at: number;
  revoked_at: number | null;
}

/** Whether a key may be named so: 1 to 40 of a-z, 0-9, `.`, `_`, `-`, and none of the ledger's own actors. */
export function isKeyName(name: string): boolean {
  return NAME.test(name) && !RESERVED_NAMES.has(name);
}

/**
 * Makes a key and stores the SHA-256 of its secret: this is the only time that the key itself can be seen.
 * @returns the key, `bw_<id>_<secret>`, 32 random bytes of secret, with its id
 * @throws RangeError for a name that `isKeyName` refuses
 * @throws AppError `SERVING_KEY_NAME_TAKEN` when a living key has the name
 */
export async function createKey(
  db: Queryable,
  wanted: { name: string; role: KeyRole },
  clock: Clock,
): Promise<{ id: string; key: string }> {
  const { name, role } = wanted;
  if (!isKeyName(name)) throw new RangeError(`no key can be named ${name}`);
  const id = randomBytes(ID_BYTES).toString('hex');
  const secret = randomBytes(SECRET_BYTES).toString('base64url');
  try {
    await db.query(sql.INSERT_KEY, [id, name, role, hashOf(secret).toString('hex'), clock.now()]);
  } catch (error) {
    throw (error as { code?: string }).code === UNIQUE_VIOLATION ? keyNameTaken(name) : error;
  }
  return { id, key: `bw_${id}_${secret}` };
}

/** All keys, revoked ones too, oldest first. */
export async function listKeys(db: Queryable): Promise<ApiKey[]> {
  const { rows } = await db.query<KeyRecord>(sql.LIST_KEYS);
  return rows.map(toApiKey);
}

/**
 * Takes a key out of use from the next request on. Again: changes nothing.
 * @throws AppError `SERVING_KEY_UNKNOWN`
 */
export async function revokeKey(db: Queryable, id: string, clock: Clock): Promise<ApiKey> {
  const { rows } = await db.query<KeyRecord>(sql.REVOKE_KEY, [id, clock.now()]);
  if (rows[0] === undefined) throw keyUnknown(id);
  return toApiKey(rows[0]);
}

/**
 * Whose key this is. The secret is compared in constant time, also where no such key is there.
 * @returns the key when its secret is right; else null, with the id that was presented where it has the form of one
 */
export async function findPresented(
  db: Queryable,
  presented: string,
): Promise<{ key: ApiKey | null; presentedId: string | null }> {
  const [, id = null, secret = ''] = KEY.exec(presented) ?? [];
  const { rows } =
    id === null ? { rows: [] } : await db.query<KeyRecord & { secret_hash: string }>(sql.READ_KEY, [id]);
  const [record] = rows;
  const expected = record === undefined ? NOBODYS_HASH : Buffer.from(record.secret_hash, 'hex');
  const isRight = timingSafeEqual(hashOf(secret), expected);
  return { key: isRight && record !== undefined ? toApiKey(record) : null, presentedId: id };
}

function hashOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

function toApiKey({ id, name, role, created_at, revoked_at }: KeyRecord): ApiKey {
  return { id, name, role, createdAt: created_at, revokedAt: revoked_at };
}
