import { expect, it } from 'vitest';
import { migrationDrift } from '../../test/migrations.ts';
import * as tables from './tables.ts';

it('the migrations make the tables as tables.ts describes them', async () => {
  expect(await migrationDrift(tables, new URL('./migrations', import.meta.url).pathname)).toEqual([]);
});
