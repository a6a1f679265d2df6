import { describe, expect, it } from 'vitest';
import { explainFailure } from './postgres-failures.ts';

describe('explainFailure', () => {
  it.each([
    ['FATAL:  could not write to file "pg_wal/xlogtemp.9": No space left on device', 'the disk is full'],
    ['initdb: error: could not create directory "/x/postgres": Read-only file system', 'read-only'],
    ['FATAL:  data directory "/x/postgres" has wrong ownership', 'another user'],
    ['DETAIL:  The data directory was initialized by PostgreSQL version 17', 'another version'],
    ['PANIC:  could not locate a valid checkpoint record at 0/1', 'damaged'],
    ['FATAL:  could not map anonymous shared memory: Cannot allocate memory', 'no memory'],
    ['initdb: error while loading shared libraries: libicuuc.so.60', 'library'],
  ])('reads from "%s" that the cause is: %s', (line, cause) => {
    const why = explainFailure(`LOG:  starting\n${line}\n`, 'unknown');
    expect(why.reason).toContain(cause);
    expect(why.remedy.length).toBeGreaterThan(20);
    expect(why.mayPass).toBe(false);
  });

  it('knows what another attempt may cure', () => {
    expect(
      explainFailure('LOG:  could not bind IPv4 address "127.0.0.1": Address already in use', '').mayPass,
    ).toBe(true);
    expect(
      explainFailure('FATAL:  pre-existing shared memory block (key 1, ID 2) is still in use', '').mayPass,
    ).toBe(true);
  });

  it('says what it was told when the lines mean nothing to it', () => {
    expect(explainFailure('???', 'it ended with code 1').reason).toBe('it ended with code 1');
  });
});
