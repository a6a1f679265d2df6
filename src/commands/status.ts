import {
  createRealClock,
  findWorkspace,
  isAppError,
  isoUtc,
  MINUTE_MS,
  requireReadable,
  SECOND_MS,
  type Config,
  type Postgres,
} from '../core/index.ts';
import { alignColumns } from './align-columns.ts';
import { chooseWorkspace, openPresentPostgres, readRunningStart, type RunningStart } from './data-folder.ts';
import type { CommandContext, ExitCode } from './program.ts';
import { describeBytes, describeCount } from './sizes.ts';
import type { Terminal } from './terminal.ts';
import { readFigures, type WorkspaceFigures } from './workspace-figures.ts';

interface Options {
  workspace?: string;
  json?: boolean;
}

/** `absent`: the first start has yet to make it; `unreachable`: it is there and does not answer. */
interface Database {
  kind: 'built-in' | 'url';
  state: 'ready' | 'absent' | 'unreachable';
  detail: string | null;
}

interface Status {
  dataDir: string;
  running: RunningStart | null;
  database: Database;
  /** The one that is told in full; null when there is none. */
  workspace: string | null;
  workspaces: WorkspaceFigures[];
}

/** `status`: what runs in the data folder, and what each workspace holds. Makes nothing, changes nothing. */
export async function status(options: Options, { config, terminal }: CommandContext): Promise<ExitCode> {
  const found = await look(options, config, terminal);
  terminal.result(describe(found), {
    ...found,
    running: found.running === null ? null : { ...found.running, startedAt: isoUtc(found.running.startedAt) },
    workspaces: found.workspaces.map((figures) => ({
      ...figures,
      firstWindow: isoOrNull(figures.firstWindow),
      lastWindow: isoOrNull(figures.lastWindow),
    })),
  });
  return found.database.state === 'unreachable' ? 1 : 0;
}

async function look(options: Options, config: Config, terminal: Terminal): Promise<Status> {
  const { dataDir } = config;
  requireReadable(dataDir);
  const running = readRunningStart(dataDir);
  const kind = config.databaseUrl === '' ? 'built-in' : 'url';
  const nothing = { dataDir, running, workspace: null, workspaces: [] };
  let postgres: Postgres | null;
  try {
    postgres = await openPresentPostgres(config, terminal);
  } catch (error) {
    if (!isAppError(error)) throw error;
    return { ...nothing, database: { kind, state: 'unreachable', detail: error.message } };
  }
  if (postgres === null) return { ...nothing, database: { kind, state: 'absent', detail: null } };
  try {
    const { names, chosen } = await chooseWorkspace(postgres, { wanted: options.workspace, running });
    const shown = options.workspace === undefined ? names : [options.workspace];
    const workspaces: WorkspaceFigures[] = [];
    for (const name of shown) {
      const figures = await lookAt(postgres, { name, dataDir });
      if (figures !== null) workspaces.push(figures);
      if (shown.length > 1) terminal.progress('looking at workspaces', workspaces.length, shown.length);
    }
    return {
      dataDir,
      running,
      database: { kind, state: 'ready', detail: null },
      workspace: chosen,
      workspaces,
    };
  } finally {
    await postgres.close();
  }
}

async function lookAt(
  postgres: Postgres,
  place: { name: string; dataDir: string },
): Promise<WorkspaceFigures | null> {
  const workspace = await findWorkspace(postgres, place);
  if (workspace === null) return null;
  try {
    return await readFigures(workspace);
  } finally {
    await workspace.close();
  }
}

function describe(found: Status): string {
  const { dataDir, running, database, workspaces, workspace } = found;
  const chosen = workspaces.find(({ name }) => name === workspace);
  return [
    `Data folder ${dataDir}`,
    `  running      ${describeRunning(running)}`,
    `  database     ${describeDatabase(database)}`,
    ...(database.state === 'unreachable' || workspaces.length > 0 ? [] : ['', ...howToBegin(running)]),
    ...(chosen === undefined ? [] : ['', ...describeOne(chosen, running)]),
    ...(workspaces.length > 1 || (workspaces.length === 1 && chosen === undefined)
      ? ['', ...describeAll(workspaces)]
      : []),
  ].join('\n');
}

function describeRunning(running: RunningStart | null): string {
  if (running === null) return 'nothing';
  const { pid, url, mode, startedAt } = running;
  const minutes = Math.floor((createRealClock().now() - startedAt) / MINUTE_MS);
  const since = `since ${isoUtc(Math.floor(startedAt / SECOND_MS) * SECOND_MS)} (${minutes} min)`;
  return `start${mode === null ? '' : ` on ${mode}`}, process ${pid} ${since}, ${url ?? 'not listening yet'}`;
}

function describeDatabase({ kind, state, detail }: Database): string {
  const name = kind === 'built-in' ? 'the built-in Postgres' : 'the Postgres of DATABASE_URL';
  if (state === 'absent') return 'none yet';
  return state === 'ready' ? `${name} answers` : `${name} does not answer: ${detail ?? ''}`;
}

function howToBegin(running: RunningStart | null): string[] {
  if (running !== null) return ['Nothing is stored yet: the start that runs is still preparing.'];
  return [
    'Nothing is here yet. Begin with one of',
    '  npm start                                   a simulated market',
    '  npm start -- --history DIR                  your history folder (docs/history-folder.md)',
    '  npm run bellwether -- import --history DIR  its records alone',
  ];
}

function describeOne(figures: WorkspaceFigures, running: RunningStart | null): string[] {
  const { name, windows, lastWindow, firstWindow, predictions, matured, voids, pending } = figures;
  const span =
    firstWindow === null || lastWindow === null ? '' : `  ${isoUtc(firstWindow)} to ${isoUtc(lastWindow)}`;
  const turnedAway = Object.entries(figures.quarantine);
  const size = `${describeBytes(figures.postgresBytes)} in Postgres, ${describeBytes(figures.bronzeBytes)} of bronze`;
  return [
    `Workspace ${name}${running?.workspace === name ? ' (running)' : ''}${figures.isReady ? '' : ': its tables are not made yet'}`,
    `  windows      ${describeCount(windows)}${span}`,
    `  predictions  ${describeCount(predictions)}: ${describeCount(matured)} matured (${describeCount(voids)} void), ${describeCount(pending)} pending`,
    `  answering    ${describeAnswering(figures)}`,
    `  records      ${counted(Object.entries(figures.rows))}`,
    `  quarantine   ${turnedAway.length === 0 ? 'empty' : counted(turnedAway)}`,
    `  size         ${size}`,
    ...(figures.replayFinished === null
      ? []
      : [
          `  replay       ${figures.replayFinished ? 'finished' : 'not finished; the same command resumes it'}`,
        ]),
  ];
}

function describeAnswering({ answering }: WorkspaceFigures): string {
  if (answering.length === 0) return 'nobody yet';
  return answering
    .map(
      ({ horizonMinutes, arm, modelVersion }) => `${arm} ${modelVersion ?? ''} at ${horizonMinutes} minutes`,
    )
    .join(', ');
}

function counted(entries: readonly [string, number][]): string {
  return entries.length === 0
    ? 'none'
    : entries.map(([name, count]) => `${describeCount(count)} ${name}`).join(', ');
}

function describeAll(workspaces: readonly WorkspaceFigures[]): string[] {
  const head = [
    'workspace',
    'windows',
    'last window',
    'predictions',
    'matured',
    'pending',
    'quarantine',
    'Postgres',
    'bronze',
    'replay',
  ];
  const rows = workspaces.map((figures) => [
    figures.name,
    describeCount(figures.windows),
    figures.lastWindow === null ? '-' : isoUtc(figures.lastWindow),
    describeCount(figures.predictions),
    describeCount(figures.matured),
    describeCount(figures.pending),
    describeCount(Object.values(figures.quarantine).reduce((sum, count) => sum + count, 0)),
    describeBytes(figures.postgresBytes),
    describeBytes(figures.bronzeBytes),
    figures.replayFinished === null ? '-' : figures.replayFinished ? 'finished' : 'unfinished',
  ]);
  return alignColumns([head, ...rows]);
}

function isoOrNull(moment: number | null): string | null {
  return moment === null ? null : isoUtc(moment);
}
