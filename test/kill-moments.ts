import { once } from 'node:events';
import { readdirSync, watch } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'vitest';
import type { Workspace } from '../src/core/index.ts';
import type { RunningProgram } from './program.ts';

const LOOK_EVERY_MS = 5;
/** What a file operation under way takes to end, and more. */
const SETTLE_MS = 3;

/** A table that a test keeps a program from, so that it stands still at a known statement. */
export interface HeldTable {
  /**
   * Waits until somebody waits for the table.
   * @returns the statement that cannot go on
   */
  waitingStatement(program: RunningProgram): Promise<string>;
  /** Lets whoever waits go on. Safe to call twice. */
  release(): Promise<void>;
}

/**
 * Takes a table's lock.
 * @param hold.against - `writers`: it can be read, not written; `everybody`: neither
 */
export async function holdTable(
  { pool }: Pick<Workspace, 'pool'>,
  hold: { table: string; against: 'writers' | 'everybody' },
): Promise<HeldTable> {
  const client = await pool.connect();
  await client.query('BEGIN');
  const mode = hold.against === 'writers' ? 'SHARE' : 'ACCESS EXCLUSIVE';
  await client.query(`LOCK TABLE ${hold.table} IN ${mode} MODE`);
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  let isHeld = true;
  return {
    async waitingStatement(program) {
      const hasEnded = endOf(program);
      for (;;) {
        const waiting = await pool.query<{ query: string }>(
          'SELECT query FROM pg_stat_activity WHERE $1 = ANY (pg_blocking_pids(pid))',
          [rows[0]?.pid],
        );
        if (waiting.rows[0] !== undefined) return waiting.rows[0].query.trim();
        if (hasEnded()) throw new Error(`it never came to ${hold.table}: ${program.said()}`);
        await pause(LOOK_EVERY_MS);
      }
    },
    async release() {
      if (!isHeld) return;
      isHeld = false;
      await client.query('ROLLBACK');
      client.release();
    },
  };
}

/**
 * kill -9 for a program that waits for a held table, which is let go afterwards.
 * @param moment.statement - what it is to wait with
 * @param moment.thenMs - it is let go first, and killed so much later
 */
export async function killWhereHeld(
  program: RunningProgram,
  held: HeldTable,
  { statement, thenMs }: { statement: RegExp; thenMs?: number },
): Promise<void> {
  try {
    expect(await held.waitingStatement(program)).toMatch(statement);
    if (thenMs !== undefined) {
      await held.release();
      await pause(thenMs);
    }
    await kill(program);
  } finally {
    await held.release();
  }
}

/**
 * kill -9 for a program that writes a version, before the folder has its name. It is stopped at first sight of a draft,
 * and goes on when it was quicker than that.
 * @param familyDir - where the draft will be
 * @returns false when it ended without
 */
export async function killAtDraft(program: RunningProgram, familyDir: string): Promise<boolean> {
  const hasDraft = () => readdirSync(familyDir).some((name) => name.includes('.draft-'));
  const watcher = watch(familyDir, (_, name) => {
    if (name?.includes('.draft-') === true) program.send('SIGSTOP');
  });
  const hasEnded = endOf(program);
  try {
    while (!hasEnded()) {
      await once(watcher, 'change', { signal: AbortSignal.timeout(LOOK_EVERY_MS) }).catch(() => {});
      await pause(SETTLE_MS);
      if (hasDraft()) {
        await kill(program);
        return true;
      }
      program.send('SIGCONT');
    }
    return false;
  } finally {
    watcher.close();
  }
}

/** kill -9. */
export async function kill(program: RunningProgram): Promise<void> {
  program.send('SIGKILL');
  expect((await program.ended).signal, program.said()).toBe('SIGKILL');
}

function endOf(program: RunningProgram): () => boolean {
  let hasEnded = false;
  void program.ended.then(() => (hasEnded = true));
  return () => hasEnded;
}
