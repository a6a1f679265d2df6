import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestWorkspace, type TestWorkspace } from '../../test/database.ts';
import { writeFact } from './facts.ts';
import { inSnapshot, inTransaction } from './queryable.ts';
import {
  countRows,
  dumpRows,
  holdsRows,
  holdTables,
  listTables,
  loadRows,
  readSequences,
  setSequences,
  type TableShape,
} from './table-dump.ts';

let workspace: TestWorkspace;
beforeAll(async () => {
  workspace = await createTestWorkspace();
  await workspace.pool.query(
    `CREATE TABLE "All Kinds" (
       b text, a bigserial, real float8, reals float8[], exact numeric, at timestamptz, bytes bytea, body jsonb,
       flag boolean, told boolean GENERATED ALWAYS AS (flag IS NOT NULL) STORED, PRIMARY KEY (b, a))`,
  );
});
beforeEach(() => workspace.pool.query('TRUNCATE "All Kinds"'));
afterAll(() => workspace.drop());

const kinds = async (): Promise<TableShape> =>
  (await listTables(workspace.pool)).find(({ name }) => name === 'All Kinds')!;

async function dump(table: TableShape): Promise<string[]> {
  return inSnapshot(workspace.pool, async (client) => {
    const lines: string[] = [];
    for await (const batch of dumpRows(client, table)) lines.push(...batch);
    return lines;
  });
}

async function load(table: TableShape, lines: readonly string[], columns = names(table)): Promise<number> {
  return inTransaction(workspace.pool, (client) => loadRows(client, { table, columns }, each(lines)));
}

const names = ({ columns }: TableShape): string[] => columns.map(({ name }) => name);

async function* each(lines: readonly string[]): AsyncGenerator<string> {
  yield* lines;
}

const wholeRows = async (): Promise<string[]> =>
  (
    await workspace.pool.query<{ row: string }>('SELECT t::text AS row FROM "All Kinds" AS t ORDER BY b, a')
  ).rows.map(({ row }) => row);

describe('listing tables', () => {
  it('names columns with their types, without generated ones, and the key in its own order', async () => {
    const table = await kinds();
    expect(names(table)).toEqual(['b', 'a', 'real', 'reals', 'exact', 'at', 'bytes', 'body', 'flag']);
    expect(table.columns[5]).toEqual({ name: 'at', type: 'timestamp with time zone' });
    expect(table.key).toEqual(['b', 'a']);
  });

  it('sees whether anything is held beside the books of migrations', async () => {
    expect(await holdsRows(workspace.pool)).toBe(false);
    await writeFact(workspace.pool, 'something', 1);
    expect(await holdsRows(workspace.pool)).toBe(true);
    await workspace.pool.query('TRUNCATE facts');
  });
});

describe('a dump', () => {
  it('holds the values that JSON has no word for, as the text of Postgres, in the order of the key', async () => {
    await workspace.pool.query(
      `INSERT INTO "All Kinds" (b, a, real, reals, exact, at, bytes, body) VALUES
         ('y', 2, '-0', '{NaN,Infinity}', 'NaN', '2021-11-05T01:00:00.000123Z', '\\x00ff', 'null'),
         ('x', 9007199254740993, 0.1, NULL, 60000.10, '-infinity', NULL, NULL)`,
    );
    expect(await dump(await kinds())).toEqual([
      '["x","9007199254740993","0.1",null,"60000.10","-infinity",null,null,null]',
      '["y","2","-0","{NaN,Infinity}","NaN","2021-11-05 01:00:00.000123+00","\\\\x00ff","null",null]',
    ]);
  });

  it('comes back bit for bit, whatever was in it', async () => {
    const table = await kinds();
    const text = fc.string({ unit: 'grapheme' }).map((value) => value.replaceAll('\0', ''));
    const row = fc.record({
      b: text,
      real: fc.option(fc.double()),
      reals: fc.option(fc.array(fc.double())),
      bytes: fc.option(fc.uint8Array().map((bytes) => Buffer.from(bytes))),
      body: fc.option(
        fc.jsonValue().filter((value) => !JSON.stringify(value).includes('\\u0000')),
        { freq: 3 },
      ),
      flag: fc.option(fc.boolean()),
    });
    const property = fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 8 }), async (rows) => {
      await workspace.pool.query('TRUNCATE "All Kinds"');
      for (const { b, real, reals, bytes, body, flag } of rows) {
        await workspace.pool.query(
          'INSERT INTO "All Kinds" (b, real, reals, bytes, body, flag) VALUES ($1, $2, $3, $4, $5, $6)',
          [b, floatText(real), reals?.map(floatText), bytes, JSON.stringify(body), flag],
        );
      }
      const before = await wholeRows();
      const lines = await dump(table);
      await workspace.pool.query('TRUNCATE "All Kinds"');
      expect(await load(table, lines)).toBe(rows.length);
      expect(await wholeRows()).toEqual(before);
    });
    await fc.assert(property, { numRuns: 25, seed: 11 });
  });

  it('is of one moment, and keeps the tables from being dropped meanwhile', async () => {
    await workspace.pool.query(`INSERT INTO "All Kinds" (b) VALUES ('first')`);
    await inSnapshot(workspace.pool, async (client) => {
      const tables = await listTables(client);
      await holdTables(client, tables);
      await workspace.pool.query(`INSERT INTO "All Kinds" (b) VALUES ('second')`);
      expect(await countRows(client, 'All Kinds')).toBe(1);
      const drop = workspace.pool.query(`SET lock_timeout = '50ms'; DROP TABLE "All Kinds"`);
      await expect(drop).rejects.toThrow('lock timeout');
    });
    await workspace.pool.query('RESET lock_timeout');
    expect(await countRows(workspace.pool, 'All Kinds')).toBe(2);
  });
});

describe('loading', () => {
  it('fills the columns that the lines hold and leaves the others to their defaults', async () => {
    const table = await kinds();
    expect(await load(table, ['["only"]'], ['b'])).toBe(1);
    const { rows } = await workspace.pool.query('SELECT b, a > 0 AS numbered, real FROM "All Kinds"');
    expect(rows).toEqual([{ b: 'only', numbered: true, real: null }]);
  });

  it('refuses a column that is not there', async () => {
    await expect(load(await kinds(), ['["x"]'], ['colour'])).rejects.toThrow(
      new RangeError('table All Kinds has no column colour'),
    );
  });

  it("is not stopped by the table's own triggers, which stand again afterwards", async () => {
    await workspace.pool.query(
      `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'append-only'; END $$;
       CREATE TRIGGER guarded BEFORE INSERT OR UPDATE OR DELETE ON "All Kinds" EXECUTE FUNCTION refuse()`,
    );
    expect(await load(await kinds(), ['["x"]'], ['b'])).toBe(1);
    await expect(workspace.pool.query('DELETE FROM "All Kinds"')).rejects.toThrow('append-only');
    await workspace.pool.query('DROP FUNCTION refuse CASCADE');
  });
});

describe('sequences', () => {
  it('go on behind where they stood', async () => {
    await workspace.pool.query(`INSERT INTO "All Kinds" (b) VALUES ('one'), ('two')`);
    const positions = await readSequences(workspace.pool);
    const next = async () =>
      (await workspace.pool.query<{ n: string }>(`SELECT nextval('"All Kinds_a_seq"')::text AS n`)).rows[0]!
        .n;
    const expected = await next();
    await workspace.pool.query('TRUNCATE "All Kinds" RESTART IDENTITY');
    await setSequences(workspace.pool, positions);
    expect(await next()).toBe(expected);
  });
});

/** The driver would write -0 as 0. */
function floatText(value: number | null): string | null {
  if (value === null) return null;
  return Object.is(value, -0) ? '-0' : String(value);
}
