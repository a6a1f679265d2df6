import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import {
  createLog,
  findDatabase,
  listWorkspaces,
  LIVE_WORKSPACE,
  openPostgres,
  readProcessLock,
  requireReadable,
  type Config,
  type EpochMs,
  type Postgres,
} from '../core/index.ts';
import { workspaceUnknown } from './errors.ts';
import type { Terminal } from './terminal.ts';

/** The `start` that runs in a data folder. */
export interface RunningStart {
  pid: number;
  /** Null until its API listens. */
  port: number | null;
  url: string | null;
  /** What it runs on: `history`, `simulated`. */
  mode: string | null;
  workspace: string | null;
  startedAt: EpochMs;
}

const factsSchema = z.looseObject({
  mode: z.string().nullish(),
  workspace: z.string().nullish(),
  url: z.string().nullish(),
});

/** Where a running `start` says who it is. */
export function startLockPath(dataDir: string): string {
  return join(dataDir, 'start.lock');
}

/** @returns null when none runs, or the one that ran was killed */
export function readRunningStart(dataDir: string): RunningStart | null {
  const lock = readProcessLock(startLockPath(dataDir));
  if (lock === null) return null;
  const { pid, port, startedAt } = lock;
  const { mode, workspace, url } = factsSchema.catch({}).parse(lock);
  return {
    pid,
    port,
    url: url ?? (port === null ? null : `http://localhost:${port}`),
    mode: mode ?? null,
    workspace: workspace ?? null,
    startedAt,
  };
}

/**
 * Opens the database that is there already, for those who only look.
 * @returns null when the first start has yet to make it
 * @throws AppError as `openPostgres`, and `DATA_FOLDER_UNUSABLE` when the folder may not be looked into
 */
export async function openPresentPostgres(config: Config, terminal: Terminal): Promise<Postgres | null> {
  const { databaseUrl, dataDir, logLevel } = config;
  if (databaseUrl === '') {
    requireReadable(dataDir);
    if (findDatabase(dataDir) === null) return null;
  }
  return openPostgres({
    databaseUrl,
    dataDir,
    log: createLog(logLevel),
    onProgress: (phrase) => {
      terminal.say(`  ${phrase}`);
    },
  });
}

/**
 * Which workspaces there are and which one is meant.
 * @param wanted - `--workspace`; without it the running one, else `live`, else the only one, else none
 * @throws AppError `USAGE_INVALID` when the wanted one is not there
 */
export async function chooseWorkspace(
  postgres: Postgres,
  { wanted, running }: { wanted: string | undefined; running: RunningStart | null },
): Promise<{ names: string[]; chosen: string | null }> {
  const names = await listWorkspaces(postgres);
  if (wanted !== undefined && !names.includes(wanted)) throw workspaceUnknown(wanted, names);
  const only = names.length === 1 ? names[0] : undefined;
  const candidates = [wanted, running?.workspace ?? undefined, LIVE_WORKSPACE, only];
  return { names, chosen: candidates.find((name) => name !== undefined && names.includes(name)) ?? null };
}

/** The folder without symbolic links, or as it is given where it does not exist. */
export function realPathOf(folder: string): string {
  try {
    return realpathSync(folder);
  } catch {
    return folder;
  }
}
