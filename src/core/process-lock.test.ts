import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { withExclusiveLock } from './exclusive.ts';
import { acquireProcessLock, readProcessLock } from './process-lock.ts';
import { isAlive, isSameProcess, startTokenOf } from './processes.ts';

const folder = mkdtempSync(join(tmpdir(), 'bellwether-lock-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let turn = 0;
const freshPath = () => join(folder, `${(turn += 1)}.lock`);
const facts = { port: 8080, startedAt: 1_636_070_400_000 };

describe('a process lock', () => {
  it('tells everybody who holds it, and what that one added', async () => {
    const path = freshPath();
    const lock = await acquireProcessLock(path, { ...facts, port: null });
    expect(readProcessLock(path)).toMatchObject({ pid: process.pid, port: null });
    await lock.update({ port: 8081, workspace: 'live' });
    expect(readProcessLock(path)).toMatchObject({
      port: 8081,
      workspace: 'live',
      startedAt: facts.startedAt,
    });
    await lock.release();
    await lock.release();
    await lock.update({ port: 1 });
    expect(readProcessLock(path)).toBeNull();
    expect(existsSync(path)).toBe(false);
  });

  it('refuses a second holder, naming the first', async () => {
    const path = freshPath();
    const lock = await acquireProcessLock(path, facts);
    await expect(acquireProcessLock(path, facts)).rejects.toMatchObject({
      code: 'START_ALREADY_RUNNING',
      message: expect.stringContaining(`process ${process.pid} on port 8080`) as string,
    });
    await lock.release();
  });

  it('is given to one of many that ask at once', async () => {
    const path = freshPath();
    const asked = await Promise.allSettled([1, 2, 3, 4].map(() => acquireProcessLock(path, facts)));
    expect(asked.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('is taken over from the dead, from a recycled id and from a torn file', async () => {
    for (const left of [
      JSON.stringify({ pid: 2 ** 22 + 1, startToken: null, ...facts }),
      JSON.stringify({ pid: process.pid, startToken: 'another boot:1', ...facts }),
      '{"pid":',
    ]) {
      const path = freshPath();
      writeFileSync(path, left);
      expect(readProcessLock(path)).toBeNull();
      const lock = await acquireProcessLock(path, facts);
      expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ pid: process.pid });
      await lock.release();
    }
  });

  it('leaves the lock of whoever took it over alone', async () => {
    const path = freshPath();
    const lock = await acquireProcessLock(path, facts);
    const other = JSON.stringify({ pid: 1, startToken: startTokenOf(1), ...facts });
    writeFileSync(path, other);
    await lock.release();
    expect(readFileSync(path, 'utf8')).toBe(other);
  });

  it('says so when its folder cannot be made', async () => {
    writeFileSync(join(folder, 'file'), '');
    await expect(acquireProcessLock(join(folder, 'file', 'x', 'a.lock'), facts)).rejects.toMatchObject({
      code: 'DATA_FOLDER_UNUSABLE',
    });
  });
});

describe('an exclusive lock', () => {
  it('lets one in at a time, in one process too', async () => {
    const path = freshPath();
    let inside = 0;
    let most = 0;
    const visit = () =>
      withExclusiveLock(path, async () => {
        inside += 1;
        most = Math.max(most, inside);
        await new Promise(setImmediate);
        inside -= 1;
      });
    await Promise.all([visit(), visit(), visit()]);
    expect(most).toBe(1);
  });

  it('gives up in words when the holder never ends', async () => {
    const path = freshPath();
    await withExclusiveLock(path, async () => {
      await expect(withExclusiveLock(path, async () => 'never', 40)).rejects.toMatchObject({
        code: 'GUARD_BUSY',
      });
    });
    expect(await withExclusiveLock(path, async () => 'free again')).toBe('free again');
  });

  it('is free again at once when its holder is killed', async () => {
    const path = freshPath();
    const code = `import { DatabaseSync } from 'node:sqlite';
      const guard = new DatabaseSync(${JSON.stringify(path)});
      guard.exec('BEGIN EXCLUSIVE'); console.log('held'); setInterval(() => guard, 1000);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    await expect(withExclusiveLock(path, async () => 'never', 20)).rejects.toMatchObject({
      code: 'GUARD_BUSY',
    });
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(await withExclusiveLock(path, async () => 'mine', 0)).toBe('mine');
  });
});

describe('a process', () => {
  it('is known by its id and its start', () => {
    expect(isAlive(process.pid)).toBe(true);
    expect(isAlive(0)).toBe(false);
    expect(isAlive(2 ** 22 + 1)).toBe(false);
    expect(startTokenOf(2 ** 22 + 1)).toBeNull();
    expect(isSameProcess(process.pid, startTokenOf(process.pid))).toBe(true);
    expect(isSameProcess(process.pid, 'another')).toBe(false);
    expect(isSameProcess(process.pid, null)).toBe(true);
  });
});
