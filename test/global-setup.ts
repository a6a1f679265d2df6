import { rmSync } from 'node:fs';
import type { TestProject } from 'vitest/node';
import { openPostgres, silentLog } from '../src/core/index.ts';
import { makeDatabaseFolder } from './folders.ts';

declare module 'vitest' {
  interface ProvidedContext {
    databaseUrl: string;
  }
}

/** One server for the whole run: the one of TEST_DATABASE_URL, or a built-in one in a folder that goes with it. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dataDir = makeDatabaseFolder();
  const postgres = await openPostgres({
    databaseUrl: process.env['TEST_DATABASE_URL'] ?? '',
    dataDir,
    log: silentLog,
  });
  project.provide('databaseUrl', postgres.url);
  return async () => {
    await postgres.close();
    rmSync(dataDir, { recursive: true, force: true });
  };
}
