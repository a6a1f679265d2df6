import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import { makeDatabaseFolder } from '../../test/folders.ts';
import { openElsewhere } from '../../test/process.ts';
import { silentLog } from './log.ts';
import { erasePostgres, findDatabase, openPostgres, releasePostgres, type Postgres } from './postgres.ts';
import { isAlive } from './processes.ts';

const isRoot = process.getuid?.() === 0;

/** A database fresh from initdb: copying it is far cheaper than making one for each test. */
let template: string;
let dataDir: string;
const phrasesOfMaking: string[] = [];

beforeAll(async () => {
  template = makeDatabaseFolder();
  dataDir = template;
  await (await open((phrase) => phrasesOfMaking.push(phrase))).close();
});
afterAll(() => rmSync(template, { recursive: true, force: true }));

beforeEach(() => {
  dataDir = makeDatabaseFolder();
});
afterEach(async () => {
  await erasePostgres(dataDir);
  rmSync(dataDir, { recursive: true, force: true });
});

/** Puts the template's database and its lock into the folder of the test. */
function useTemplate(): void {
  execFileSync('cp', ['-a', join(template, 'postgres'), dataDir]);
  const lock = JSON.parse(readFileSync(join(template, 'postgres.lock'), 'utf8')) as object;
  const moved = { ...lock, folder: join(dataDir, 'postgres') };
  writeFileSync(join(dataDir, 'postgres.lock'), JSON.stringify(moved));
}

const open = (onProgress?: (phrase: string) => void) =>
  openPostgres({ databaseUrl: '', dataDir, log: silentLog, ...(onProgress && { onProgress }) });

async function query(postgres: { url: string }, statement: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: postgres.url });
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(statement)).rows;
  } finally {
    await client.end().catch(() => {});
  }
}

const remember = (postgres: { url: string }) => query(postgres, 'CREATE TABLE kept AS SELECT 42 AS answer');
const recall = (postgres: { url: string }) => query(postgres, 'SELECT answer FROM kept');
const KEPT = [{ answer: 42 }];

async function killServer(pid: number): Promise<void> {
  process.kill(pid, 'SIGKILL');
  await vi.waitFor(() => expect(isAlive(pid)).toBe(false));
}

const lockOf = () =>
  JSON.parse(readFileSync(join(dataDir, 'postgres.lock'), 'utf8')) as Record<string, unknown>;

describe('the built-in Postgres', () => {
  it('is made with UTF-8, the C locale and UTC, and asks everybody for a password', async () => {
    expect(phrasesOfMaking).toEqual(['making the database']);
    useTemplate();
    const postgres = await open();
    expect(postgres.isEmbedded).toBe(true);
    expect(
      await query(
        postgres,
        `SELECT current_setting('server_encoding') AS encoding, current_setting('TimeZone') AS zone,
                current_setting('fsync') AS fsync, current_setting('full_page_writes') AS pages,
                current_setting('listen_addresses') AS address, datcollate AS locale
         FROM pg_database WHERE datname = current_database()`,
      ),
    ).toEqual([
      { encoding: 'UTF8', zone: 'UTC', fsync: 'on', pages: 'on', address: '127.0.0.1', locale: 'C' },
    ]);
    const { password, port, pid } = lockOf();
    expect({ port, pid }).toEqual({ port: Number(new URL(postgres.url).port), pid: postgres.pid });
    expect(statSync(join(dataDir, 'postgres.lock')).mode & 0o777).toBe(0o600);
    await expect(query({ url: postgres.url.replace(String(password), 'guess') }, 'SELECT 1')).rejects.toThrow(
      'password',
    );
    await postgres.close();
  });

  it('is let go of by everything in this process at once, also by what is just opening it', async () => {
    useTemplate();
    const first = await open();
    const second = open();
    await releasePostgres();
    expect(await second).toMatchObject({ pid: first.pid });
    expect(isAlive(first.pid ?? NaN)).toBe(false);
    expect(lockOf()).toMatchObject({ pid: null, port: null });
    await first.close();
  });

  it('is joined by a second process and stopped by the last one that leaves', async () => {
    useTemplate();
    const first = await openElsewhere(dataDir);
    const second = await open();
    const third = await open();
    expect([second.pid, third.pid]).toEqual([first.serverPid, first.serverPid]);
    await remember(first);
    await first.leave();
    expect(await recall(second)).toEqual(KEPT);
    await second.close();
    await second.close();
    expect(isAlive(first.serverPid)).toBe(true);
    await third.close();
    expect(isAlive(first.serverPid)).toBe(false);
    expect(lockOf()).toMatchObject({ pid: null, port: null });
    const again = await open();
    expect(await recall(again)).toEqual(KEPT);
    await again.close();
  });

  it('is started once by processes that ask in the same moment', async () => {
    const [left, right, here] = await Promise.all([openElsewhere(dataDir), openElsewhere(dataDir), open()]);
    expect(new Set([left.serverPid, right.serverPid, here.pid]).size).toBe(1);
    await Promise.all([left.leave(), right.leave(), here.close()]);
    expect(isAlive(left.serverPid)).toBe(false);
  });

  it.skipIf(!existsSync('/proc/self/stat'))(
    'runs in a process group of its own, so that Ctrl-C reaches the program first',
    async () => {
      useTemplate();
      const postgres = await open();
      const stat = readFileSync(`/proc/${postgres.pid}/stat`, 'utf8');
      const group = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2];
      expect(Number(group)).toBe(postgres.pid);
      await postgres.close();
    },
  );

  it('outlives a killed program and is adopted by the next', async () => {
    useTemplate();
    const killed = await openElsewhere(dataDir);
    await remember(killed);
    await killed.kill();
    expect(isAlive(killed.serverPid)).toBe(true);
    const next = await open();
    expect(next.pid).toBe(killed.serverPid);
    expect(await recall(next)).toEqual(KEPT);
    await next.close();
    expect(isAlive(killed.serverPid)).toBe(false);
  });

  it('is started anew after it was killed, also while a backend of the dead one still works', async () => {
    useTemplate();
    const postgres = await open();
    await remember(postgres);
    const busy = query(postgres, 'SELECT count(*) FROM generate_series(1, 1e12)').catch(() => 'cut off');
    await vi.waitFor(async () =>
      expect(await query(postgres, "SELECT 1 FROM pg_stat_activity WHERE query LIKE '%1e12)'")).toHaveLength(
        1,
      ),
    );
    await killServer(postgres.pid!);
    const again = await open();
    expect(again.pid).not.toBe(postgres.pid);
    expect(await recall(again)).toEqual(KEPT);
    expect(await busy).toBe('cut off');
    await again.close();
    expect(isAlive(again.pid!)).toBe(true);
    await postgres.close();
    expect(isAlive(again.pid!)).toBe(false);
  });

  it('comes back after program and server were killed together', async () => {
    useTemplate();
    const killed = await openElsewhere(dataDir);
    await remember(killed);
    await Promise.all([killed.kill(), killServer(killed.serverPid)]);
    const next = await open();
    expect(await recall(next)).toEqual(KEPT);
    await next.close();
  });

  it('is not fooled by a postmaster.pid whose id now belongs to somebody else', async () => {
    useTemplate();
    const first = await open();
    await remember(first);
    const left = readFileSync(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8');
    await first.close();
    writeFileSync(
      join(dataDir, 'postgres', 'postmaster.pid'),
      [String(process.pid), ...left.split('\n').slice(1)].join('\n'),
    );
    writeFileSync(join(dataDir, 'postgres.lock'), JSON.stringify({ ...lockOf(), pid: process.pid }));
    const second = await open();
    expect(second.pid).not.toBe(process.pid);
    expect(await recall(second)).toEqual(KEPT);
    await second.close();
  });
});

describe('a database that is not as it was left', () => {
  it('is made again when making it was cut short, the remains set aside', async () => {
    mkdirSync(join(dataDir, 'postgres', 'base'), { recursive: true });
    mkdirSync(join(dataDir, 'postgres.draft', 'base'), { recursive: true });
    writeFileSync(join(dataDir, 'postgres', 'PG_VERSION'), '18\n');
    const phrases: string[] = [];
    const postgres = await open((phrase) => phrases.push(phrase));
    expect(phrases[0]).toContain(join(dataDir, 'postgres.broken-1'));
    expect(existsSync(join(dataDir, 'postgres.draft'))).toBe(false);
    expect(await query(postgres, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await postgres.close();
  });

  it('is opened with a new password when the lock is lost', async () => {
    useTemplate();
    const killed = await openElsewhere(dataDir);
    await remember(killed);
    await killed.kill();
    rmSync(join(dataDir, 'postgres.lock'));
    const next = await open();
    expect(isAlive(killed.serverPid)).toBe(false);
    expect(await recall(next)).toEqual(KEPT);
    await next.close();
  });

  it('is opened with a new password when the lock is one from elsewhere', async () => {
    useTemplate();
    const first = await open();
    await remember(first);
    await first.close();
    writeFileSync(
      join(dataDir, 'postgres.lock'),
      JSON.stringify({ ...lockOf(), password: 'of another database' }),
    );
    const next = await open();
    expect(await recall(next)).toEqual(KEPT);
    await next.close();
  });

  it('is its own in a copied data folder, with the data of the original', async () => {
    useTemplate();
    const original = await open();
    await remember(original);
    await original.close();
    const copy = makeDatabaseFolder();
    execFileSync('cp', ['-a', `${dataDir}/.`, copy]);
    const reopened = await open();
    const copied = await openPostgres({ databaseUrl: '', dataDir: copy, log: silentLog });
    expect(copied.pid).not.toBe(reopened.pid);
    expect(await recall(copied)).toEqual(KEPT);
    await Promise.all([copied.close(), reopened.close()]);
    rmSync(copy, { recursive: true, force: true });
  });

  it('is not taken away from a process that works with it, even when the lock is lost', async () => {
    useTemplate();
    const other = await openElsewhere(dataDir);
    const lock = readFileSync(join(dataDir, 'postgres.lock'));
    rmSync(join(dataDir, 'postgres.lock'));
    await expect(open()).rejects.toMatchObject({
      code: 'POSTGRES_START_FAILED',
      message: expect.stringContaining('postgres.lock was deleted') as string,
    });
    expect(isAlive(other.serverPid)).toBe(true);
    writeFileSync(join(dataDir, 'postgres.lock'), lock);
    await other.leave();
  });

  it('is refused with the last words of the server when its version does not fit', async () => {
    useTemplate();
    await (await open()).close();
    writeFileSync(join(dataDir, 'postgres', 'PG_VERSION'), '12\n');
    await expect(open()).rejects.toMatchObject({
      code: 'POSTGRES_START_FAILED',
      message: expect.stringMatching(/another version of Postgres[^]*last words[^]*FATAL/) as string,
    });
  });

  it('is found without being started, and not made by looking', () => {
    expect(findDatabase(join(dataDir, 'nowhere'))).toBeNull();
    expect(findDatabase(dataDir)).toBeNull();
    useTemplate();
    expect(findDatabase(dataDir)).toBe(join(dataDir, 'postgres'));
    expect(existsSync(join(dataDir, 'postgres', 'postmaster.pid'))).toBe(false);
  });

  it('is gone after it was erased, with all who used it', async () => {
    useTemplate();
    const other = await openElsewhere(dataDir);
    await erasePostgres(dataDir);
    expect(isAlive(other.serverPid)).toBe(false);
    expect(existsSync(join(dataDir, 'postgres'))).toBe(false);
    await other.leave();
    await erasePostgres(join(dataDir, 'never was'));
  });
});

describe('a place that cannot be used', () => {
  it.skipIf(!isRoot)(
    'as root is left for one that the user postgres can enter, in the open and for good',
    async () => {
      chmodSync(dataDir, 0o700);
      const phrases: string[] = [];
      const first = await open((phrase) => phrases.push(phrase));
      const { folder } = lockOf();
      expect(phrases[0]).toContain(`cannot enter ${dataDir}`);
      expect(folder).not.toContain(dataDir);
      await remember(first);
      await first.close();
      const second = await open();
      expect(lockOf()['folder']).toBe(folder);
      expect(await recall(second)).toEqual(KEPT);
      await second.close();
      await erasePostgres(dataDir);
      expect(existsSync(String(folder))).toBe(false);
    },
  );

  it('is named when it is no folder', async () => {
    const file = join(dataDir, 'file');
    writeFileSync(file, '');
    await expect(
      openPostgres({ databaseUrl: '', dataDir: join(file, 'data'), log: silentLog }),
    ).rejects.toMatchObject({ code: 'DATA_FOLDER_UNUSABLE' });
  });
});

describe('a Postgres behind a URL', () => {
  it('is used as it is and not stopped', async () => {
    const databaseUrl = inject('databaseUrl');
    const postgres: Postgres = await openPostgres({ databaseUrl, dataDir, log: silentLog });
    expect(postgres).toMatchObject({ url: databaseUrl, isEmbedded: false, pid: null });
    await postgres.close();
    expect(await query(postgres, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it.each(['postgres://me:secret@127.0.0.1:1/db', 'postgres://me:secret@:bad'])(
    'is named without its password when it does not answer',
    async (databaseUrl) => {
      const attempt = openPostgres({ databaseUrl, dataDir, log: silentLog });
      await expect(attempt).rejects.toMatchObject({ code: 'POSTGRES_UNREACHABLE' });
      await expect(attempt).rejects.not.toThrow('secret');
    },
  );
});
