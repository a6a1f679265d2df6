import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Workspace } from '../core/index.ts';
import type { BackupContent } from './backup-format.ts';
import { hashFile } from './folder-copy.ts';
import { putBackOld, stageFolder } from './restore-folders.ts';

let sandbox: string;
/** As far as folders go. */
let workspace: Workspace;
let home: string;
let folders: BackupContent['folders'];
const ignore = () => {};

beforeEach(async () => {
  sandbox = mkdtempSync(join(tmpdir(), 'bellwether-restore-'));
  home = join(sandbox, 'workspaces', 'mine');
  workspace = { bronzeDir: join(home, 'bronze') } as Workspace;
  mkdirSync(workspace.bronzeDir, { recursive: true });
  writeFileSync(join(workspace.bronzeDir, 'file'), 'old');
  const part = join(sandbox, 'backup', 'folders', 'bronze', 'file');
  mkdirSync(dirname(part), { recursive: true });
  writeFileSync(part, 'new');
  const sha256 = await hashFile(part);
  folders = [{ name: 'bronze', files: [{ path: 'folders/bronze/file', bytes: 3, sha256 }] }];
});
afterEach(() => rmSync(sandbox, { recursive: true, force: true }));

const stage = () => stageFolder(workspace, { from: join(sandbox, 'backup'), folders }, ignore);
const held = () => readFileSync(join(workspace.bronzeDir, 'file'), 'utf8');
const beside = () => readdirSync(dirname(home));

describe('a staged folder', () => {
  it('changes nothing until it is put, then stands in place of the old one', async () => {
    const staged = await stage();
    expect(held()).toBe('old');
    await staged.put();
    expect(held()).toBe('new');
    await staged.finish();
    expect(beside()).toEqual(['mine']);
  });

  it('gives the old one back when what belongs to it fails', async () => {
    const staged = await stage();
    await staged.put();
    await staged.undo();
    await staged.undo();
    await staged.finish();
    expect(held()).toBe('old');
    expect(beside()).toEqual(['mine']);
  });

  it('has nothing to undo before it is put', async () => {
    const staged = await stage();
    await staged.undo();
    await staged.finish();
    expect(held()).toBe('old');
  });

  it('refuses a part that is not what was checked', async () => {
    writeFileSync(join(sandbox, 'backup', 'folders', 'bronze', 'file'), 'evil');
    await expect(stage()).rejects.toMatchObject({ code: 'BACKUP_DAMAGED' });
    expect(held()).toBe('old');
  });

  it('says that the system refuses a file, with the place', async () => {
    writeFileSync(`${home}.restore-draft`, '');
    rmSync(dirname(home), { recursive: true });
    writeFileSync(dirname(home), 'a file where the folder should be');
    await expect(stage()).rejects.toMatchObject({
      code: 'RESTORE_UNWRITABLE',
      message: expect.stringContaining(home) as string,
    });
  });
});

describe('a folder that was being replaced when the restore was killed', () => {
  it('is put back where nothing has taken its place', async () => {
    await (await stage()).put();
    rmSync(home, { recursive: true });
    mkdirSync(workspace.bronzeDir, { recursive: true });
    await putBackOld(workspace);
    expect(held()).toBe('old');
  });

  it('stays aside where something has', async () => {
    await (await stage()).put();
    await putBackOld(workspace);
    expect(held()).toBe('new');
    expect(beside()).toContain('mine.restore-old');
  });
});
