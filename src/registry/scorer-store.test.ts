import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createScorerStore, type ScorerStore } from './scorer-store.ts';
import type { ScorerDraft } from './scorer-manifest.ts';
import { sha256Of } from './sha256.ts';

let home: string;
let folder: string;
let store: ScorerStore;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'bellwether-scorers-'));
  folder = join(home, 'scorers');
  store = createScorerStore(folder);
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const hashOf = (text: string) => sha256Of(Buffer.from(text));

interface DraftFacts {
  family?: string;
  recipe?: string;
  contents?: Record<string, string>;
}

function makeDraft({ family = 'linear', recipe = 'one', contents }: DraftFacts = {}): ScorerDraft {
  const files = contents ?? { 'weights.safetensors': 'abc', 'words.json': '{"up":1}' };
  return {
    manifest: {
      family,
      recipe: hashOf(recipe),
      parameters: { penalty: 0.5 },
      seed: 1,
      parent: null,
      trainedAt: '2022-01-31T12:00:00Z',
      data: [{ file: 'rated.jsonl', rows: 3, sha256: hashOf('rows') }],
      metrics: { accuracy: 0.5, ece: null },
    },
    contents: new Map(Object.entries(files).map(([name, text]) => [name, Buffer.from(text)])),
  };
}

describe('a saved version of a scorer', () => {
  it('lies in <family>/<version> as it was given, with the hash of every file in its manifest', async () => {
    const { manifest, manifestHash, files } = await store.save(makeDraft());
    expect(manifest).toMatchObject({ format: 1, kind: 'scorer', family: 'linear', version: '1.0.0' });
    // The SHA-256 of "abc" is a test vector of FIPS 180-2, appendix B.1.
    expect(manifest.files).toContainEqual({
      path: 'weights.safetensors',
      sha256: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
      bytes: 3,
    });
    expect(files.names).toEqual(['weights.safetensors', 'words.json']);
    const written = readFileSync(join(folder, 'linear', '1.0.0', 'manifest.json'));
    expect(manifestHash).toBe(sha256Of(written));
    expect(JSON.parse(written.toString())).toEqual(manifest);
  });

  it('is read back byte for byte, whatever the bytes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
        const draft = { ...makeDraft(), contents: new Map([['weights.onnx', bytes]]) };
        const { manifest } = await store.save(draft);
        const { files } = await store.open('linear', manifest.version);
        const read = await files.read('weights.onnx');
        expect(Buffer.from(read).equals(Buffer.from(bytes))).toBe(true);
        expect(readFileSync(await files.locate('weights.onnx')).equals(Buffer.from(bytes))).toBe(true);
      }),
      { seed: 1, numRuns: 15 },
    );
  });

  it('gets the next patch for the same recipe, the next minor for another', async () => {
    const numbers: string[] = [];
    for (const recipe of ['one', 'one', 'two', 'two', 'one']) {
      numbers.push((await store.save(makeDraft({ recipe }))).manifest.version);
    }
    expect(numbers).toEqual(['1.0.0', '1.0.1', '1.1.0', '1.1.1', '1.2.0']);
  });

  it('comes after the number of what is built in, and families do not count each other', async () => {
    const saved = await store.save(makeDraft({ family: 'vader' }), { known: ['1.0.0'] });
    expect(saved.manifest.version).toBe('1.1.0');
    expect((await store.save(makeDraft({ family: 'vader' }), { known: ['1.0.0'] })).manifest.version).toBe(
      '1.1.1',
    );
    expect((await store.save(makeDraft())).manifest.version).toBe('1.0.0');
  });

  it('is refused where its manifest would not be one', async () => {
    await expect(store.save(makeDraft({ family: '../vader' }))).rejects.toThrow('is the name of a family');
    await expect(store.save(makeDraft({ contents: {} }))).rejects.toThrow();
    expect(existsSync(folder)).toBe(false);
  });

  it('says so when the folder cannot be written', async () => {
    mkdirSync(folder);
    writeFileSync(join(folder, 'linear'), 'a file where the folder should be');
    await expect(store.save(makeDraft())).rejects.toMatchObject({ code: 'REGISTRY_WRITE_FAILED' });
  });
});

describe('what lies in the store', () => {
  const pathOf = (file: string) => join(folder, 'linear', '1.0.0', file);

  it('is listed by family, the newest of each last, however many digits a number has', async () => {
    expect(await store.list()).toEqual([]);
    for (let turn = 0; turn < 11; turn += 1) await store.save(makeDraft());
    await store.save(makeDraft({ family: 'finbert' }));
    mkdirSync(join(folder, 'linear', '.draft'));
    const listed = (await store.list()).map(({ family, version }) => `${family}@${version}`);
    expect(listed[0]).toBe('finbert@1.0.0');
    expect(listed.at(-1)).toBe('linear@1.0.10');
    expect(listed).toHaveLength(12);
  });

  it.each([
    ['a changed byte', () => writeFileSync(pathOf('words.json'), '{"up":2}'), /words\.json/],
    ['a missing file', () => rmSync(pathOf('words.json')), /words\.json/],
    ['a file too many', () => writeFileSync(pathOf('notes.txt'), 'mine'), /notes\.txt/],
    ['a folder too many', () => mkdirSync(pathOf('more')), /more/],
    ['no manifest', () => rmSync(pathOf('manifest.json')), /manifest\.json/],
    [
      'a manifest that is none',
      () => writeFileSync(pathOf('manifest.json'), '{}'),
      /no manifest of a scorer/,
    ],
    [
      'the manifest of another',
      () => {
        const own = readFileSync(pathOf('manifest.json'), 'utf8');
        writeFileSync(pathOf('manifest.json'), own.replace('"1.0.0"', '"1.0.7"'));
      },
      /that of linear@1\.0\.7/,
    ],
  ])('is listed with its problem where there is %s', async (_, spoil, problem) => {
    await store.save(makeDraft());
    expect((await store.list())[0]?.problem).toBe(null);
    spoil();
    const [listed] = await store.list();
    expect(listed).toMatchObject({ family: 'linear', version: '1.0.0' });
    expect(listed?.problem).toMatch(problem);
    expect(listed?.problem).toContain('linear@1.0.0');
  });

  it('may hold what an engine prepared from the weights', async () => {
    await store.save(makeDraft());
    mkdirSync(pathOf('prepared'));
    writeFileSync(join(pathOf('prepared'), 'int8.onnx'), 'x');
    expect((await store.list())[0]?.problem).toBe(null);
  });

  it('is not handed out where a byte changed or a file is gone', async () => {
    const { files } = await store.save(makeDraft());
    writeFileSync(pathOf('words.json'), '{"up":2}');
    for (const hand of [files.read, files.locate]) {
      await expect(hand('words.json')).rejects.toMatchObject({
        code: 'REGISTRY_ARTIFACT_CHANGED',
        message: expect.stringContaining('words.json') as string,
      });
    }
    rmSync(pathOf('words.json'));
    await expect(files.read('words.json')).rejects.toMatchObject({ code: 'REGISTRY_ARTIFACT_MISSING' });
    await expect(files.read('../../else.json')).rejects.toThrow(RangeError);
    expect(Buffer.from(await files.read('weights.safetensors')).toString()).toBe('abc');
  });

  it('is opened by what it is called and nothing else, naming what there is', async () => {
    await store.save(makeDraft());
    for (const [family, version] of [
      ['linear', '1.0.1'],
      ['linear', '../linear/1.0.0'],
      ['..', '1.0.0'],
    ] as const) {
      await expect(store.open(family, version)).rejects.toMatchObject({
        code: 'REGISTRY_MODEL_NOT_FOUND',
        message: expect.stringContaining('linear@1.0.0') as string,
      });
    }
  });
});
