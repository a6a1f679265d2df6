import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { constants, setPriority } from 'node:os';
import { dirname, join } from 'node:path';
import { childEnvironment, messageOf, type Log } from '../core/index.ts';
import type { DashboardView } from '../serving/index.ts';

/** Builds the page when its sources changed, beside everything else and below it in priority. */
export interface DashboardBuild {
  /** Where the page stands now. */
  view(): DashboardView;
  /** Begins to build if that is needed; returns at once. A failed build is told by `view`, nothing else suffers. */
  begin(): void;
  /** Ends a build under way. */
  stop(): void;
}

/** Written beside the page: the hash of the sources that it was built from. */
const STAMP = 'built-from.txt';
/** Folders and files whose change makes the page old. */
const NOT_SOURCES = /(^|\/)(node_modules|\.next|out|next-env\.d\.ts)(\/|$)|\.test\.tsx?$|\.tsbuildinfo$/;

/**
 * @param options.root - the project's folder
 * @param options.logFile - takes everything that the build prints
 * @param options.isWanted - false: an existing page is served, none is built
 */
export function createDashboardBuild(options: {
  root: string;
  logFile: string;
  isWanted: boolean;
  log: Log;
}): DashboardBuild {
  const { root, logFile, isWanted, log } = options;
  const out = join(root, 'dashboard', 'out');
  let child: ChildProcess | null = null;
  let view = firstView(root, out, isWanted);

  function fail(reason: string): void {
    view = {
      state: 'failed',
      detail: `The page could not be built: ${reason}. Its log is ${logFile}; API and predictions go on.`,
    };
    log.warn({ reason, logFile }, 'the page could not be built');
  }

  return {
    view: () => view,
    begin() {
      if (view.state !== 'building' || child !== null) return;
      const hash = hashOfSources(root);
      try {
        child = runBuild(root, logFile);
        yieldToOthers(child);
      } catch (error) {
        fail(messageOf(error));
        return;
      }
      child.once('error', (error) => {
        fail(error.message);
      });
      child.once('exit', (code, signal) => {
        if (view.state !== 'building') return;
        if (code !== 0) {
          fail(signal === null ? `next build ended with ${code}` : `next build was ended by ${signal}`);
          return;
        }
        try {
          writeFileSync(join(out, STAMP), hash);
          view = { state: 'ready', detail: 'The page is built.' };
        } catch (error) {
          fail(messageOf(error));
        }
      });
    },
    stop() {
      if (view.state === 'building') view = { state: 'off', detail: 'The build was stopped.' };
      if (child?.pid !== undefined && child.exitCode === null) endGroup(child.pid);
    },
  };
}

function firstView(root: string, out: string, isWanted: boolean): DashboardView {
  const isBuilt = existsSync(join(out, 'index.html'));
  if (!isWanted) {
    return isBuilt
      ? { state: 'ready', detail: 'An earlier page is served; building is off.' }
      : { state: 'off', detail: 'Building the page is off (BELLWETHER_DASHBOARD=off).' };
  }
  const stamp = join(out, STAMP);
  const isFresh = isBuilt && existsSync(stamp) && readFileSync(stamp, 'utf8') === hashOfSources(root);
  return isFresh
    ? { state: 'ready', detail: 'The page is built.' }
    : { state: 'building', detail: 'The page is built after the first signal, beside the predictions.' };
}

function runBuild(root: string, logFile: string): ChildProcess {
  const next = join(root, 'node_modules', 'next', 'dist', 'bin', 'next');
  if (!existsSync(next)) throw new Error(`${next} is not installed (npm ci brings it)`);
  mkdirSync(dirname(logFile), { recursive: true });
  const log = openSync(logFile, 'w');
  try {
    return spawn(process.execPath, [next, 'build', 'dashboard'], {
      cwd: root,
      env: childEnvironment({ NEXT_TELEMETRY_DISABLED: '1', NODE_ENV: 'production', NODE_OPTIONS: '' }),
      stdio: ['ignore', log, log],
      // A group of its own, so that the build's workers can be ended with it.
      detached: true,
    });
  } finally {
    closeSync(log);
  }
}

function yieldToOthers({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) setPriority(pid, constants.priority.PRIORITY_LOW);
  } catch {
    // It has ended already, or the system does not let us: then it builds at the common priority.
  }
}

function endGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGTERM');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function hashOfSources(root: string): string {
  const hash = createHash('sha256');
  for (const folder of ['dashboard', join('src', 'serving')]) {
    const files = readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((path) => !NOT_SOURCES.test(path.slice(root.length)))
      .sort();
    for (const path of files) hash.update(`${path.slice(root.length)}\n`).update(readFileSync(path));
  }
  return hash.digest('hex');
}
