import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT_DIR } from '../compose.ts';
import {
  acquireProcessLock,
  createCache,
  createLog,
  createRealClock,
  dropWorkspace,
  erasePostgres,
  findWorkspace,
  listWorkspaces,
  LIVE_WORKSPACE,
  type Config,
  type Postgres,
} from '../core/index.ts';
import {
  openPresentPostgres,
  readRunningStart,
  realPathOf,
  startLockPath,
  type RunningStart,
} from './data-folder.ts';
import { resetFolderForeign, resetFolderProtected, workspaceInUse, workspaceUnknown } from './errors.ts';
import type { CommandContext, ExitCode } from './program.ts';
import { planReset, protectedReason, type Deletion, type ResetPlan } from './reset-plan.ts';
import { bytesUnder, describeBytes } from './sizes.ts';
import type { Terminal } from './terminal.ts';
import { readFigures } from './workspace-figures.ts';

interface Options {
  workspace?: string;
  yes?: boolean;
  json?: boolean;
}

/** `reset`: says what would be deleted and, with `--yes`, deletes it; nothing outside the data folder. */
export async function reset(options: Options, context: CommandContext): Promise<ExitCode> {
  const { config } = context;
  const reason = protectedReason(config.dataDir, PROJECT_DIR);
  if (reason !== null) throw resetFolderProtected(config.dataDir, reason);
  return options.workspace === undefined
    ? resetFolder(options, context)
    : resetWorkspace({ name: options.workspace, isMeant: options.yes === true }, context);
}

async function resetFolder({ yes }: Options, { config, terminal }: CommandContext): Promise<ExitCode> {
  const isMeant = yes === true;
  const plan = await planReset(config.dataDir);
  if (isMeant && existsSync(config.dataDir)) {
    if (plan.strangers.length > 0) throw resetFolderForeign(plan.dataDir, plan.strangers);
    terminal.say(`Deleting what is in ${plan.dataDir}`);
    await deleteAll(plan);
  }
  const totalBytes = plan.deletions.reduce((sum, { bytes }) => sum + bytes, 0);
  terminal.result(describeFolder(plan, { isMeant, totalBytes, config }), {
    dataDir: plan.dataDir,
    workspace: null,
    deleted: isMeant && plan.deletions.length > 0,
    totalBytes,
    entries: plan.deletions,
    strangers: plan.strangers,
  });
  return 0;
}

/** Holds the lock of `start` meanwhile, so that none begins in a folder that is being emptied. */
async function deleteAll({ dataDir, deletions }: ResetPlan): Promise<void> {
  const lock = await acquireProcessLock(startLockPath(dataDir), {
    port: null,
    startedAt: createRealClock().now(),
    mode: 'reset',
  });
  try {
    // The database first: its server has to stop before its files go.
    await erasePostgres(dataDir);
    const lockFiles = [startLockPath(dataDir), `${startLockPath(dataDir)}.guard`];
    for (const { path } of deletions) {
      if (!lockFiles.includes(path)) rmSync(path, { recursive: true, force: true });
    }
  } finally {
    await lock.release();
  }
  for (const guard of ['postgres.guard', 'start.lock.guard']) rmSync(join(dataDir, guard), { force: true });
}

async function resetWorkspace(
  { name, isMeant }: { name: string; isMeant: boolean },
  { config, terminal }: CommandContext,
): Promise<ExitCode> {
  const { dataDir } = config;
  const running = readRunningStart(dataDir);
  if (isMeant && running !== null && (running.workspace ?? name) === name)
    throw workspaceInUse(name, running);
  const postgres = await openPresentPostgres(config, terminal);
  try {
    const known = postgres === null ? [] : await listWorkspaces(postgres);
    if (postgres === null || !known.includes(name)) throw workspaceUnknown(name, known);
    const entries = await sizesOf(postgres, { name, dataDir });
    if (isMeant) await dropWithCache(postgres, { name, config, terminal });
    const totalBytes = entries.reduce((sum, { bytes }) => sum + bytes, 0);
    terminal.result(describeWorkspace(name, { isMeant, entries }), {
      dataDir,
      workspace: name,
      deleted: isMeant,
      totalBytes,
      entries,
      strangers: [],
    });
    return 0;
  } finally {
    await postgres?.close();
  }
}

async function sizesOf(postgres: Postgres, place: { name: string; dataDir: string }): Promise<Deletion[]> {
  const workspace = await findWorkspace(postgres, place);
  if (workspace === null) return [];
  try {
    const { postgresBytes } = await readFigures(workspace);
    const { bronzeDir, registryDir, schema } = workspace;
    const entries = [{ path: `Postgres schema ${schema}`, bytes: postgresBytes }];
    for (const path of [bronzeDir, registryDir]) {
      if (existsSync(path)) entries.push({ path, bytes: await bytesUnder(path) });
    }
    return entries;
  } finally {
    await workspace.close();
  }
}

async function dropWithCache(
  postgres: Postgres,
  { name, config, terminal }: { name: string; config: Config; terminal: Terminal },
): Promise<void> {
  refuseLinks(name, config.dataDir);
  terminal.say(`Deleting workspace ${name}`);
  const cache = await createCache({ redisUrl: config.redisUrl, log: createLog(config.logLevel) });
  try {
    await dropWorkspace(postgres, { name, dataDir: config.dataDir, cache });
  } finally {
    await cache.close();
  }
}

/** A link on the way to the workspace's folder would lead the deletion out of the data folder. */
function refuseLinks(name: string, dataDir: string): void {
  const folder = name === LIVE_WORKSPACE ? [LIVE_WORKSPACE] : ['workspaces', name];
  const path = join(realPathOf(dataDir), ...folder);
  if (realPathOf(path) !== path) throw resetFolderForeign(dataDir, [path]);
}

function describeFolder(
  { dataDir, deletions, strangers }: ResetPlan,
  { isMeant, totalBytes, config }: { isMeant: boolean; totalBytes: number; config: Config },
): string {
  const kept =
    config.databaseUrl === ''
      ? []
      : [
          'The database of DATABASE_URL is not touched: delete its workspaces one by one with --workspace NAME.',
        ];
  if (deletions.length === 0 && strangers.length === 0) {
    return [`Nothing to delete: ${dataDir} is empty or not there.`, ...kept].join('\n');
  }
  return [
    isMeant ? `Deleted from ${dataDir}` : `This would be deleted from ${dataDir}`,
    ...listed(deletions),
    `  ${describeBytes(totalBytes)} in all`,
    ...(strangers.length === 0
      ? []
      : ["Not Bellwether's, and in the way (nothing is deleted before they are elsewhere):"]),
    ...strangers.map((path) => `  ${path}`),
    ...kept,
    ...(isMeant ? [] : [hintFor(readRunningStart(dataDir))]),
  ].join('\n');
}

function hintFor(running: RunningStart | null): string {
  return running === null
    ? 'Nothing was deleted. Add --yes to do it.'
    : `Nothing was deleted. A start runs (process ${running.pid}): stop it, then add --yes to do it.`;
}

function describeWorkspace(
  name: string,
  { isMeant, entries }: { isMeant: boolean; entries: readonly Deletion[] },
): string {
  return [
    isMeant ? `Deleted workspace ${name}` : `This would be deleted with workspace ${name}`,
    ...listed(entries),
    ...(isMeant ? [] : ['Nothing was deleted. Add --yes to do it.']),
  ].join('\n');
}

function listed(entries: readonly Deletion[]): string[] {
  return entries.map(({ path, bytes }) => `  ${describeBytes(bytes).padStart(9)}  ${path}`);
}
