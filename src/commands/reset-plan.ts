import { existsSync, readdirSync, type Dirent } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { findDatabase } from '../core/index.ts';
import { bytesUnder } from './sizes.ts';
import { realPathOf } from './data-folder.ts';

/** Something that a reset deletes. */
export interface Deletion {
  /** Absolute. */
  path: string;
  bytes: number;
}

/** What a reset of a data folder would do. */
export interface ResetPlan {
  /** Without symbolic links. */
  dataDir: string;
  deletions: Deletion[];
  /** What lies in the folder and is nothing that Bellwether puts there; absolute paths. */
  strangers: string[];
}

/** What Bellwether itself puts into a data folder; a folder with a list may hold those names alone. */
const OUR_FILES =
  /^(postgres\.(lock|guard|log|password)|start\.lock(\.guard)?|dashboard-build\.log)(\.\d+\.draft)?$/;
const OUR_FOLDERS = /^(postgres(\.draft|\.broken-\d+)?|postgres\.users|scorers|models|holdout)$/;
/** A restore that was killed leaves the folder that it was to replace, or the one to come, beside the place. */
const BESIDE = '(\\.restore-(draft|old))?';
const LIVE_FOLDER = new RegExp(`^live${BESIDE}$`);
const WORKSPACE_FOLDER = new RegExp(`^[a-z0-9][a-z0-9_]{0,55}${BESIDE}$`);
const WORKSPACE_CONTENT = /^(bronze|registry)$/;

/**
 * Looks at what a reset would delete. Never more than Bellwether's own files: a link or an unknown name is a
 * stranger, and so is what would lead out of the folder.
 */
export async function planReset(dataDir: string): Promise<ResetPlan> {
  const folder = realPathOf(dataDir);
  const { ours, strangers } = sortEntries(folder);
  const deletions: Deletion[] = [];
  for (const path of ours) deletions.push({ path, bytes: await bytesUnder(path) });
  const database = findDatabase(folder);
  // Root's server may live in a folder that its user can reach; that one was made for this data folder alone.
  if (database !== null && dirname(database) !== folder) {
    deletions.push({ path: database, bytes: await bytesUnder(database) });
  }
  return { dataDir: folder, deletions, strangers };
}

/** Why nothing may be deleted in a folder that is meant for other things; null when it may. */
export function protectedReason(dataDir: string, projectDir: string): string | null {
  const folder = realPathOf(dataDir);
  const places: [string, string][] = [
    [dirname(folder), 'it is the root of the file system'],
    [homedir(), 'it is the home directory'],
    [projectDir, 'it is the project itself'],
  ];
  const hit = places.find(([place]) => realPathOf(place) === folder);
  return hit?.[1] ?? null;
}

function sortEntries(folder: string): { ours: string[]; strangers: string[] } {
  const ours: string[] = [];
  const strangers: string[] = [];
  for (const entry of entriesOf(folder)) {
    const path = join(folder, entry.name);
    if (entry.isFile() && OUR_FILES.test(entry.name)) ours.push(path);
    else if (entry.isDirectory() && OUR_FOLDERS.test(entry.name)) ours.push(path);
    else if (entry.isDirectory() && LIVE_FOLDER.test(entry.name)) sortWorkspace(path);
    else if (entry.isDirectory() && entry.name === 'workspaces') sortWorkspaces(path);
    else strangers.push(path);
  }
  return { ours, strangers };

  function sortWorkspaces(path: string): void {
    const before = strangers.length;
    for (const entry of entriesOf(path)) {
      const workspace = join(path, entry.name);
      if (!entry.isDirectory() || !WORKSPACE_FOLDER.test(entry.name)) strangers.push(workspace);
      else strangers.push(...strangersIn(workspace));
    }
    if (strangers.length === before) ours.push(path);
  }

  function sortWorkspace(path: string): void {
    const inside = strangersIn(path);
    if (inside.length === 0) ours.push(path);
    strangers.push(...inside);
  }
}

function strangersIn(workspace: string): string[] {
  return entriesOf(workspace)
    .filter((entry) => !entry.isDirectory() || !WORKSPACE_CONTENT.test(entry.name))
    .map((entry) => join(workspace, entry.name));
}

function entriesOf(folder: string): Dirent[] {
  return existsSync(folder)
    ? readdirSync(folder, { withFileTypes: true }).sort((left, right) => (left.name < right.name ? -1 : 1))
    : [];
}
