import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bytesUnder, describeBytes, describeCount } from './sizes.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'bellwether-sizes-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the bytes under a path', () => {
  it('are those of all files below it, each link counted as itself', async () => {
    mkdirSync(join(folder, 'a', 'b'), { recursive: true });
    writeFileSync(join(folder, 'one'), 'x'.repeat(100));
    writeFileSync(join(folder, 'a', 'b', 'two'), 'x'.repeat(23));
    expect(await bytesUnder(folder)).toBe(123);
    expect(await bytesUnder(join(folder, 'one'))).toBe(100);
    symlinkSync('/', join(folder, 'everything'));
    expect(await bytesUnder(folder)).toBe(124);
  });

  it('are none where nothing is', async () => {
    expect(await bytesUnder(join(folder, 'nowhere'))).toBe(0);
  });
});

describe('numbers for people', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1_000, '1.0 kB'],
    [12_345_678, '12.3 MB'],
    [99_940_000, '99.9 MB'],
    [123_456_789, '123 MB'],
    [999_999_999, '1.0 GB'],
    [5e15, '5000 TB'],
  ])('%i bytes are %s', (bytes, text) => {
    expect(describeBytes(bytes)).toBe(text);
  });

  it('counts have commas between thousands', () => {
    expect(describeCount(122_640)).toBe('122,640');
  });
});
