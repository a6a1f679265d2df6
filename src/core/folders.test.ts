import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { makeFolder } from './folders.ts';

const root = mkdtempSync(join(tmpdir(), 'bellwether-folders-'));
afterAll(() => {
  rmSync(root, { recursive: true });
});

describe('making a folder', () => {
  it('makes all that is missing above it, however deep, and may be asked again', () => {
    const names = fc.array(fc.stringMatching(/^[a-z]{1,8}$/), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(names, (steps) => {
        const folder = join(root, ...steps);
        makeFolder(folder);
        makeFolder(folder);
        expect(statSync(folder).isDirectory()).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  it('refuses to go through a file', () => {
    const file = join(root, 'a-file');
    writeFileSync(file, '');
    expect(() => makeFolder(file)).toThrow(/is no folder/);
    expect(() => makeFolder(join(file, 'below'))).toThrow(/is no folder/);
  });

  it.skipIf(!existsSync('/proc/self'))('ends with an error where the system refuses every step', () => {
    expect(() => makeFolder('/proc/bellwether/data')).toThrow(/ENOENT|EACCES|EPERM|EROFS/);
  });
});
