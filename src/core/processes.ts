import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync, realpathSync } from 'node:fs';

const POSTGRES_PROGRAMS: ReadonlySet<string> = new Set(['postgres', 'initdb']);

/** True when a process of that id runs. A zombie, dead but not yet buried by its parent, does not run. */
export function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it runs, but belongs to somebody else.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  return readStat(pid)?.state !== 'Z';
}

/**
 * What tells a process from a later one with the same id: its start, counted from a named boot of the machine.
 * @returns null when the process is gone or the machine cannot say
 */
export function startTokenOf(pid: number): string | null {
  const stat = readStat(pid);
  if (stat !== null) return `${bootId()}:${stat.startTicks}`;
  try {
    const started = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' },
    });
    return started.trim() || null;
  } catch {
    return null;
  }
}

/** True when the process that wrote down this id and token still runs, and is not a later one with its id. */
export function isSameProcess(pid: number, token: string | null): boolean {
  if (!isAlive(pid)) return false;
  const present = startTokenOf(pid);
  return token === null || present === null || present === token;
}

/**
 * The ids of the Postgres programs that work in a folder; empty where the machine has no /proc. Whatever else works
 * there, such as somebody's shell, is left out: these are going to be ended.
 */
export function postgresProcessesIn(folder: string): number[] {
  const real = realPathOr(folder);
  return listProcesses().filter((pid) => workingFolder(pid) === real && isPostgres(pid) && isAlive(pid));
}

/**
 * Whether a process is a Postgres that serves a folder: its working folder is that one, or, where that cannot be
 * seen, its command line names it.
 */
export function servesFolder(pid: number, folder: string): boolean {
  const seen = workingFolder(pid);
  if (seen !== null) return seen === realPathOr(folder) && isPostgres(pid);
  try {
    const command = execFileSync('ps', ['-o', 'args=', '-p', String(pid)], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return command.includes('postgres') && command.includes(folder);
  } catch {
    return false;
  }
}

function listProcesses(): number[] {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    return [];
  }
}

function workingFolder(pid: number): string | null {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return null;
  }
}

/** By the name of its program, which a Postgres keeps whatever it writes over its command line. */
function isPostgres(pid: number): boolean {
  try {
    return POSTGRES_PROGRAMS.has(readFileSync(`/proc/${pid}/comm`, 'utf8').trim());
  } catch {
    return false;
  }
}

function realPathOr(folder: string): string {
  try {
    return realpathSync(folder);
  } catch {
    return folder;
  }
}

function readStat(pid: number): { state: string; startTicks: string } | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The command stands in brackets and may itself hold spaces and brackets; what follows the last one is plain.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0] ?? '', startTicks: fields[19] ?? '' };
  } catch {
    return null;
  }
}

function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return 'unknown';
  }
}
