import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../../test/operation.ts';
import { silentLog } from '../core/index.ts';
import { createDashboardBuild } from './dashboard-build.ts';

/** Stands for Next: what it does is decided by a file beside the sources. */
const BUILDER = `
const { mkdirSync, readFileSync, writeFileSync } = require('node:fs');
const deed = readFileSync('deed.txt', 'utf8');
console.log('building with', process.argv.slice(2).join(' '), process.env.NODE_ENV);
if (deed === 'fail') { console.error('a module is missing'); process.exit(3); }
if (deed === 'hang') { writeFileSync('begun.txt', String(process.pid)); setInterval(() => {}, 1000); }
else { mkdirSync('dashboard/out', { recursive: true }); writeFileSync('dashboard/out/index.html', 'page ' + readFileSync('dashboard/page.tsx')); }
`;
const NEXT = 'node_modules/next/dist/bin';

let root = '';
let logFile = '';

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'bellwether-page-'));
  logFile = join(root, 'data', 'dashboard-build.log');
  for (const folder of ['dashboard/lib', 'src/serving', NEXT])
    mkdirSync(join(root, folder), { recursive: true });
  write(`${NEXT}/next`, BUILDER);
  write('dashboard/page.tsx', 'one');
  write('src/serving/contract.ts', 'types');
  write('deed.txt', 'build');
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

describe('the build of the page', () => {
  it('waits until it may begin, builds, and is there', async () => {
    const build = create();
    expect(build.view().state).toBe('building');
    expect(existsSync(join(root, 'dashboard', 'out'))).toBe(false);
    build.begin();
    build.begin();
    await until(() => build.view().state !== 'building');
    expect(build.view()).toEqual({ state: 'ready', detail: 'The page is built.' });
    expect(read('dashboard/out/index.html')).toBe('page one');
    // Once, although it was told to begin twice.
    expect(readFileSync(logFile, 'utf8')).toBe('building with build dashboard production\n');
  });

  it('is not made again while its sources are the same, tests and results apart', async () => {
    await built();
    write('dashboard/lib/page.test.ts', 'a test');
    write('dashboard/out/index.html', 'page touched');
    const build = create();
    expect(build.view().state).toBe('ready');
    build.begin();
    expect(read('dashboard/out/index.html')).toBe('page touched');
  });

  it.each(['dashboard/page.tsx', 'src/serving/contract.ts', 'dashboard/lib/new.ts'])(
    'is made again when %s changes',
    async (source) => {
      await built();
      write(source, 'two');
      const build = create();
      expect(build.view().state).toBe('building');
    },
  );

  it('that fails says how it ended and where its words are', async () => {
    write('deed.txt', 'fail');
    const build = create();
    build.begin();
    await until(() => build.view().state !== 'building');
    expect(build.view()).toEqual({
      state: 'failed',
      detail: `The page could not be built: next build ended with 3. Its log is ${logFile}; API and predictions go on.`,
    });
    expect(readFileSync(logFile, 'utf8')).toContain('a module is missing');
    // What failed once is not tried again before the next start.
    build.begin();
    expect(build.view().state).toBe('failed');
    write('deed.txt', 'build');
    expect(create().view().state).toBe('building');
  });

  it('without its tools, or without a place for its log, fails and says what is missing', () => {
    rmSync(join(root, NEXT, 'next'));
    const bare = create();
    bare.begin();
    expect(bare.view()).toMatchObject({
      state: 'failed',
      detail: expect.stringContaining('npm ci brings it') as string,
    });
    write(`${NEXT}/next`, BUILDER);
    write('data', 'a file where the folder should be');
    const walled = create();
    walled.begin();
    expect(walled.view().state).toBe('failed');
  });

  it('ends when the program does, its children included', async () => {
    write('deed.txt', 'hang');
    const build = create();
    build.begin();
    await until(() => existsSync(join(root, 'begun.txt')) && read('begun.txt') !== '');
    const pid = Number(read('begun.txt'));
    build.stop();
    expect(build.view()).toEqual({ state: 'off', detail: 'The build was stopped.' });
    await until(() => !isAlive(pid));
    build.stop();
    expect(build.view().state).toBe('off');
  });

  it('killed by somebody else says by what', async () => {
    write('deed.txt', 'hang');
    const build = create();
    build.begin();
    await until(() => existsSync(join(root, 'begun.txt')) && read('begun.txt') !== '');
    process.kill(Number(read('begun.txt')), 'SIGKILL');
    await until(() => build.view().state !== 'building');
    expect(build.view().detail).toContain('next build was ended by SIGKILL');
  });

  it('that cannot leave its mark behind is no page that is known to be fresh', async () => {
    mkdirSync(join(root, 'dashboard/out/built-from.txt'), { recursive: true });
    const build = create();
    build.begin();
    await until(() => build.view().state !== 'building');
    expect(build.view().state).toBe('failed');
  });
});

describe('a build that nobody wants', () => {
  it('is off, and an earlier page is served as it is', async () => {
    expect(create(false).view()).toMatchObject({
      state: 'off',
      detail: expect.stringContaining('BELLWETHER_DASHBOARD=off') as string,
    });
    await built();
    write('dashboard/page.tsx', 'two');
    const build = create(false);
    expect(build.view().state).toBe('ready');
    build.begin();
    build.stop();
    expect(build.view().state).toBe('ready');
    expect(read('dashboard/out/index.html')).toBe('page one');
  });
});

function create(isWanted = true) {
  return createDashboardBuild({ root, logFile, isWanted, log: silentLog });
}

async function built(): Promise<void> {
  const build = create();
  build.begin();
  await until(() => build.view().state === 'ready');
}

function write(path: string, text: string): void {
  writeFileSync(join(root, path), text);
}

function read(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
