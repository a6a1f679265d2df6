import { randomBytes } from 'node:crypto';
import { existsSync, realpathSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isAppError, messageOf } from './errors.ts';
import { withExclusiveLock } from './exclusive.ts';
import { makeFolder } from './folders.ts';
import type { Log } from './log.ts';
import { findPostgresHome, isCluster, possibleFolders, type PostgresHome } from './postgres-home.ts';
import {
  countUsers,
  readPostgresLock,
  signIn,
  signOut,
  writePostgresLock,
  type PostgresLock,
} from './postgres-lock.ts';
import { isSameFolder, placeOf, probePostgres, urlOf } from './postgres-probe.ts';
import {
  createCluster,
  endOrphans,
  readPostmasterFile,
  resetPassword,
  setAsideBroken,
  startServer,
  stopServer,
  waitUntil,
  type RunningServer,
} from './postgres-server.ts';
import { isAlive, servesFolder } from './processes.ts';
import { dataFolderUnusable, postgresStartFailed, postgresUnreachable } from './storage-errors.ts';

/** A server that is just starting or stopping is given this long to make up its mind. */
const UNDECIDED_MS = 60_000;

/** A Postgres to work with. */
export interface Postgres {
  /** With password; not for logs. */
  readonly url: string;
  /** True for the server that the program brings along. */
  readonly isEmbedded: boolean;
  /** Process id of the built-in server, null for one behind a URL. */
  readonly pid: number | null;
  /** Lets go of it. The last process that lets go of the built-in server stops it. Safe to call twice. */
  close(): Promise<void>;
}

/**
 * Opens the Postgres behind `databaseUrl` or, when that is empty, the built-in one of the data folder: connects
 * when it runs already (started by another process, or left over from a killed one), else starts it.
 * @param options.databaseUrl - postgres:// URL, or empty
 * @param options.dataDir - absolute; made when missing, used by the built-in server alone
 * @param options.onProgress - told in a phrase what takes long or is unusual
 * @throws AppError `POSTGRES_UNREACHABLE`, `POSTGRES_START_FAILED`, `POSTGRES_BINARIES_MISSING`,
 *   `POSTGRES_USER_MISSING`, `DATA_FOLDER_UNUSABLE`, `GUARD_BUSY`
 */
export async function openPostgres(options: {
  databaseUrl: string;
  dataDir: string;
  log: Log;
  onProgress?: (phrase: string) => void;
}): Promise<Postgres> {
  if (options.databaseUrl !== '') return openByUrl(options.databaseUrl);
  const { dataDir, log, onProgress = () => {} } = options;
  const opening = openBuiltIn({ dataDir, log, onProgress }, () => held.delete(opening));
  held.add(opening);
  opening.catch(() => held.delete(opening));
  return opening;
}

/** What this process opens or has open; known here because a signal knows nobody who could be asked. */
const held = new Set<Promise<Postgres>>();

/**
 * Closes every built-in server that this process holds, for an end that comes from outside. One that is just being
 * opened is waited for. Statements under way fail, their transactions are rolled back.
 */
export async function releasePostgres(): Promise<void> {
  await Promise.allSettled([...held].map(async (opening) => (await opening).close()));
}

async function openBuiltIn(surroundings: Surroundings, onClose: () => void): Promise<Postgres> {
  return inDataFolder(surroundings.dataDir, async (dataDir) => {
    const { lock, server } = await findOrStart({ ...surroundings, dataDir });
    const name = await moveIn(dataDir, { ...lock, ...server });
    let isOpen = true;
    return {
      url: urlOf(server.port, lock.password),
      isEmbedded: true,
      pid: server.pid,
      async close() {
        if (!isOpen) return;
        isOpen = false;
        await leave(dataDir, name);
        onClose();
      },
    };
  });
}

/** Where the built-in database of a data folder is; null when it has none. Looks only, makes and starts nothing. */
export function findDatabase(dataDir: string): string | null {
  if (!existsSync(dataDir)) return null;
  return possibleFolders(realpathSync(dataDir)).find(isCluster) ?? null;
}

/**
 * Stops the built-in server of a data folder, whoever uses it, and deletes its database wherever that is.
 * The rest of the data folder stays.
 */
export async function erasePostgres(dataDir: string): Promise<void> {
  if (!existsSync(dataDir)) return;
  await inDataFolder(dataDir, async (realDir) => {
    for (const folder of possibleFolders(realDir)) {
      const running = runningIn(folder);
      if (running !== null) await stopServer(running.pid);
      await endOrphans(folder);
      rmSync(folder, { recursive: true, force: true });
      // A folder of our own elsewhere; the data folder itself holds more than the database and stays.
      if (dirname(folder) !== realDir) rmSync(dirname(folder), { recursive: true, force: true });
    }
    for (const end of ['lock', 'users', 'log']) {
      rmSync(join(realDir, `postgres.${end}`), { recursive: true, force: true });
    }
  });
}

/** Notes where the server is and that this process uses it. @returns the name to sign out with */
async function moveIn(dataDir: string, lock: PostgresLock & RunningServer): Promise<string> {
  try {
    writePostgresLock(dataDir, lock);
    return signIn(dataDir);
  } catch (error) {
    if (countUsers(dataDir) === 0) await stopServer(lock.pid);
    throw error;
  }
}

interface Surroundings {
  dataDir: string;
  log: Log;
  onProgress: (phrase: string) => void;
}

async function findOrStart(
  surroundings: Surroundings,
): Promise<{ lock: PostgresLock; server: RunningServer }> {
  const { dataDir, log, onProgress } = surroundings;
  const known = readOwnLock(dataDir);
  const running = known === null ? null : await findRunning(known);
  if (known !== null && running !== null) {
    log.debug({ pid: running.pid }, 'joined the built-in Postgres that runs already');
    return { lock: known, server: running };
  }
  const home = await findPostgresHome({ dataDir, recorded: known?.folder ?? null, onProgress });
  await clearTheWay(home, surroundings);
  const lock = await prepareCluster(home, { known, ...surroundings });
  const logFile = join(dataDir, 'postgres.log');
  const server = await startServer({ home, logFile, onProgress });
  log.debug({ pid: server.pid, port: server.port }, 'started the built-in Postgres');
  if ((await probePostgres(urlOf(server.port, lock.password))).outcome !== 'refused') return { lock, server };
  // The lock and the database do not belong together: one of them was put back from elsewhere.
  onProgress('renewing the password of the database');
  await stopServer(server.pid);
  await resetPassword(home, lock.password);
  return { lock, server: await startServer({ home, logFile, onProgress }) };
}

/**
 * The server that runs in the folder, if it is ours: it lives, works in that folder and answers to our password.
 * @returns null when none runs, or one to which our password is nothing
 */
async function findRunning(lock: PostgresLock): Promise<RunningServer | null> {
  const { folder, password } = lock;
  await waitUntil(() => runningIn(folder)?.isReady !== false, UNDECIDED_MS);
  const found = runningIn(folder);
  if (found === null) return null;
  const { pid, port } = found;
  const answer = await probePostgres(urlOf(port, password));
  if (answer.outcome === 'silent') throw serverSilent(pid, answer.error);
  return answer.outcome === 'ready' && isSameFolder(answer.folder, folder) ? { pid, port } : null;
}

/** What `postmaster.pid` says, when the process that it names lives and really serves the folder. */
function runningIn(folder: string): ReturnType<typeof readPostmasterFile> {
  const file = readPostmasterFile(folder);
  return file !== null && isAlive(file.pid) && servesFolder(file.pid, folder) ? file : null;
}

/** Removes what a killed server left: one that does not know us, orphans, and a file that names the dead. */
async function clearTheWay(home: PostgresHome, { dataDir, log }: Surroundings): Promise<void> {
  const stranger = runningIn(home.folder);
  if (stranger !== null) {
    if (countUsers(dataDir) > 0) throw lockLost(dataDir);
    log.warn({ pid: stranger.pid }, 'stopping a built-in Postgres whose password is lost');
    await stopServer(stranger.pid);
  }
  await endOrphans(home.folder);
  rmSync(join(home.folder, 'postmaster.pid'), { force: true });
}

async function prepareCluster(
  home: PostgresHome,
  context: Surroundings & { known: PostgresLock | null },
): Promise<PostgresLock> {
  const { dataDir, known, onProgress } = context;
  const aside = setAsideBroken(home.folder);
  if (aside !== null) onProgress(`an unfinished database was set aside as ${aside}`);
  const isThere = isCluster(home.folder);
  const kept = isThere && known?.folder === home.folder ? known.password : null;
  const password = kept ?? randomBytes(24).toString('hex');
  if (!isThere) {
    onProgress('making the database');
    await createCluster(home, password);
  } else if (kept === null) {
    onProgress('renewing the password of the database');
    await resetPassword(home, password);
  }
  // Only now: a lock with a password that the database does not know yet would be worse than none.
  const lock = { pid: null, port: null, password, folder: home.folder };
  writePostgresLock(dataDir, lock);
  return lock;
}

async function leave(dataDir: string, name: string): Promise<void> {
  if (!existsSync(dataDir)) return;
  await inDataFolder(dataDir, async () => {
    const left = signOut(dataDir, name);
    const lock = readOwnLock(dataDir);
    if (left > 0 || lock === null) return;
    const running = runningIn(lock.folder);
    if (running !== null) await stopServer(running.pid);
    try {
      writePostgresLock(dataDir, { ...lock, pid: null, port: null });
    } catch {
      // On a full disk the lock goes on naming the stopped server, which the next start sees through.
    }
  });
}

/** In a data folder that was copied, the lock still speaks of the database of the original. */
function readOwnLock(dataDir: string): PostgresLock | null {
  const lock = readPostgresLock(dataDir);
  return lock !== null && possibleFolders(dataDir).includes(lock.folder) ? lock : null;
}

/**
 * Only one process at a time looks, starts or stops; otherwise two would start, or one stop what another joins.
 * @param work - is given the data folder without symbolic links, the same for everybody
 */
async function inDataFolder<Result>(
  dataDir: string,
  work: (realDir: string) => Promise<Result>,
): Promise<Result> {
  try {
    makeFolder(dataDir);
    const realDir = realpathSync(dataDir);
    return await withExclusiveLock(join(realDir, 'postgres.guard'), () => work(realDir));
  } catch (error) {
    throw isFileError(error) ? dataFolderUnusable(dataDir, error) : error;
  }
}

function isFileError(error: unknown): boolean {
  return !isAppError(error) && typeof (error as NodeJS.ErrnoException | null)?.syscall === 'string';
}

async function openByUrl(url: string): Promise<Postgres> {
  const answer = await probePostgres(url);
  if (answer.outcome !== 'ready') throw postgresUnreachable(placeOf(url), answer.error);
  return { url, isEmbedded: false, pid: null, close: async () => {} };
}

function serverSilent(pid: number, cause: unknown) {
  return postgresStartFailed({
    reason: `process ${pid} serves this data folder, but does not answer (${messageOf(cause)})`,
    remedy: `Try again; if it stays so, end it with kill ${pid}: the next start recovers.`,
    lastLines: [],
    cause,
  });
}

function lockLost(dataDir: string) {
  return postgresStartFailed({
    reason: `${join(dataDir, 'postgres.lock')} was deleted while another process uses the database`,
    remedy: 'Stop the running Bellwether processes of this data folder, then try again.',
    lastLines: [],
  });
}
