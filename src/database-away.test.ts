import pg from 'pg';
import { inject } from 'vitest';
import { describe, expect, it } from 'vitest';
import { databaseAway, isConnectionLost } from './database-away.ts';

describe('isConnectionLost', () => {
  it('sees a server that nobody answers for', async () => {
    const pool = new pg.Pool({ connectionString: 'postgres://127.0.0.1:9/away' });
    const error: unknown = await pool.query('SELECT 1').catch((reason: unknown) => reason);
    await pool.end();
    expect(isConnectionLost(error)).toBe(true);
  });

  it('sees a pool that was ended, and a connection that was ended by the server', async () => {
    const pool = new pg.Pool({ connectionString: inject('databaseUrl') });
    pool.on('error', () => {});
    pool.on('connect', (client) => client.on('error', () => {}));
    const suicide: unknown = await pool
      .query('SELECT pg_terminate_backend(pg_backend_pid())')
      .catch((reason: unknown) => reason);
    await pool.end();
    const late: unknown = await pool.query('SELECT 1').catch((reason: unknown) => reason);
    expect(isConnectionLost(suicide)).toBe(true);
    expect(isConnectionLost(late)).toBe(true);
  });

  it.each([
    ['a statement that Postgres refuses', Object.assign(new Error('syntax error'), { code: '42601' })],
    ['a full disk', Object.assign(new Error('no space left'), { code: '53100' })],
    ['a file that is missing', Object.assign(new Error('no such file'), { code: 'ENOENT', syscall: 'open' })],
    ['nothing at all', undefined],
  ])('takes %s for what it is', (_, error) => {
    expect(isConnectionLost(error)).toBe(false);
  });

  it('takes a missing socket for a missing server', () => {
    const error = Object.assign(new Error('no such file'), { code: 'ENOENT', syscall: 'connect' });
    expect(isConnectionLost(error)).toBe(true);
  });
});

describe('databaseAway', () => {
  it('may be tried again and says why', () => {
    const error = databaseAway(new Error('connect ECONNREFUSED'));
    expect(error).toMatchObject({ code: 'DATABASE_AWAY', status: 503, retryable: true });
    expect(error.message).toContain('connect ECONNREFUSED');
  });
});
