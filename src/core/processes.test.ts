import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isAlive, isSameProcess, postgresProcessesIn, servesFolder, startTokenOf } from './processes.ts';

let folder: string;
let child: ChildProcess;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bellwether-processes-'));
  child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { cwd: folder, stdio: 'ignore' });
  await once(child, 'spawn');
});
afterEach(() => {
  child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

describe('a process that works in the folder of a database without being a Postgres', () => {
  it('is not among those that may be ended there', () => {
    expect(postgresProcessesIn(folder)).toEqual([]);
  });

  it('is not taken for the server of the folder', () => {
    expect(servesFolder(child.pid!, folder)).toBe(false);
  });
});

describe('a process id', () => {
  it('stands for the same process as long as that lives, and for none afterwards', async () => {
    const token = startTokenOf(child.pid!);
    expect(isSameProcess(child.pid!, token)).toBe(true);
    expect(isSameProcess(child.pid!, `${token} of another boot`)).toBe(false);
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
    expect(isSameProcess(child.pid!, token)).toBe(false);
  });

  it('that cannot be one is not alive', () => {
    expect([0, -1, 1.5, NaN].map(isAlive)).toEqual([false, false, false, false]);
  });
});
