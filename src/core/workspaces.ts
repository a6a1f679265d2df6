import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import type { Cache } from './cache.ts';
import { makeFolder } from './folders.ts';
import type { Postgres } from './postgres.ts';
import { workspaceNameInvalid } from './storage-errors.ts';

export const LIVE_WORKSPACE = 'live';

const NAME = /^[a-z0-9][a-z0-9_]{0,55}$/;
const SCHEMA_PREFIX = 'ws_';
/** Enough for the API beside a running window; all processes together stay far below the server's 60. */
const POOL_SIZE = 6;
const INT8 = 20;

/** A place of its own: a schema, folders for bronze and models, a prefix in the cache, shared with no other replay. */
export interface Workspace {
  readonly name: string;
  /** Postgres schema, safe to stand unquoted in a statement. */
  readonly schema: string;
  /** Postgres schema for the tables of a queue; whoever runs one makes it, and it goes with the workspace. */
  readonly queueSchema: string;
  /** Connections whose search_path is the schema and whose time zone is UTC. bigint comes as number. */
  readonly pool: pg.Pool;
  /** Absolute; exists. */
  readonly bronzeDir: string;
  /** Absolute; made by whoever writes the first model into it. */
  readonly registryDir: string;
  /** What every cache key of the workspace begins with. */
  readonly cachePrefix: string;
  /** Ends the pool. */
  close(): Promise<void>;
}

/**
 * Opens a workspace, made when missing. Its tables are another matter: see `migrateWorkspace`.
 * @param options.name - `live`, or 1 to 56 of a-z, 0-9, _
 * @param options.dataDir - absolute
 * @throws AppError `WORKSPACE_NAME_INVALID`, `DATA_FOLDER_UNUSABLE`
 */
export async function openWorkspace(
  postgres: Postgres,
  options: { name: string; dataDir: string },
): Promise<Workspace> {
  const { name, dataDir } = options;
  const schema = schemaOf(name);
  makeFolder(bronzeOf(dataDir, name));
  await withClient(postgres, (client) => createSchema(client, schema));
  return connect(postgres, options);
}

/**
 * Opens a workspace that is there already and makes nothing, for those who only look.
 * @returns null when there is none of this name; its `bronzeDir` need not exist
 * @throws AppError `WORKSPACE_NAME_INVALID`
 */
export async function findWorkspace(
  postgres: Postgres,
  options: { name: string; dataDir: string },
): Promise<Workspace | null> {
  const schema = schemaOf(options.name);
  const isThere = await withClient(postgres, async (client) => {
    const { rowCount } = await client.query('SELECT FROM pg_namespace WHERE nspname = $1', [schema]);
    return rowCount === 1;
  });
  return isThere ? connect(postgres, options) : null;
}

/** The names of all workspaces of a database, `live` first, then by name. */
export async function listWorkspaces(postgres: Postgres): Promise<string[]> {
  return withClient(postgres, async (client) => {
    const { rows } = await client.query<{ schema: string }>(
      `SELECT nspname AS schema FROM pg_namespace WHERE nspname = $1 OR starts_with(nspname, $2) ORDER BY nspname`,
      [LIVE_WORKSPACE, SCHEMA_PREFIX],
    );
    return rows.map(({ schema }) =>
      schema === LIVE_WORKSPACE ? schema : schema.slice(SCHEMA_PREFIX.length),
    );
  });
}

/**
 * Deletes one workspace: schema, folder and, when a cache is given, its keys. Others are not touched; one that is
 * not there is no error.
 */
export async function dropWorkspace(
  postgres: Postgres,
  options: { name: string; dataDir: string; cache?: Cache },
): Promise<void> {
  const schema = schemaOf(options.name);
  await withClient(postgres, (client) =>
    client.query(`DROP SCHEMA IF EXISTS "${schema}", "${queueOf(schema)}" CASCADE`),
  );
  rmSync(folderOf(options.dataDir, options.name), { recursive: true, force: true });
  await options.cache?.delete(cachePrefixOf(postgres, options));
}

function connect(postgres: Postgres, options: { name: string; dataDir: string }): Workspace {
  const { name, dataDir } = options;
  const schema = schemaOf(name);
  const pool = createPool(postgres, schema);
  return {
    name,
    schema,
    queueSchema: queueOf(schema),
    pool,
    bronzeDir: bronzeOf(dataDir, name),
    registryDir: join(folderOf(dataDir, name), 'registry'),
    cachePrefix: cachePrefixOf(postgres, options),
    close: () => pool.end(),
  };
}

function schemaOf(name: string): string {
  if (!NAME.test(name)) throw workspaceNameInvalid(name);
  return name === LIVE_WORKSPACE ? name : `${SCHEMA_PREFIX}${name}`;
}

/** Not under the prefix of workspaces, or it would be taken for one. */
function queueOf(schema: string): string {
  return `queue_${schema}`;
}

function folderOf(dataDir: string, name: string): string {
  return name === LIVE_WORKSPACE ? join(dataDir, name) : join(dataDir, 'workspaces', name);
}

function bronzeOf(dataDir: string, name: string): string {
  return join(folderOf(dataDir, name), 'bronze');
}

/** One Redis may serve several databases, and the built-in server's port changes: so its folder names it. */
function cachePrefixOf(postgres: Postgres, options: { name: string; dataDir: string }): string {
  const { host, pathname } = new URL(postgres.url);
  const database = postgres.isEmbedded ? options.dataDir : `${host}${pathname}`;
  return `bellwether:${createHash('sha256').update(database).digest('hex').slice(0, 8)}:${options.name}:`;
}

/** IF NOT EXISTS alone does not help two that create it in the same moment. */
async function createSchema(client: pg.Client, schema: string): Promise<void> {
  await client.query('BEGIN');
  await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`schema:${schema}`]);
  await client.query(`CREATE SCHEMA IF NOT EXISTS "${schema}"`);
  await client.query('COMMIT');
}

function createPool(postgres: Postgres, schema: string): pg.Pool {
  const pool = new pg.Pool({
    ...connectionOf(postgres.url, `-c search_path=${schema} -c timezone=UTC`),
    max: POOL_SIZE,
    types: {
      // Counts and ids stay far below 2^53; as text every caller would have to convert them.
      getTypeParser: ((id: number, format?: 'text') =>
        id === INT8 && format !== undefined
          ? Number
          : pg.types.getTypeParser(id, format)) as typeof pg.types.getTypeParser,
    },
  });
  // A connection that breaks, idle or in use, would otherwise end the process; its next statement tells its caller.
  pool.on('error', () => {});
  pool.on('connect', (client) => client.on('error', () => {}));
  return pool;
}

/** Options within a URL would silently take the place of ours, and tables would go to another schema: ours come last. */
function connectionOf(given: string, own: string): { connectionString: string; options: string } {
  const url = new URL(given);
  const theirs = url.searchParams.get('options');
  if (theirs === null) return { connectionString: given, options: own };
  url.searchParams.delete('options');
  return { connectionString: url.href, options: `${theirs} ${own}` };
}

async function withClient<Result>(
  postgres: Postgres,
  work: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  const client = new pg.Client({ connectionString: postgres.url });
  client.on('error', () => {});
  try {
    await client.connect();
    return await work(client);
  } finally {
    await client.end().catch(() => {});
  }
}
