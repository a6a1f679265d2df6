import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { readJsonFile, writeJsonFile } from './json-file.ts';
import { isSameProcess, startTokenOf } from './processes.ts';

const lockSchema = z.object({
  /** Of the server; null when it was stopped in order. */
  pid: z.number().int().nullable(),
  port: z.number().int().nullable(),
  password: z.string().min(1),
  /** The folder of the database itself, which is not always inside the data folder. */
  folder: z.string().min(1),
});

/** What `postgres.lock` says about the built-in server of a data folder. */
export type PostgresLock = z.infer<typeof lockSchema>;

const userSchema = z.object({ pid: z.number().int(), startToken: z.string().nullable() });

/** @returns null when there is no lock, or none that can be understood */
export function readPostgresLock(dataDir: string): PostgresLock | null {
  return readJsonFile(lockPath(dataDir), lockSchema);
}

/** Written whole or not at all, readable by its owner alone: it holds the password. */
export function writePostgresLock(dataDir: string, lock: PostgresLock): void {
  writeJsonFile(lockPath(dataDir), lock);
}

/** Puts this process on the list of those that use the server. @returns the name to sign out with */
export function signIn(dataDir: string): string {
  mkdirSync(usersPath(dataDir), { recursive: true });
  const taken = new Set(readdirSync(usersPath(dataDir)));
  let turn = 1;
  while (taken.has(`${process.pid}-${turn}`)) turn += 1;
  const name = `${process.pid}-${turn}`;
  writeJsonFile(join(usersPath(dataDir), name), { pid: process.pid, startToken: startTokenOf(process.pid) });
  return name;
}

/** Takes a name off the list. @returns how many living users are left */
export function signOut(dataDir: string, name: string): number {
  rmSync(join(usersPath(dataDir), name), { force: true });
  return countUsers(dataDir);
}

/** How many living users are on the list; the dead are struck off. */
export function countUsers(dataDir: string): number {
  if (!existsSync(usersPath(dataDir))) return 0;
  let living = 0;
  for (const name of readdirSync(usersPath(dataDir))) {
    const path = join(usersPath(dataDir), name);
    const user = readJsonFile(path, userSchema);
    if (user !== null && isSameProcess(user.pid, user.startToken)) living += 1;
    else rmSync(path, { force: true });
  }
  return living;
}

function lockPath(dataDir: string): string {
  return join(dataDir, 'postgres.lock');
}

function usersPath(dataDir: string): string {
  return join(dataDir, 'postgres.users');
}
