import { chmodSync, closeSync, existsSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestWorkspace, type TestWorkspace } from '../test/database.ts';
import { inSnapshot, writeFact } from './core/index.ts';
import { isConnectionLost } from './database-away.ts';
import { storageRefused } from './storage-refused.ts';

/** Linux keeps a device on which every write finds a full disk. */
const FULL_DISK = '/dev/full';

let workspace: TestWorkspace;
beforeAll(async () => {
  workspace = await createTestWorkspace();
});
afterAll(() => workspace.drop());

const errorOf = async (work: () => unknown): Promise<unknown> => {
  try {
    await work();
  } catch (error) {
    return error;
  }
  throw new RangeError('nothing was refused');
};

describe('a refusal of the storage', () => {
  it.each(['53100', '53200', '53300', '58030', '25006'])(
    'is told for state %s of Postgres, with what to do',
    (code) => {
      const error = Object.assign(new Error('could not extend file "base/5/17217"'), { code });
      expect(isConnectionLost(error)).toBe(false);
      expect(storageRefused(error)).toMatchObject({
        code: 'DATABASE_UNABLE',
        message: expect.stringMatching(/could not extend file.*Free disk space/) as string,
        cause: error,
      });
    },
  );

  it('is told by a database that only reads', async () => {
    const attempt = () => inSnapshot(workspace.pool, (client) => writeFact(client, 'x', 1));
    expect(storageRefused(await errorOf(attempt))).toMatchObject({ code: 'DATABASE_UNABLE' });
  });

  it.runIf(existsSync(FULL_DISK))('is told for a disk that is full', async () => {
    const error = await errorOf(() => {
      const file = openSync(FULL_DISK, 'w');
      try {
        writeSync(file, 'x');
      } finally {
        closeSync(file);
      }
    });
    expect(storageRefused(error)).toMatchObject({
      code: 'FILE_REFUSED',
      message: expect.stringContaining('ENOSPC') as string,
    });
  });

  // Root may write everywhere.
  it.skipIf(process.getuid?.() === 0)('is told for a folder that may not be written', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'bellwether-refused-'));
    chmodSync(folder, 0o500);
    const error = await errorOf(() => openSync(join(folder, 'x'), 'w'));
    expect(storageRefused(error)).toMatchObject({ code: 'FILE_REFUSED' });
    rmSync(folder, { recursive: true });
  });

  it.each([
    ['a statement that is wrong', Object.assign(new Error('no such table'), { code: '42P01' })],
    ['a file that is missing', Object.assign(new Error('ENOENT'), { code: 'ENOENT', syscall: 'open' })],
    ['a bug', new TypeError('undefined is not a window')],
    ['nothing at all', undefined],
  ])('is not %s', (_, error) => {
    expect(storageRefused(error)).toBeNull();
  });
});
