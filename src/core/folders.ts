import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { messageOf } from './errors.ts';
import { dataFolderUnusable } from './storage-errors.ts';

/**
 * Makes a folder with all that is missing above it. Step by step: Node's own recursive way never ends where the system
 * says that a folder's parent is not there although it is, as /proc does.
 * @throws AppError `DATA_FOLDER_UNUSABLE` when a step is refused, or when something else stands in the way
 */
export function makeFolder(folder: string): void {
  try {
    makeSteps(folder);
  } catch (error) {
    throw dataFolderUnusable(folder, error);
  }
}

/**
 * For those who only look: a data folder that is there and may not be read must not pass for one that is not there.
 * The database inside has rights of its own, for it belongs to whoever runs the server.
 * @throws AppError `DATA_FOLDER_UNUSABLE`
 */
export function requireReadable(dataDir: string): void {
  // The dot asks for the right to enter, not only for the right to list.
  for (const place of [`${dataDir}/.`, `${dataDir}/postgres/.`]) {
    try {
      readdirSync(place);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
      throw dataFolderUnusable(
        dataDir,
        new Error(`it cannot be read (${messageOf(error)})`, { cause: error }),
      );
    }
  }
}

function makeSteps(folder: string): void {
  const missing: string[] = [];
  let place = resolve(folder);
  while (!existsSync(place)) {
    missing.push(place);
    place = dirname(place);
  }
  if (!statSync(place).isDirectory()) throw new Error(`${place} is no folder`);
  for (const step of missing.reverse()) makeStep(step);
}

/** Another process may have made it in the same moment. */
function makeStep(step: string): void {
  try {
    mkdirSync(step);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
