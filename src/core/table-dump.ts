import pg from 'pg';
import type { Queryable } from './queryable.ts';

/** A table as far as its rows go: generated columns have no content of their own. */
export interface TableShape {
  name: string;
  columns: { name: string; type: string }[];
  /** Columns of the primary key, in its order; none without one. */
  key: string[];
}

/** Where a sequence stands. */
export interface SequencePosition {
  name: string;
  /** As text: it may pass 2^53. */
  lastValue: string;
  isCalled: boolean;
}

const BATCH_ROWS = 2_000;
/** Lines that are sent at once, in characters. */
const BATCH_CHARACTERS = 1_000_000;
/** So that the text of a value is the same on every server, and exact: floats in the shortest form that reads back. */
const EXACT_TEXT = [
  `SET LOCAL datestyle = 'ISO, YMD'`,
  `SET LOCAL intervalstyle = 'postgres'`,
  `SET LOCAL timezone = 'UTC'`,
  `SET LOCAL bytea_output = 'hex'`,
  `SET LOCAL extra_float_digits = 1`,
];

const TABLES = `
  SELECT c.relname AS name,
         (SELECT json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod)) ORDER BY a.attnum)
          FROM pg_attribute a
          WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '') AS columns,
         coalesce((SELECT json_agg(a.attname ORDER BY k.place)
                   FROM pg_index i
                   CROSS JOIN unnest(i.indkey::int[]) WITH ORDINALITY AS k (attnum, place)
                   JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum
                   WHERE i.indrelid = c.oid AND i.indisprimary), '[]') AS key
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p') AND NOT c.relispartition
  ORDER BY c.relname`;

/** The tables of the schema that the connection works in, by name. */
export async function listTables(client: Queryable): Promise<TableShape[]> {
  const { rows } = await client.query<TableShape>(TABLES);
  return rows.map((table) => ({ ...table, columns: (table.columns as TableShape['columns'] | null) ?? [] }));
}

/** Keeps tables from being changed in shape or dropped until the transaction ends; rows may come and go. */
export async function holdTables(client: Queryable, tables: readonly TableShape[]): Promise<void> {
  if (tables.length === 0) return;
  await client.query(`LOCK TABLE ${tables.map(({ name }) => quote(name)).join(', ')} IN ACCESS SHARE MODE`);
}

export async function countRows(client: Queryable, table: string): Promise<number> {
  const { rows } = await client.query<{ count: number }>(
    `SELECT count(*)::float8 AS count FROM ${quote(table)}`,
  );
  return rows[0]?.count ?? 0;
}

/** True when some table other than the books of migrations holds a row. */
export async function holdsRows(client: Queryable): Promise<boolean> {
  for (const { name } of await listTables(client)) {
    if (name.startsWith('migrations_')) continue;
    const { rows } = await client.query<{ found: boolean }>(
      `SELECT EXISTS (SELECT FROM ${quote(name)}) AS found`,
    );
    if (rows[0]?.found === true) return true;
  }
  return false;
}

/**
 * Every row of a table as a line of JSON, in the order of its key: an array with the text of each column, null for
 * SQL's null. Text rather than JSON's own kinds, because -0, NaN, 2^53 + 1 and a JSON null inside a jsonb column would
 * come back as something else. Within a transaction of the caller's.
 */
export async function* dumpRows(client: Queryable, table: TableShape): AsyncGenerator<string[]> {
  const { name, columns, key } = table;
  for (const setting of EXACT_TEXT) await client.query(setting);
  const texts = columns.map((column) => `${quote(column.name)}::text`).join(', ');
  const order = key.length === 0 ? '' : ` ORDER BY ${key.map(quote).join(', ')}`;
  await client.query(
    `DECLARE dumped NO SCROLL CURSOR FOR SELECT array_to_json(ARRAY[${texts}]::text[])::text AS line FROM ${quote(name)}${order}`,
  );
  try {
    for (;;) {
      const { rows } = await client.query<{ line: string }>(`FETCH ${BATCH_ROWS} FROM dumped`);
      if (rows.length === 0) break;
      yield rows.map(({ line }) => line);
    }
  } finally {
    // After an error in the transaction this fails too, and the transaction's end closes the cursor anyway.
    await client.query('CLOSE dumped').catch(() => {});
  }
}

/**
 * Brings dumped lines into a table. Triggers of the table's own rest meanwhile: the rows have been through them.
 * @param table - as it is now; the lines fill the columns that are named, the others take their defaults
 * @param columns - what the lines hold, in their order
 * @returns how many rows came
 * @throws RangeError when the table has no such column
 */
export async function loadRows(
  client: Queryable,
  { table, columns }: { table: TableShape; columns: readonly string[] },
  lines: AsyncIterable<string>,
): Promise<number> {
  const statement = insertStatement(table, columns);
  for (const setting of EXACT_TEXT) await client.query(setting);
  await client.query(`ALTER TABLE ${quote(table.name)} DISABLE TRIGGER USER`);
  let rows = 0;
  let batch: string[] = [];
  let characters = 0;
  for await (const line of lines) {
    batch.push(line);
    characters += line.length;
    if (characters >= BATCH_CHARACTERS) await flush();
  }
  await flush();
  await client.query(`ALTER TABLE ${quote(table.name)} ENABLE TRIGGER USER`);
  await client.query(`ANALYZE ${quote(table.name)}`);
  return rows;

  async function flush(): Promise<void> {
    if (batch.length === 0) return;
    const { rowCount } = await client.query(statement, [`[${batch.join(',')}]`]);
    rows += rowCount ?? 0;
    batch = [];
    characters = 0;
  }
}

/** Where the sequences of the schema stand. They count on outside of any snapshot, so they may be ahead of the rows. */
export async function readSequences(client: Queryable): Promise<SequencePosition[]> {
  const { rows: found } = await client.query<{ name: string }>(
    `SELECT sequencename AS name FROM pg_sequences WHERE schemaname = current_schema() ORDER BY sequencename`,
  );
  const positions: SequencePosition[] = [];
  for (const { name } of found) {
    const { rows } = await client.query<{ lastValue: string; isCalled: boolean }>(
      `SELECT last_value::text AS "lastValue", is_called AS "isCalled" FROM ${quote(name)}`,
    );
    positions.push(...rows.map((position) => ({ name, ...position })));
  }
  return positions;
}

/** Moves the sequences of the schema to where they stood, so that the next number is a new one. */
export async function setSequences(client: Queryable, positions: readonly SequencePosition[]): Promise<void> {
  for (const { name, lastValue, isCalled } of positions) {
    await client.query('SELECT setval(format($1, $2::text)::regclass, $3::bigint, $4)', [
      '%I',
      name,
      lastValue,
      isCalled,
    ]);
  }
}

function insertStatement({ name, columns: known }: TableShape, columns: readonly string[]): string {
  const values = columns.map((column, place) => {
    const type = known.find((one) => one.name === column)?.type;
    if (type === undefined) throw new RangeError(`table ${name} has no column ${column}`);
    return `(line ->> ${place})::${type}`;
  });
  // As jsonb the line is taken apart once, not once a column; all its values are text, which jsonb leaves alone.
  return `INSERT INTO ${quote(name)} (${columns.map(quote).join(', ')}) OVERRIDING SYSTEM VALUE
    SELECT ${values.join(', ')} FROM jsonb_array_elements($1::jsonb) AS line`;
}

const quote = (name: string): string => pg.escapeIdentifier(name);
