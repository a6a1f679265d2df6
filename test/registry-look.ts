import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { expect } from 'vitest';
import { doctor } from '../src/commands/doctor.ts';
import { registryList } from '../src/commands/registry-list.ts';
import { status } from '../src/commands/status.ts';
import type { Workspace } from '../src/core/index.ts';
import { traceCommand } from './command-context.ts';

/** What the commands tell of a registry. */
export interface RegistryLook {
  /** `trees/1.0.3`, in the database and sound on the disk. */
  recorded: string[];
  /** What only the disk knows: path below the registry folder and kind. */
  unrecorded: Record<string, string>;
}

interface Listed {
  versions: { family: string; version: string; problem: string | null }[];
  unrecorded: { path: string; kind: string; status: string; remedy: string }[];
}

/**
 * Asks `registry list`, `status` and `doctor`, and holds the answer against the disk: every folder there is named, each
 * one that nobody knows with what to do about it, and nothing that is recorded is missing or damaged.
 */
export async function lookAtRegistry(
  { name, registryDir }: Pick<Workspace, 'name' | 'registryDir'>,
  dataDir: string,
): Promise<RegistryLook> {
  const environment = { BELLWETHER_DATA_DIR: dataDir, DATABASE_URL: '', LOG_LEVEL: 'silent' };
  for (const command of [status, doctor]) {
    const trace = traceCommand(environment);
    expect(await command({ workspace: name }, trace.context), trace.text()).toBe(0);
  }
  const trace = traceCommand(environment);
  await registryList({ workspace: name }, trace.context);
  const { versions, unrecorded } = trace.json() as unknown as Listed;
  expect(versions.filter(({ problem }) => problem !== null)).toEqual([]);
  for (const folder of unrecorded) {
    expect(folder.status).toBe('unrecorded');
    expect(folder.remedy).toMatch(/replaces it|clears it away/);
    expect(trace.text()).toContain(folder.path);
    expect(trace.text()).toContain(folder.remedy);
  }
  const look = {
    recorded: versions.map(({ family, version }) => `${family}/${version}`).sort(),
    unrecorded: Object.fromEntries(
      unrecorded.map(({ path, kind }) => [relative(registryDir, path), kind] as const),
    ),
  };
  expect([...look.recorded, ...Object.keys(look.unrecorded)].sort()).toEqual(foldersIn(registryDir));
  return look;
}

/** Everything below the families' folders, hidden or not: `trees/1.0.3`. */
function foldersIn(registryDir: string): string[] {
  if (!existsSync(registryDir)) return [];
  return readdirSync(registryDir)
    .flatMap((family) => readdirSync(join(registryDir, family)).map((name) => `${family}/${name}`))
    .sort();
}

/** SHA-256 of every file below a folder, by its path there. */
export function digestFiles(folder: string): Record<string, string> {
  if (!existsSync(folder)) return {};
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  return Object.fromEntries(
    files
      .map(({ parentPath, name }) => join(parentPath, name))
      .map((path) => [relative(folder, path), createHash('sha256').update(readFileSync(path)).digest('hex')])
      .sort(),
  ) as Record<string, string>;
}
