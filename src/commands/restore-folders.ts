import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isAppError, messageOf, type Workspace } from '../core/index.ts';
import type { BackupContent } from './backup-format.ts';
import { realPathOf } from './data-folder.ts';
import { backupDamaged, restoreUnwritable } from './errors.ts';
import { copyFile } from './folder-copy.ts';
import { isFileError } from './out-file.ts';
import { bytesUnder } from './sizes.ts';

/** What stands beside a workspace's folder while a backup takes its place; `reset` knows these names too. */
const DRAFT = '.restore-draft';
const OLD = '.restore-old';

/** The files of a backup, ready beside the folder that they are to replace. */
export interface StagedFolder {
  /** Moves them into place; what stood there waits beside it. */
  put(): Promise<void>;
  /** Moves the old folder back; without effect before `put`. */
  undo(): Promise<void>;
  /** Clears away whatever stands beside the folder. */
  finish(): Promise<void>;
}

/**
 * Puts back what a restore that was killed between its two moves left beside the place.
 * @throws AppError `RESTORE_UNWRITABLE`
 */
export async function putBackOld(workspace: Workspace): Promise<void> {
  const home = homeOf(workspace);
  await guarded(home, async () => {
    if (!existsSync(`${home}${OLD}`) || (await bytesUnder(home)) > 0) return;
    await rm(home, { recursive: true, force: true });
    await rename(`${home}${OLD}`, home);
  });
}

/**
 * Copies a backup's files beside the workspace's folder, on the same disk.
 * @throws AppError `RESTORE_UNWRITABLE`, from every method too; `BACKUP_DAMAGED` when a part changed since it was checked
 */
export async function stageFolder(
  workspace: Workspace,
  { from, folders }: { from: string; folders: BackupContent['folders'] },
  onFile: (done: number, total: number) => void,
): Promise<StagedFolder> {
  const home = homeOf(workspace);
  const draft = `${home}${DRAFT}`;
  const old = `${home}${OLD}`;
  let isPut = false;
  await guarded(home, async () => {
    await rm(draft, { recursive: true, force: true });
    await mkdir(draft);
    try {
      await copyParts({ from, to: draft, folders }, onFile);
    } catch (error) {
      await rm(draft, { recursive: true, force: true });
      throw error;
    }
  });
  return {
    put: () =>
      guarded(home, async () => {
        await rm(old, { recursive: true, force: true });
        await mkdir(home, { recursive: true });
        await rename(home, old);
        isPut = true;
        await rename(draft, home);
      }),
    undo: () =>
      guarded(home, async () => {
        if (!isPut) return;
        if (existsSync(home)) await rename(home, draft);
        await rename(old, home);
        isPut = false;
      }),
    finish: () =>
      guarded(home, async () => {
        await rm(draft, { recursive: true, force: true });
        if (existsSync(home)) await rm(old, { recursive: true, force: true });
      }),
  };
}

async function copyParts(
  { from, to, folders }: { from: string; to: string; folders: BackupContent['folders'] },
  onFile: (done: number, total: number) => void,
): Promise<void> {
  const total = folders.reduce((sum, { files }) => sum + files.length, 0);
  let done = 0;
  await mkdir(join(to, 'bronze'));
  for (const { files } of folders) {
    for (const { path, sha256 } of files) {
      const [, ...inner] = path.split('/');
      const copied = await copyFile(join(from, path), join(to, ...inner));
      if (copied.sha256 !== sha256) throw backupDamaged(join(from, path), 'it changed while it was read');
      onFile((done += 1), total);
    }
  }
}

const homeOf = ({ bronzeDir }: Workspace): string => realPathOf(dirname(bronzeDir));

async function guarded(home: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (isAppError(error) || !isFileError(error)) throw error;
    throw restoreUnwritable(home, messageOf(error));
  }
}
