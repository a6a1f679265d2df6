import { readdirSync, readFileSync } from 'node:fs';

const KIB_PER_MIB = 1_024;

/** The largest memory this process ever held, in MiB, the database apart. */
export function peakRssMb(): number {
  return Math.round(process.resourceUsage().maxRSS / KIB_PER_MIB);
}

/**
 * What the built-in Postgres holds now, in MiB: the server and its connections, shared pages counted once.
 * @returns null where there is no such server or the system does not tell (it does on Linux)
 */
export function postgresRssMb(serverPid: number | null): number | null {
  if (serverPid === null) return null;
  try {
    const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
    const own = pids.filter((pid) => Number(pid) === serverPid || parentOf(pid) === serverPid);
    const kib = own.reduce((sum, pid) => sum + shareOf(pid), 0);
    return own.length === 0 ? null : Math.round(kib / KIB_PER_MIB);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function parentOf(pid: string): number {
  // The name in brackets may hold spaces; the parent stands second after it.
  const stat = readIfThere(`/proc/${pid}/stat`);
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
}

/** Proportional set size in KiB, or the resident size where that may not be read. */
function shareOf(pid: string): number {
  const proportional = /^Pss:\s+(\d+)/m.exec(readIfThere(`/proc/${pid}/smaps_rollup`));
  const resident = proportional ?? /^VmRSS:\s+(\d+)/m.exec(readIfThere(`/proc/${pid}/status`));
  return Number(resident?.[1] ?? 0);
}

/** Empty for a process that has gone meanwhile, or that belongs to somebody else. */
function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ESRCH', 'EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? ''))
      return '';
    throw error;
  }
}
