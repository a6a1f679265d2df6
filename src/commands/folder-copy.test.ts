import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { copyFile, copyStill, hashFile } from './folder-copy.ts';

let from: string;
let to: string;
beforeEach(() => {
  from = mkdtempSync(join(tmpdir(), 'bellwether-copy-'));
  to = `${from}-copy`;
});
afterEach(() => {
  for (const folder of [from, to]) rmSync(folder, { recursive: true, force: true });
});

const everything = { skip: () => false, firstPauseMs: 1 };

function put(path: string, content: string | Uint8Array): void {
  mkdirSync(dirname(join(from, path)), { recursive: true });
  writeFileSync(join(from, path), content);
}

describe('copying a folder', () => {
  it('gives each file with size and SHA-256 of what was copied, without what is skipped', async () => {
    put('b/deep/file', 'abc');
    put('a', '');
    put('.pending/work/part', 'half');
    symlinkSync('/etc/hostname', join(from, 'link'));
    const told: string[] = [];
    const copied = await copyStill(from, to, {
      skip: (path) => path === '.pending',
      onFile: (done, total) => told.push(`${done}/${total}`),
    });
    expect(copied).toEqual([
      { path: 'a', bytes: 0, sha256: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855' },
      // FIPS 180-2, appendix B.1
      {
        path: 'b/deep/file',
        bytes: 3,
        sha256: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
      },
    ]);
    expect(readFileSync(join(to, 'b', 'deep', 'file'), 'utf8')).toBe('abc');
    expect(told).toEqual(['1/2', '2/2']);
  });

  it('is of one moment: a file that grew meanwhile is copied again', async () => {
    put('manifest', 'one\n');
    put('z', 'last');
    let isFirst = true;
    const copied = await copyStill(from, to, {
      ...everything,
      onFile(done) {
        if (done === 1 && isFirst) appendFileSync(join(from, 'manifest'), 'two\n');
        isFirst = false;
      },
    });
    expect(copied?.map(({ bytes }) => bytes)).toEqual([8, 4]);
    expect(readFileSync(join(to, 'manifest'), 'utf8')).toBe('one\ntwo\n');
  });

  it('copies again what was gone when its turn came', async () => {
    put('a', '1');
    put('b', '2');
    const copied = await copyStill(from, to, {
      ...everything,
      onFile() {
        rmSync(join(from, 'b'), { force: true });
      },
    });
    expect(copied?.map(({ path }) => path)).toEqual(['a']);
  });

  it('gives up, and leaves nothing, when the folder never holds still', async () => {
    put('busy', '');
    const onFile = () => {
      appendFileSync(join(from, 'busy'), 'x');
    };
    expect(await copyStill(from, to, { ...everything, onFile })).toBeNull();
    expect(() => readFileSync(join(to, 'busy'))).toThrow('ENOENT');
  });

  it('finds nothing in a folder that is not there', async () => {
    expect(await copyStill(join(from, 'nowhere'), to, everything)).toEqual([]);
  });
});

describe('copying a file', () => {
  it('copies any bytes and hashes what arrived', async () => {
    const property = fc.asyncProperty(fc.uint8Array({ maxLength: 5_000 }), async (bytes) => {
      put('any', bytes);
      const target = join(to, 'folder', 'any');
      expect(await copyFile(join(from, 'any'), target)).toEqual({
        bytes: bytes.length,
        sha256: await hashFile(target),
      });
      expect(readFileSync(target).equals(bytes)).toBe(true);
    });
    await fc.assert(property, { numRuns: 20, seed: 1 });
  });

  it('refuses where a file stands in the place of a folder', async () => {
    put('file', 'x');
    await expect(copyFile(join(from, 'file'), join(from, 'file', 'below'))).rejects.toThrow();
  });
});
