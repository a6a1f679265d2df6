import { getTableConfig } from 'drizzle-orm/pg-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestWorkspace, type TestWorkspace } from '../../test/database.ts';
import { LAKE_MIGRATIONS } from './index.ts';
import { articles, candles, indices, posts, quarantine, scores } from './tables.ts';

let workspace: TestWorkspace;
beforeAll(async () => {
  workspace = await createTestWorkspace([LAKE_MIGRATIONS]);
});
afterAll(async () => {
  await workspace.drop();
});

it.each([articles, candles, indices, posts, quarantine, scores].map((table) => getTableConfig(table)))(
  'the migrations make $name as tables.ts describes it',
  async ({ name, columns }) => {
    const { rows } = await workspace.pool.query<{ name: string; type: string; required: boolean }>(
      `SELECT column_name AS name, data_type AS type, is_nullable = 'NO' AS required FROM information_schema.columns
       WHERE table_schema = $1 AND table_name = $2 ORDER BY column_name`,
      [workspace.schema, name],
    );
    const described = columns.map((column) => ({
      name: column.name,
      type: column.getSQLType(),
      required: column.notNull,
    }));
    expect(rows).toEqual(described.sort((left, right) => (left.name < right.name ? -1 : 1)));
  },
);
