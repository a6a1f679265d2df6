import {
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isFileError, requireOutFile, writeWhole } from './out-file.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bellwether-out-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const put = (text: string) => async (draft: string) => {
  writeFileSync(draft, text);
  return text.length;
};

describe('a result file', () => {
  it('is there whole, with nothing beside it, whatever was there before', async () => {
    const path = join(folder, 'out');
    const property = fc.asyncProperty(fc.string(), async (text) => {
      expect(await writeWhole(path, put(text))).toBe(text.length);
      expect(readFileSync(path, 'utf8')).toBe(Buffer.from(text).toString('utf8'));
      expect(readdirSync(folder)).toEqual(['out']);
    });
    await fc.assert(property, { numRuns: 20, seed: 2 });
  });

  it('keeps its old content when the writing fails, and passes the failure on', async () => {
    const path = join(folder, 'out');
    writeFileSync(path, 'old');
    const failure = new RangeError('half way');
    const attempt = writeWhole(path, async (draft) => {
      writeFileSync(draft, 'ne');
      throw failure;
    });
    await expect(attempt).rejects.toBe(failure);
    expect(readFileSync(path, 'utf8')).toBe('old');
    expect(readdirSync(folder)).toEqual(['out']);
  });

  it('is written through a link, which stays one', async () => {
    symlinkSync(join(folder, 'target'), join(folder, 'link'));
    writeFileSync(join(folder, 'target'), 'old');
    await writeWhole(join(folder, 'link'), put('new'));
    expect(lstatSync(join(folder, 'link')).isSymbolicLink()).toBe(true);
    expect(readFileSync(join(folder, 'target'), 'utf8')).toBe('new');
  });

  it('is found writable without leaving a trace', async () => {
    await requireOutFile(join(folder, 'out'));
    expect(readdirSync(folder)).toEqual([]);
  });

  it('is refused where a folder, a device or a file is in the way', async () => {
    writeFileSync(join(folder, 'file'), '');
    for (const path of [folder, '/dev/null', join(folder, 'file', 'below'), join(folder, 'no', 'out')]) {
      await expect(requireOutFile(path)).rejects.toMatchObject({ code: 'OUT_FILE_UNWRITABLE' });
      await expect(writeWhole(path, put('x'))).rejects.toMatchObject({ code: 'OUT_FILE_UNWRITABLE' });
    }
    expect(existsSync('/dev/null')).toBe(true);
  });
});

describe('a refusal of a file', () => {
  it('is told from a connection that broke', () => {
    const full = Object.assign(new Error('full'), { code: 'ENOSPC', syscall: 'write' });
    const broken = Object.assign(new Error('broken'), { code: 'ECONNRESET', syscall: 'read' });
    expect([full, broken, new Error('bug'), undefined].map(isFileError)).toEqual([true, false, false, false]);
  });
});
