import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  checkBinaries,
  checkDisk,
  checkEnvironment,
  checkFolder,
  checkMemory,
  checkNode,
} from './machine-checks.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'bellwether-machine-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the check of Node', () => {
  const pinned = '/srv/bellwether/node_modules/node/bin/node';

  it("is content with the project's own", () => {
    expect(checkNode('24.21.0', pinned)).toMatchObject({ status: 'ok' });
  });

  it('warns of another that would do, and fails for one that is too old', () => {
    expect(checkNode('24.1.0', '/usr/bin/node')).toMatchObject({ status: 'warn' });
    expect(checkNode('22.18.0', '/usr/bin/node').status).toBe('warn');
    expect(checkNode('22.17.9', pinned)).toMatchObject({ status: 'fail' });
    expect(checkNode('20.19.0', pinned).remedy).toContain('npm');
  });
});

describe('the check of the environment', () => {
  it('names what is set and warns of what looks like a typing error', () => {
    expect(checkEnvironment({ set: [], stray: [] })).toMatchObject({ status: 'ok' });
    expect(checkEnvironment({ set: ['PORT'], stray: [] }).detail).toContain('PORT');
    expect(checkEnvironment({ set: [], stray: ['BELLWETHER_PROT'] })).toMatchObject({
      status: 'warn',
      detail: "BELLWETHER_PROT is no variable of Bellwether's",
    });
  });
});

describe('the check of the data folder', () => {
  it('leaves nothing behind', () => {
    expect(checkFolder(folder).status).toBe('ok');
    expect(checkFolder(join(folder, 'not', 'yet')).status).toBe('ok');
    expect(readdirSync(folder)).toEqual([]);
  });

  it('fails where no folder can be', () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    expect(checkFolder(join(file, 'inside'))).toMatchObject({ status: 'fail' });
    rmSync(file);
  });
});

describe('the checks of disk and memory', () => {
  it('state their thresholds and never get better with less', () => {
    const grade = { ok: 0, warn: 1, fail: 2 };
    fc.assert(
      fc.property(fc.nat(20_000_000_000), fc.nat(20_000_000_000), (left, right) => {
        const [less, more] = [Math.min(left, right), Math.max(left, right)];
        expect(grade[checkDisk(less).status]).toBeGreaterThanOrEqual(grade[checkDisk(more).status]);
        const total = 32e9;
        expect(grade[checkMemory(less, total).status]).toBeGreaterThanOrEqual(
          grade[checkMemory(more, total).status],
        );
      }),
      { numRuns: 50, seed: 1 },
    );
  });

  it('fail, warn and pass where they say', () => {
    expect(checkDisk(499e6)).toMatchObject({ status: 'fail' });
    expect(checkDisk(1.9e9)).toMatchObject({ status: 'warn' });
    expect(checkDisk(2e9)).toMatchObject({
      status: 'ok',
      detail: '2.0 GB free (warns below 2.0 GB, fails below 500 MB)',
    });
    expect(checkMemory(399e6, 8e9).status).toBe('fail');
    expect(checkMemory(1.1e9, 8e9).status).toBe('warn');
    expect(checkMemory(1.2e9, 8e9).status).toBe('ok');
  });
});

describe('the check of the built-in Postgres', () => {
  it('runs it and names its version', () => {
    expect(checkBinaries(true)).toMatchObject({
      status: 'ok',
      detail: expect.stringContaining('PostgreSQL') as string,
    });
  });

  it('is left out where another server is named', () => {
    expect(checkBinaries(false).detail).toContain('not needed');
  });
});
