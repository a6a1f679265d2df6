import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { appendToScorerLedger, readScorerLedger } from './scorer-ledger.ts';
import { sha256Of } from './sha256.ts';

let home: string;
let folder: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'bellwether-ledger-'));
  folder = join(home, 'scorers');
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const path = () => join(folder, 'deployments.jsonl');
const entryOf = (version: string) => ({
  at: '2022-01-31T12:00:00Z',
  family: 'linear',
  version,
  manifestHash: sha256Of(Buffer.from(version)),
  actor: 'operator',
});
const append = (version: string) => appendToScorerLedger(folder, entryOf(version));
const versions = async () => (await readScorerLedger(folder)).map(({ version }) => version);

describe('the ledger of scorers', () => {
  it('is empty before anything was deployed', async () => {
    expect(await readScorerLedger(folder)).toEqual([]);
  });

  it('takes entries of many who write at once, one after the other', async () => {
    const wanted = Array.from({ length: 12 }, (_, place) => `1.0.${place}`);
    await Promise.all(wanted.map(append));
    expect((await versions()).toSorted()).toEqual(wanted.toSorted());
  });

  it('keeps entries in their order, each with the hash of the line before', async () => {
    for (const version of ['1.0.0', '1.0.1', '1.0.0']) await append(version);
    const entries = await readScorerLedger(folder);
    const lines = readFileSync(path(), 'utf8').trimEnd().split('\n');
    expect(entries).toEqual([
      { ...entryOf('1.0.0'), previous: null },
      { ...entryOf('1.0.1'), previous: sha256Of(Buffer.from(lines[0]!)) },
      { ...entryOf('1.0.0'), previous: sha256Of(Buffer.from(lines[1]!)) },
    ]);
  });

  it('drops at any byte what an interrupted append left, and goes on after it', async () => {
    await append('1.0.0');
    const first = readFileSync(path(), 'utf8');
    await append('1.0.1');
    const second = readFileSync(path(), 'utf8').slice(first.length);
    for (const length of [1, 20, second.length - 1]) {
      writeFileSync(path(), first + second.slice(0, length));
      expect(await versions()).toEqual(['1.0.0']);
      await append('1.0.2');
      expect(await versions()).toEqual(['1.0.0', '1.0.2']);
    }
  });

  it.each([
    ['an entry was changed', (text: string) => text.replace('"1.0.0"', '"1.0.9"'), 'line 2'],
    ['an entry was taken out', (text: string) => text.split('\n').slice(1).join('\n'), 'line 1'],
    [
      'entries changed places',
      (text: string) => text.split('\n').slice(0, 2).reverse().join('\n') + '\n',
      'line 1',
    ],
    ['a line is no entry', (text: string) => `${text}{"family":"linear"}\n`, 'line 4'],
    ['a line is no JSON', (text: string) => `${text}deploy linear\n`, 'line 4'],
  ])('is refused where %s, which is named', async (_, change, line) => {
    for (const version of ['1.0.0', '1.0.1', '1.0.2']) await append(version);
    writeFileSync(path(), change(readFileSync(path(), 'utf8')));
    const refusal = {
      code: 'REGISTRY_VERSION_INVALID',
      message: expect.stringContaining(`${line} of ${path()}`) as string,
    };
    await expect(readScorerLedger(folder)).rejects.toMatchObject(refusal);
    const before = readFileSync(path(), 'utf8');
    await expect(append('1.0.3')).rejects.toMatchObject(refusal);
    expect(readFileSync(path(), 'utf8')).toBe(before);
  });

  it('says so when it cannot be written', async () => {
    writeFileSync(folder, 'a file where the folder should be');
    await expect(append('1.0.0')).rejects.toMatchObject({ code: 'REGISTRY_WRITE_FAILED' });
  });
});
