import { pgTable, text } from 'drizzle-orm/pg-core';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { migrationDrift } from '../../test/migrations.ts';
import * as tables from './tables.ts';

const folder = join(import.meta.dirname, 'migrations');

describe("core's tables", () => {
  it('are exactly what the migrations make', async () => {
    expect(await migrationDrift(tables, folder)).toEqual([]);
  });

  it('would be found out if they were not', async () => {
    const forgotten = pgTable('forgotten', { key: text('key').primaryKey() });
    expect((await migrationDrift({ ...tables, forgotten }, folder)).join()).toContain(
      'CREATE TABLE "forgotten"',
    );
  });
});
