import { existsSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { withExclusiveLock } from './exclusive.ts';
import { makeFolder } from './folders.ts';
import { readJsonFile, writeJsonFile } from './json-file.ts';
import { isSameProcess, startTokenOf } from './processes.ts';
import { startAlreadyRunning } from './storage-errors.ts';
import type { EpochMs } from './time.ts';

const lockSchema = z.looseObject({
  pid: z.number().int(),
  startToken: z.string().nullable(),
  port: z.number().int().nullable(),
  startedAt: z.number(),
});

/** What a running `start` says about itself; anything else that others should know may stand beside it. */
export interface ProcessFacts {
  /** Of its API; null until it listens. */
  port: number | null;
  startedAt: EpochMs;
  [more: string]: unknown;
}

/** A lock that this process holds. */
export interface ProcessLock {
  /** Replaces some of the facts. */
  update(changes: Partial<ProcessFacts>): Promise<void>;
  /** Safe to call twice. */
  release(): Promise<void>;
}

/**
 * Takes a lock that one living process can hold. One whose holder was killed is taken over.
 * @param path - of its JSON file; the folder is made when missing
 * @throws AppError `START_ALREADY_RUNNING` naming the holder's pid and port, `DATA_FOLDER_UNUSABLE`
 */
export async function acquireProcessLock(path: string, facts: ProcessFacts): Promise<ProcessLock> {
  const self = { pid: process.pid, startToken: startTokenOf(process.pid) };
  let present: ProcessFacts = facts;
  let isHeld = true;
  await guarded(path, () => {
    const holder = readProcessLock(path);
    if (holder !== null) throw startAlreadyRunning(holder.pid, holder.port);
    writeJsonFile(path, { ...present, ...self });
  });
  return {
    async update(changes) {
      present = { ...present, ...changes };
      await guarded(path, () => {
        if (isHeld) writeJsonFile(path, { ...present, ...self });
      });
    },
    async release() {
      if (!isHeld) return;
      isHeld = false;
      if (!existsSync(path)) return;
      await guarded(path, () => {
        if (readProcessLock(path)?.pid === self.pid) rmSync(path, { force: true });
      });
    },
  };
}

/** @returns the facts of the living process that holds the lock, null when none does */
export function readProcessLock(path: string): (ProcessFacts & { pid: number }) | null {
  const lock = readJsonFile(path, lockSchema);
  return lock !== null && isSameProcess(lock.pid, lock.startToken) ? lock : null;
}

async function guarded(path: string, work: () => void): Promise<void> {
  makeFolder(dirname(path));
  await withExclusiveLock(`${path}.guard`, async () => work());
}
