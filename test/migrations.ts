import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateDrizzleJson, generateMigration } from 'drizzle-kit/api';

/**
 * What drizzle-kit would still have to write so that a module's migrations say what its tables.ts says.
 * @param tables - the module namespace of tables.ts (`import * as tables from './tables.ts'`)
 * @param folder - its migrations
 * @returns SQL statements; none when both agree
 */
export async function migrationDrift(tables: Record<string, unknown>, folder: string): Promise<string[]> {
  const meta = join(folder, 'meta');
  const newest = readdirSync(meta)
    .filter((name) => name.endsWith('_snapshot.json'))
    .sort()
    .at(-1);
  if (newest === undefined) throw new Error(`${meta} holds no snapshot`);
  const migrated = JSON.parse(readFileSync(join(meta, newest), 'utf8')) as ReturnType<
    typeof generateDrizzleJson
  >;
  return generateMigration(migrated, generateDrizzleJson(tables));
}
