import { spawn, type ChildProcess } from 'node:child_process';
import { chownSync, closeSync, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { renameSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { isCluster, type PostgresHome } from './postgres-home.ts';
import { explainFailure, type StartFailure } from './postgres-failures.ts';
import { isAlive, postgresProcessesIn } from './processes.ts';
import { postgresStartFailed } from './storage-errors.ts';

/** The one role of the built-in server. */
export const POSTGRES_ROLE = 'bellwether';

const POLL_MS = 15;
/** Recovery after a crash replays at most max_wal_size; this is far beyond it. */
const LONGEST_START_MS = 120_000;
const SLOW_START_MS = 3_000;
const ORPHAN_PATIENCE_MS = 5_000;
const LOG_LIMIT_BYTES = 1_000_000;
const START_ATTEMPTS = 5;

/** Meant for a laptop that also does other things. Given at every start, so that a change reaches old databases. */
const SETTINGS: Record<string, string> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '60',
  shared_buffers: '96MB',
  // Inside the database's folder: in /dev/shm a killed server would leave its share behind for good.
  dynamic_shared_memory_type: 'mmap',
  work_mem: '16MB',
  maintenance_work_mem: '64MB',
  // No replica will ever read this log, so it need not say more than recovery wants.
  wal_level: 'minimal',
  max_wal_senders: '0',
  max_logical_replication_workers: '0',
  min_wal_size: '32MB',
  max_wal_size: '256MB',
  checkpoint_timeout: '15min',
  // Two cores do not gain from parallel plans, and short statements lose by compiling them.
  max_parallel_workers_per_gather: '0',
  max_parallel_maintenance_workers: '0',
  jit: 'off',
  fsync: 'on',
  full_page_writes: 'on',
  timezone: 'UTC',
  log_timezone: 'UTC',
  lc_messages: 'C',
  log_min_messages: 'warning',
  log_checkpoints: 'off',
};

/** A server that runs. */
export interface RunningServer {
  pid: number;
  port: number;
}

/**
 * Makes the database, unless it is there. It is made under another name and renamed when it is whole, so what a
 * killed attempt leaves is never mistaken for a database.
 * @throws AppError `POSTGRES_START_FAILED`
 */
export async function createCluster(home: PostgresHome, password: string): Promise<void> {
  const draft = `${home.folder}.draft`;
  const passwordFile = `${home.folder}.password`;
  // An initdb whose program was killed goes on by itself; it works in its draft, which is how it is found.
  await endOrphans(draft);
  rmSync(draft, { recursive: true, force: true });
  try {
    mkdirSync(draft, { recursive: true, mode: 0o700 });
    writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
    if (home.runAs !== null) {
      chownSync(draft, home.runAs.uid, home.runAs.gid);
      chownSync(passwordFile, home.runAs.uid, home.runAs.gid);
    }
    const flags = [
      '--encoding=UTF8',
      '--locale=C',
      '--auth=scram-sha-256',
      '--no-instructions',
      '--wal-segsize=4',
    ];
    const said = await runToEnd(
      spawn(
        home.initdb,
        [`--pgdata=${draft}`, `--username=${POSTGRES_ROLE}`, `--pwfile=${passwordFile}`, ...flags],
        spawnOptions(home, draft),
      ),
    );
    if (said.code !== 0) throw failed(explainFailure(said.output, 'initdb gave up'), said.output);
    renameSync(draft, home.folder);
  } finally {
    rmSync(passwordFile, { force: true });
    rmSync(draft, { recursive: true, force: true });
  }
}

/** Moves what stands at the database's place but is no database out of the way. @returns its new name, or null */
export function setAsideBroken(folder: string): string | null {
  if (!existsSync(folder) || isCluster(folder)) return null;
  let turn = 1;
  while (existsSync(`${folder}.broken-${turn}`)) turn += 1;
  renameSync(folder, `${folder}.broken-${turn}`);
  return `${folder}.broken-${turn}`;
}

/** Gives the role a new password while no server runs: needed when the lock that held the old one is lost. */
export async function resetPassword(home: PostgresHome, password: string): Promise<void> {
  const child = spawn(home.postgres, ['--single', '-D', home.folder, 'postgres'], {
    ...spawnOptions(home, home.folder),
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.on('error', () => {});
  child.stdin.end(`ALTER ROLE ${POSTGRES_ROLE} PASSWORD '${password}'\n`);
  const said = await runToEnd(child);
  if (said.code !== 0)
    throw failed(explainFailure(said.output, 'the password could not be renewed'), said.output);
}

/**
 * Starts the server in a process group of its own and waits until it accepts connections.
 * @throws AppError `POSTGRES_START_FAILED` with the server's last words
 */
export async function startServer(options: {
  home: PostgresHome;
  logFile: string;
  onProgress: (phrase: string) => void;
}): Promise<RunningServer> {
  const { home, logFile } = options;
  await endOrphans(home.folder);
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort();
    const logStart = openLogEnd(logFile);
    const failure = await launch({ ...options, port });
    if (typeof failure === 'number') return { pid: failure, port };
    const output = readFileSync(logFile, 'utf8').slice(logStart);
    const why = explainFailure(output, failure);
    if (!why.mayPass || attempt >= START_ATTEMPTS) throw failed(why, output);
    await endOrphans(home.folder);
  }
}

/** Stops a server in order, harder when it does not follow, and waits until it is gone. */
export async function stopServer(pid: number, patienceMs = 10_000): Promise<void> {
  for (const signal of ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const) {
    signalProcess(pid, signal);
    if (await waitUntil(() => !isAlive(pid), patienceMs)) return;
  }
}

/** @returns the id of a server that is ready, or why it is not */
async function launch(options: {
  home: PostgresHome;
  logFile: string;
  port: number;
  onProgress: (phrase: string) => void;
}): Promise<number | string> {
  const { home, logFile, port, onProgress } = options;
  const flags = Object.entries(SETTINGS).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const log = openSync(logFile, 'a');
  const child = spawn(home.postgres, ['-D', home.folder, '-p', String(port), ...flags], {
    ...spawnOptions(home, home.folder),
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  const fate: { end: string | null } = { end: null };
  child.on('error', (error) => (fate.end = error.message));
  child.on('exit', (code, signal) => (fate.end = `it ended with ${signal ?? `code ${code}`}`));
  child.unref();
  let toldMs = 0;
  const settled = await waitUntil((waitedMs) => {
    if (waitedMs - toldMs >= SLOW_START_MS) {
      toldMs = waitedMs;
      onProgress(
        `Postgres is still coming up (${Math.round(waitedMs / 1000)} s), recovering from a crash perhaps`,
      );
    }
    return fate.end !== null || isReady(home.folder, child.pid);
  }, LONGEST_START_MS);
  if (fate.end !== null) return fate.end;
  if (settled && child.pid !== undefined) return child.pid;
  if (child.pid !== undefined) await stopServer(child.pid);
  return `it was not ready after ${LONGEST_START_MS / 1000} s`;
}

function isReady(folder: string, pid: number | undefined): boolean {
  const file = readPostmasterFile(folder);
  return file !== null && file.pid === pid && file.isReady;
}

/** What the server itself wrote into its folder: it stays behind when it is killed. */
export function readPostmasterFile(folder: string): { pid: number; port: number; isReady: boolean } | null {
  try {
    const lines = readFileSync(join(folder, 'postmaster.pid'), 'utf8').split('\n');
    return { pid: Number(lines[0]), port: Number(lines[3]), isReady: lines[7]?.trim() === 'ready' };
  } catch {
    return null;
  }
}

/**
 * Backends outlive a killed server for as long as their statement takes, and hold on to its shared memory, without
 * which no new one may start. Nobody reads their results any more.
 */
export async function endOrphans(folder: string): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    const orphans = postgresProcessesIn(folder);
    if (orphans.length === 0) return;
    for (const pid of orphans) signalProcess(pid, signal);
    await waitUntil(() => orphans.every((pid) => !isAlive(pid)), ORPHAN_PATIENCE_MS);
  }
}

/** Asks until the answer is yes or the patience ends. @returns the last answer */
export async function waitUntil(ask: (waitedMs: number) => boolean, patienceMs: number): Promise<boolean> {
  for (let waitedMs = 0; waitedMs < patienceMs; waitedMs += POLL_MS) {
    if (ask(waitedMs)) return true;
    await pause(POLL_MS);
  }
  return ask(patienceMs);
}

function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // Already gone, which is what was wanted.
  }
}

/** Nothing of the caller's environment may redirect the server (PGDATA, PGPORT) or change its language. */
function spawnOptions(home: PostgresHome, folder: string) {
  const kept = Object.entries(process.env).filter(
    ([name]) => !name.startsWith('PG') && !name.startsWith('LC_'),
  );
  return {
    ...(home.runAs ?? {}),
    // Postgres goes there by itself later; from the first moment it is how `postgresProcessesIn` finds it.
    cwd: folder,
    // A group of its own: a Ctrl-C in the terminal is for the program, which ends what it started in order.
    detached: true,
    env: { ...Object.fromEntries(kept), LC_ALL: 'C', TZ: 'UTC' },
  };
}

async function runToEnd(child: ChildProcess): Promise<{ code: number | null; output: string }> {
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  return new Promise((resolve) => {
    child.on('error', (error) => resolve({ code: null, output: `${output}\n${error.message}` }));
    child.on('close', (code) => resolve({ code, output }));
  });
}

/** A port that was free a moment ago. Somebody may still take it; the caller tries again. */
async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve, reject) => {
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', resolve);
  });
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function openLogEnd(logFile: string): number {
  if (!existsSync(logFile)) writeFileSync(logFile, '', { mode: 0o600 });
  if (statSync(logFile).size > LOG_LIMIT_BYTES) truncateSync(logFile);
  return readFileSync(logFile, 'utf8').length;
}

function failed(why: StartFailure, output: string) {
  const lastLines = output
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-8);
  return postgresStartFailed({ reason: why.reason, remedy: why.remedy, lastLines });
}
