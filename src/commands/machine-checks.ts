import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { totalmem } from 'node:os';
import { dirname, join, sep } from 'node:path';
import { z } from 'zod';
import { PROJECT_DIR } from '../compose.ts';
import {
  createCache,
  isAppError,
  messageOf,
  packagedBinaries,
  silentLog,
  surveyVariables,
  type Config,
} from '../core/index.ts';
import { createDashboardBuild } from './dashboard-build.ts';
import type { RunningStart } from './data-folder.ts';
import { failed, passed, warned, type Check } from './doctor-report.ts';
import { describeBytes } from './sizes.ts';

/** The first Node that runs TypeScript without a flag and has what we use. */
const OLDEST_NODE = [22, 18] as const;
/** Below it Postgres may not be able to write its log (up to 256 MB) any more. */
const DISK_FAIL_BYTES = 500e6;
/** A replay of some years with its raw records stays below it. */
const DISK_WARN_BYTES = 2e9;
/** Below it not even a small start gets through. */
const MEMORY_FAIL_BYTES = 400e6;
/** A replay takes up to 900 MB, Postgres some hundred more. */
const MEMORY_WARN_BYTES = 1.2e9;
const ANSWER_TIMEOUT_MS = 5_000;

/** Everything about the machine, in the order in which it is shown. */
export async function checkMachine(config: Config, running: RunningStart | null): Promise<Check[]> {
  const { dataDir } = config;
  return [
    checkNode(process.versions.node, process.execPath),
    checkEnvironment(surveyVariables()),
    checkBinaries(config.databaseUrl === ''),
    checkFolder(dataDir),
    checkDisk(freeBytes(nearestFolder(dataDir))),
    checkMemory(process.availableMemory(), totalmem()),
    await checkRedis(config.redisUrl),
    ...(running === null
      ? [await checkPort(config), checkPage(config)]
      : [passed('port', describeHeldPort(running)), ...(await checkRunning(running))]),
  ];
}

/** @param execPath - of the Node that runs */
export function checkNode(version: string, execPath: string): Check {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isOld = major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1]);
  const remedy =
    'Start through npm (npm start, npm run bellwether -- …): it takes the Node that npm ci brings.';
  if (isOld)
    return failed('node', `${version}, but ${OLDEST_NODE.join('.')} is the oldest that works`, remedy);
  const isPinned = execPath.includes(`${sep}node_modules${sep}`);
  return isPinned
    ? passed('node', `${version}, the project's own`)
    : warned('node', `${version} from ${execPath}, not the project's own`, remedy);
}

/** @param found - as `surveyVariables` tells */
export function checkEnvironment({
  set,
  stray,
}: {
  set: readonly string[];
  stray: readonly string[];
}): Check {
  const detail =
    set.length === 0 ? 'every variable has its default' : `${set.join(', ')} set, the rest default`;
  return stray.length === 0
    ? passed('environment', detail)
    : warned(
        'environment',
        `${stray.join(', ')} ${stray.length === 1 ? 'is no variable' : 'are no variables'} of Bellwether's`,
        'Correct the name or unset it; .env.example lists all there are.',
      );
}

/** @param isNeeded - false where DATABASE_URL names a server */
export function checkBinaries(isNeeded: boolean): Check {
  const name = 'programs';
  if (!isNeeded) return passed(name, 'the built-in Postgres is not needed (DATABASE_URL is set)');
  try {
    const { native } = packagedBinaries();
    const tried = spawnSync(join(native, 'bin', 'postgres'), ['--version'], {
      encoding: 'utf8',
      timeout: ANSWER_TIMEOUT_MS,
    });
    if (tried.status === 0)
      return passed(name, `${tried.stdout.trim()}, ${process.platform}-${process.arch}`);
    const said = tried.error?.message ?? tried.stderr.trim();
    return failed(
      name,
      `the built-in Postgres does not run: ${said}`,
      'Run npm ci again with install scripts allowed, or set DATABASE_URL to a Postgres of your own.',
    );
  } catch (error) {
    if (!isAppError(error)) throw error;
    return failed(name, error.message, 'Run npm ci again without --omit=optional, or set DATABASE_URL.');
  }
}

/** Makes nothing that stays: a folder that is not there yet is judged by its parent. */
export function checkFolder(dataDir: string): Check {
  const name = 'data folder';
  const remedy = 'Make it writable for this user, or name another in BELLWETHER_DATA_DIR.';
  try {
    if (!existsSync(dataDir)) {
      accessSync(nearestFolder(dataDir), constants.W_OK | constants.X_OK);
      return passed(name, `${dataDir} is not there yet and can be made`);
    }
    const probe = join(dataDir, `doctor.${process.pid}.probe`);
    writeFileSync(probe, 'x');
    rmSync(probe);
    return passed(name, `${dataDir} is writable`);
  } catch (error) {
    return failed(name, `${dataDir} cannot be written: ${messageOf(error)}`, remedy);
  }
}

export function checkDisk(bytes: number): Check {
  const detail = `${describeBytes(bytes)} free (warns below ${describeBytes(DISK_WARN_BYTES)}, fails below ${describeBytes(DISK_FAIL_BYTES)})`;
  const remedy = 'Free some, or name a folder on another disk in BELLWETHER_DATA_DIR.';
  if (bytes < DISK_FAIL_BYTES) return failed('disk', detail, remedy);
  return bytes < DISK_WARN_BYTES ? warned('disk', detail, remedy) : passed('disk', detail);
}

/** @param available - what this process could still get, its container's limit included */
export function checkMemory(available: number, total: number): Check {
  const detail = `${describeBytes(available)} of ${describeBytes(total)} available (warns below ${describeBytes(MEMORY_WARN_BYTES)}, fails below ${describeBytes(MEMORY_FAIL_BYTES)})`;
  const remedy =
    'End other programs, or give this machine or container more; a year of replay takes up to 900 MB.';
  if (available < MEMORY_FAIL_BYTES) return failed('memory', detail, remedy);
  return available < MEMORY_WARN_BYTES ? warned('memory', detail, remedy) : passed('memory', detail);
}

async function checkRedis(redisUrl: string): Promise<Check> {
  if (redisUrl === '') return passed('cache', 'in the process (REDIS_URL is not set)');
  const cache = await createCache({ redisUrl, log: silentLog });
  try {
    const key = `bellwether:doctor:${process.pid}`;
    await cache.set(key, 'here', 10);
    return (await cache.get(key)) === 'here'
      ? passed('cache', 'Redis answers')
      : warned(
          'cache',
          'the Redis of REDIS_URL does not answer',
          'Check REDIS_URL and that the server runs, or unset it. Meanwhile Bellwether works without, a little slower.',
        );
  } finally {
    await cache.close();
  }
}

async function checkPort({ host, port }: Pick<Config, 'host' | 'port'>): Promise<Check> {
  if (port === 0) return passed('port', 'the system chooses one (PORT is 0)');
  const fault = await new Promise<Error | null>((resolve) => {
    const probe = createServer();
    probe.once('error', resolve);
    probe.listen(port, host, () => probe.close(() => resolve(null)));
  });
  return fault === null
    ? passed('port', `${port} on ${host} is free`)
    : failed(
        'port',
        `${port} on ${host} cannot be used: ${fault.message}`,
        `Stop the program that holds it, or choose another: npm start -- --port ${port + 1}`,
      );
}

function describeHeldPort({ port, pid }: RunningStart): string {
  return port === null
    ? `the start that runs (process ${pid}) does not listen yet`
    : `${port} is held by our own start (process ${pid})`;
}

const healthSchema = z.looseObject({
  status: z.string(),
  checks: z.array(
    z.looseObject({
      name: z.string(),
      status: z.string(),
      detail: z.string(),
      remedy: z.string().optional(),
    }),
  ),
  dashboard: z.looseObject({ state: z.string(), detail: z.string() }),
});

/** What the start that runs says about itself. */
async function checkRunning({ url, pid }: RunningStart): Promise<Check[]> {
  if (url === null) return [passed('start', `process ${pid} is still preparing`)];
  const silent = `process ${pid} does not answer at ${url}/health`;
  const remedy = `Look at its terminal; if it hangs, stop it with kill ${pid} and start again: nothing is lost.`;
  try {
    const answer = await fetch(`${url}/health`, { signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) });
    const health = healthSchema.parse(await answer.json());
    const troubles = health.checks.filter(({ status }) => status !== 'ok');
    return [
      troubles.length === 0
        ? passed('start', `process ${pid} says ${health.status}`)
        : warned(
            'start',
            troubles.map(({ name, detail }) => `${name}: ${detail}`).join('\n'),
            troubles.map((trouble) => trouble.remedy ?? remedy).join('\n'),
          ),
      health.dashboard.state === 'failed'
        ? warned('page', health.dashboard.detail, 'Read the log it names; API and predictions go on.')
        : passed('page', health.dashboard.detail),
    ];
  } catch (error) {
    return [failed('start', `${silent}: ${messageOf(error)}`, remedy)];
  }
}

function checkPage({ dataDir, buildDashboard }: Config): Check {
  const view = createDashboardBuild({
    root: PROJECT_DIR,
    logFile: join(dataDir, 'dashboard-build.log'),
    isWanted: buildDashboard === 'on',
    log: silentLog,
  }).view();
  if (view.state !== 'building') return passed('page', view.detail);
  return existsSync(join(PROJECT_DIR, 'node_modules', 'next'))
    ? passed('page', 'not built from the present sources; the next start does it beside its work')
    : warned('page', 'not built, and its tools are not installed', 'Run npm ci: it brings them.');
}

function nearestFolder(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : nearestFolder(dirname(path));
}

function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}
