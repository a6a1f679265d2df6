import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import { traceCommand } from '../../test/command-context.ts';
import { makeDecidedWorkspace } from '../../test/decided-workspace.ts';
import { acquireProcessLock, listWorkspaces, openPostgres, silentLog } from '../core/index.ts';
import { planReset, protectedReason } from './reset-plan.ts';
import { reset } from './reset.ts';

/** Everything of a test lies in here, the data folder and what must survive it. */
let sandbox: string;
let dataDir: string;

beforeEach(() => {
  sandbox = mkdtempSync(join(tmpdir(), 'bellwether-reset-'));
  dataDir = join(sandbox, 'data');
  mkdirSync(join(dataDir, 'live', 'bronze'), { recursive: true });
  mkdirSync(join(dataDir, 'workspaces', 'replay_1', 'bronze'), { recursive: true });
  writeFileSync(join(dataDir, 'live', 'bronze', 'manifest.jsonl'), 'x'.repeat(1_200));
  writeFileSync(join(dataDir, 'postgres.log'), 'said something');
  writeFileSync(join(dataDir, 'postgres.guard'), '');
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(sandbox, { recursive: true, force: true });
});

async function resetWith(options: { yes?: boolean; workspace?: string }, databaseUrl = '') {
  const trace = traceCommand({
    BELLWETHER_DATA_DIR: dataDir,
    DATABASE_URL: databaseUrl,
    LOG_LEVEL: 'silent',
  });
  return { exit: await reset(options, trace.context), text: trace.text(), json: trace.json() };
}

describe('reset', () => {
  it('says what it would delete, with sizes, and deletes nothing', async () => {
    const before = readdirSync(dataDir, { recursive: true });
    const { exit, text, json } = await resetWith({});
    expect(exit).toBe(0);
    expect(text).toContain(`1.2 kB  ${join(dataDir, 'live')}`);
    expect(text).toContain('Nothing was deleted');
    expect(json).toMatchObject({ deleted: false, strangers: [] });
    expect(readdirSync(dataDir, { recursive: true })).toEqual(before);
  });

  it('deletes with --yes what is inside and leaves the folder', async () => {
    const { exit, json } = await resetWith({ yes: true });
    expect(exit).toBe(0);
    expect(json).toMatchObject({ deleted: true });
    expect(readdirSync(dataDir)).toEqual([]);
  });

  it('is content with a folder that is not there, and does not make it', async () => {
    rmSync(dataDir, { recursive: true });
    const { exit, json, text } = await resetWith({ yes: true });
    expect(exit).toBe(0);
    expect(json).toMatchObject({ deleted: false, entries: [] });
    expect(text).toContain('Nothing to delete');
    expect(existsSync(dataDir)).toBe(false);
  });

  it('refuses while a start runs, and says so before', async () => {
    const lock = await acquireProcessLock(join(dataDir, 'start.lock'), { port: 8080, startedAt: 0 });
    expect((await resetWith({})).text).toContain('A start runs');
    await expect(resetWith({ yes: true })).rejects.toMatchObject({ code: 'START_ALREADY_RUNNING' });
    await lock.release();
    expect(existsSync(join(dataDir, 'live'))).toBe(true);
  });

  it("refuses a folder that holds other people's files, lists them and leaves everything", async () => {
    const strangers = [join(dataDir, 'thesis.tex'), join(dataDir, 'workspaces', 'replay_1', 'notes')];
    for (const path of strangers) writeFileSync(path, 'mine');
    const { exit, text, json } = await resetWith({});
    expect(exit).toBe(0);
    expect(json['strangers']).toEqual(strangers);
    expect(text).toContain('thesis.tex');
    await expect(resetWith({ yes: true })).rejects.toMatchObject({
      code: 'RESET_FOLDER_FOREIGN',
      message: expect.stringContaining('thesis.tex') as string,
    });
    expect(existsSync(join(dataDir, 'live', 'bronze', 'manifest.jsonl'))).toBe(true);
  });

  it('never follows a link out of the folder', async () => {
    const outside = join(sandbox, 'outside');
    mkdirSync(outside);
    writeFileSync(join(outside, 'precious'), '');
    symlinkSync(outside, join(dataDir, 'workspaces', 'linked'));
    await expect(resetWith({ yes: true })).rejects.toMatchObject({ code: 'RESET_FOLDER_FOREIGN' });
    expect(readdirSync(outside)).toEqual(['precious']);
  });

  it('empties a data folder that is itself reached by a link', async () => {
    const link = join(sandbox, 'link');
    symlinkSync(dataDir, link);
    const trace = traceCommand({ BELLWETHER_DATA_DIR: link, LOG_LEVEL: 'silent' });
    expect(await reset({ yes: true }, trace.context)).toBe(0);
    expect(readdirSync(link)).toEqual([]);
  });

  it('protects the root, the home directory and the project, under any name', () => {
    const home = join(sandbox, 'home');
    const project = join(sandbox, 'project');
    mkdirSync(home);
    mkdirSync(project);
    symlinkSync(home, join(sandbox, 'alias'));
    vi.stubEnv('HOME', home);
    expect(protectedReason('/', project)).toContain('root');
    expect(protectedReason(home, project)).toContain('home');
    expect(protectedReason(join(sandbox, 'alias'), project)).toContain('home');
    expect(protectedReason(project, project)).toContain('project');
    expect(protectedReason(dataDir, project)).toBeNull();
  });

  it('refuses the home directory before it looks at anything in it', async () => {
    vi.stubEnv('HOME', dataDir);
    await expect(resetWith({ yes: true })).rejects.toMatchObject({ code: 'RESET_FOLDER_PROTECTED' });
    expect(existsSync(join(dataDir, 'live'))).toBe(true);
  });

  it('plans nothing for a folder that is not there', async () => {
    expect(await planReset(join(sandbox, 'nowhere'))).toMatchObject({ deletions: [], strangers: [] });
  });

  it('leaves the database of a URL alone and says how to empty it', async () => {
    expect((await resetWith({}, 'postgres://a@b/c')).text).toContain('is not touched');
  });
});

describe('reset of one workspace', () => {
  const databaseUrl = () => inject('databaseUrl');

  it('shows its size, then deletes it alone', async () => {
    const gone = await makeDecidedWorkspace({ databaseUrl: databaseUrl(), dataDir, kind: 'gone' });
    const kept = await makeDecidedWorkspace({ databaseUrl: databaseUrl(), dataDir, kind: 'kept' });
    mkdirSync(gone.registryDir);
    writeFileSync(join(gone.registryDir, 'model.json'), 'x'.repeat(1_500));
    const shown = await resetWith({ workspace: gone.name }, databaseUrl());
    expect(shown.json).toMatchObject({ deleted: false, workspace: gone.name });
    expect(shown.text).toContain(`Postgres schema ws_${gone.name}`);
    expect(shown.text).toContain(`1.5 kB  ${gone.registryDir}`);
    expect(existsSync(gone.bronzeDir)).toBe(true);
    const done = await resetWith({ workspace: gone.name, yes: true }, databaseUrl());
    expect(done.json).toMatchObject({ deleted: true });
    const postgres = await openPostgres({ databaseUrl: databaseUrl(), dataDir, log: silentLog });
    const names = await listWorkspaces(postgres);
    expect(names).not.toContain(gone.name);
    expect(names).toContain(kept.name);
    expect(existsSync(gone.bronzeDir)).toBe(false);
    expect(existsSync(gone.registryDir)).toBe(false);
    expect(existsSync(kept.bronzeDir)).toBe(true);
    await gone.drop();
    await kept.drop();
  });

  it('refuses one that is not there, and makes no database to find out', async () => {
    await expect(resetWith({ workspace: 'nobody_s' })).rejects.toMatchObject({ code: 'USAGE_INVALID' });
    expect(existsSync(join(dataDir, 'postgres'))).toBe(false);
  });

  it('refuses the one that a start works in', async () => {
    const used = await makeDecidedWorkspace({ databaseUrl: databaseUrl(), dataDir, kind: 'used' });
    const lock = await acquireProcessLock(join(dataDir, 'start.lock'), {
      port: null,
      startedAt: 0,
      workspace: used.name,
    });
    await expect(resetWith({ workspace: used.name, yes: true }, databaseUrl())).rejects.toMatchObject({
      code: 'WORKSPACE_IN_USE',
    });
    await lock.release();
    await used.drop();
  });

  it('refuses one whose folder is a link', async () => {
    const linked = await makeDecidedWorkspace({ databaseUrl: databaseUrl(), dataDir, kind: 'linked' });
    const folder = join(dataDir, 'workspaces', linked.name);
    const outside = join(sandbox, 'outside');
    mkdirSync(join(outside, 'bronze'), { recursive: true });
    rmSync(folder, { recursive: true });
    symlinkSync(outside, folder);
    await expect(resetWith({ workspace: linked.name, yes: true }, databaseUrl())).rejects.toMatchObject({
      code: 'RESET_FOLDER_FOREIGN',
    });
    expect(existsSync(join(outside, 'bronze'))).toBe(true);
    await linked.drop();
  });
});
