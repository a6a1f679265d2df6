/** All SQL of this module. Moments travel as epoch milliseconds in double precision, which holds them exactly. */

const KEY_COLUMNS = `
  id, name, role, (extract(epoch from created_at) * 1000)::float8 as created_at,
  (extract(epoch from revoked_at) * 1000)::float8 as revoked_at`;

/** $1 id, $2 name, $3 role, $4 hash of the secret, $5 now. */
export const INSERT_KEY = `
  insert into api_keys (id, name, role, secret_hash, created_at)
  values ($1, $2, $3, $4, to_timestamp($5::float8 / 1000))`;

/** $1 id. */
export const READ_KEY = `select ${KEY_COLUMNS}, secret_hash from api_keys where id = $1`;

/** Oldest first. */
export const LIST_KEYS = `select ${KEY_COLUMNS} from api_keys order by created_at, id`;

/** $1 id, $2 now: a key that is revoked already keeps its moment. */
export const REVOKE_KEY = `
  update api_keys set revoked_at = coalesce(revoked_at, to_timestamp($2::float8 / 1000))
  where id = $1
  returning ${KEY_COLUMNS}`;

/** $1 now, $2 actor, $3 key id, $4 route, $5 outcome, $6 ip, $7 request id. */
export const INSERT_ATTEMPT = `
  insert into audit_log (at, actor, key_id, route, outcome, ip, request_id)
  values (to_timestamp($1::float8 / 1000), $2, $3, $4, $5, $6, $7)
  returning id`;

/** $1 id, $2 outcome, $3 what changed. Only a row that is still open is ended, and only once. */
export const END_ATTEMPT = `
  update audit_log set outcome = $2, changed = $3::jsonb where id = $1 and outcome = 'started'`;
