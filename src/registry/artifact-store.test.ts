import fc from 'fast-check';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeDraft } from '../../test/version-draft.ts';
import { createArtifactStore, type ArtifactStore } from './artifact-store.ts';

let home: string;
let registryDir: string;
let store: ArtifactStore;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'bellwether-registry-'));
  registryDir = join(home, 'registry');
  store = createArtifactStore(registryDir);
});
afterEach(() => {
  rmSync(home, { recursive: true, force: true });
});

const LAZY = { durable: false };
const inRegistry = (...parts: string[]) => join(registryDir, ...parts);
/** A process id that no Linux gives. */
const DEAD = 2 ** 22 + 7;

describe('a saved version', () => {
  it('lies in <family>/<version> with its files as they were given and a manifest of their hashes', async () => {
    const draft = makeDraft();
    const { manifest, manifestHash } = await store.save(draft, { durable: true });
    const folder = inRegistry('trees', '1.0.0');
    expect(readdirSync(folder).sort()).toEqual([...draft.contents.keys(), 'manifest.json'].sort());
    for (const { path, sha256, bytes } of manifest.files) {
      const text = readFileSync(join(folder, path), 'utf8');
      expect(text).toBe(draft.contents.get(path));
      expect(bytes).toBe(text.length);
      expect(sha256).toBe(createHash('sha256').update(text).digest('hex'));
    }
    const written = readFileSync(join(folder, 'manifest.json'));
    expect(manifestHash).toBe(createHash('sha256').update(written).digest('hex'));
    expect(JSON.parse(written.toString())).toEqual(manifest);
    expect(readdirSync(inRegistry('trees'))).toEqual(['1.0.0']);
  });

  it('has hashes of the SHA-256 that the standard names', async () => {
    const draft = makeDraft({ arms: ['trees+none'], horizonsMinutes: [60] });
    const contents = new Map([...draft.contents.keys()].map((path) => [path, 'abc']));
    const { manifest } = await store.save({ ...draft, contents }, LAZY);
    // FIPS 180-4, the example of one block.
    const abc = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
    expect(manifest.files.map(({ sha256 }) => sha256)).toEqual([abc, abc]);
  });

  it('is the same bytes for the same draft, whatever the order of its files', async () => {
    const draft = makeDraft();
    const turned = { ...draft, contents: new Map([...draft.contents].reverse()) };
    const first = await store.save(draft, LAZY);
    const other = await createArtifactStore(join(home, 'other')).save(turned, { durable: true });
    expect(other).toEqual(first);
  });

  it('gives back every text as it was, of any characters', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: 'binary' }),
        fc.integer({ min: 0, max: 999 }),
        async (text, patch) => {
          const version = `1.1.${patch}`;
          const draft = makeDraft({ version, arms: ['trees+none'], horizonsMinutes: [60] });
          const contents = new Map([...draft.contents.keys()].map((path) => [path, text]));
          const { manifestHash } = await store.save({ ...draft, contents }, { ...LAZY, replace: true });
          const opened = await store.open('trees', version, { manifestHash });
          expect(await opened.read('trees+none-60.json')).toBe(Buffer.from(text, 'utf8').toString('utf8'));
        },
      ),
      { numRuns: 40 },
    );
  });

  it('is kept as it is when it is saved again', async () => {
    const first = await store.save(makeDraft(), LAZY);
    const before = statSync(inRegistry('trees', '1.0.0')).ino;
    expect(await store.save(makeDraft(), LAZY)).toEqual(first);
    expect(statSync(inRegistry('trees', '1.0.0')).ino).toBe(before);
  });

  it('is made whole again when it is saved again and a file of it was damaged or lost', async () => {
    const { manifestHash } = await store.save(makeDraft(), LAZY);
    rmSync(inRegistry('trees', '1.0.0', 'trees+none-60.json'));
    await store.save(makeDraft(), LAZY);
    await store.verify('trees', '1.0.0', { manifestHash });
  });

  it('gives way to another one only where the caller says that nobody knows it', async () => {
    const first = await store.save(makeDraft({ weight: 0.1 }), LAZY);
    await expect(store.save(makeDraft({ weight: 0.2 }), LAZY)).rejects.toMatchObject({
      code: 'REGISTRY_VERSION_TAKEN',
      status: 409,
    });
    await store.verify('trees', '1.0.0', first);
    const second = await store.save(makeDraft({ weight: 0.2 }), { ...LAZY, replace: true });
    expect(second.manifestHash).not.toBe(first.manifestHash);
    await store.verify('trees', '1.0.0', second);
    expect(readdirSync(inRegistry('trees'))).toEqual(['1.0.0']);
  });

  it.each(['../escape.json', 'a/b.json', '.hidden.json', 'manifest.json', 'no-ending'])(
    'has no file of the name %s',
    async (path) => {
      const draft = makeDraft();
      const contents = new Map([...draft.contents, [path, '{}']]);
      await expect(store.save({ ...draft, contents }, LAZY)).rejects.toThrow();
      expect(existsSync(registryDir)).toBe(false);
    },
  );

  it('has a file for each of its models', async () => {
    const draft = makeDraft();
    draft.manifest.models[0]!.file = 'elsewhere.json';
    await expect(store.save(draft, LAZY)).rejects.toThrow('elsewhere.json, which is none of its files');
  });
});

describe('a version that cannot be written', () => {
  it('leaves nothing behind where something stands in its way', async () => {
    mkdirSync(inRegistry('trees'), { recursive: true });
    writeFileSync(inRegistry('trees', '1.0.0'), 'a file');
    await expect(store.save(makeDraft(), LAZY)).rejects.toMatchObject({
      code: 'REGISTRY_WRITE_FAILED',
      status: 507,
      retryable: true,
      message: expect.stringContaining(inRegistry('trees', '1.0.0')) as string,
    });
    expect(readdirSync(inRegistry('trees'))).toEqual(['1.0.0']);
  });

  it.skipIf(process.getuid?.() !== 0 && process.platform === 'win32')(
    'says so of a read-only folder',
    async () => {
      mkdirSync(registryDir);
      chmodSync(home, 0o755);
      chmodSync(registryDir, 0o555);
      if (process.getuid?.() === 0) process.seteuid?.(65_534);
      const saving = store.save(makeDraft(), LAZY);
      const outcome = await saving.catch((error: unknown) => error);
      if (process.getuid?.() === 0) process.seteuid?.(0);
      expect(outcome).toMatchObject({ code: 'REGISTRY_WRITE_FAILED' });
      expect((outcome as Error).message).toContain('EACCES');
      expect(readdirSync(registryDir)).toEqual([]);
    },
  );

  it('leaves nothing behind when writing breaks off half-way', async () => {
    const draft = makeDraft({ arms: ['trees+none'], horizonsMinutes: [60] });
    const tooLong = `${'x'.repeat(300)}.json`;
    const contents = new Map([...draft.contents, [tooLong, '{}']]);
    await expect(store.save({ ...draft, contents }, LAZY)).rejects.toMatchObject({
      code: 'REGISTRY_WRITE_FAILED',
      message: expect.stringContaining('ENAMETOOLONG') as string,
    });
    expect(readdirSync(inRegistry('trees'))).toEqual([]);
  });

  it('says so where no folder can be made', async () => {
    const nowhere = createArtifactStore(join(home, 'not-there', 'registry'));
    await expect(nowhere.save(makeDraft(), LAZY)).rejects.toMatchObject({ code: 'REGISTRY_WRITE_FAILED' });
  });
});

describe('opening a version', () => {
  it('reads a model and its gate fit by arm and horizon', async () => {
    const { manifest, manifestHash } = await store.save(makeDraft({ weight: 0.8 }), LAZY);
    const opened = await store.open('trees', '1.0.0', { manifestHash });
    expect(opened.manifest).toEqual(manifest);
    expect(opened.manifestHash).toBe(manifestHash);
    const place = { arm: 'trees+vader', horizonMinutes: 1_440 };
    expect(await opened.readModel('trees+vader', 1_440)).toEqual({ family: 'trees', weight: 0.8, ...place });
    expect(await opened.readGateFit('trees+vader', 1_440)).toEqual({
      family: 'trees',
      weight: 0.4,
      ...place,
    });
  });

  it('has no gate fit where the past was too short for one', async () => {
    const draft = makeDraft({ arms: ['trees+none'], horizonsMinutes: [60] });
    draft.manifest.models[0]!.gateFile = null;
    await store.save(draft, LAZY);
    expect(await (await store.open('trees', '1.0.0')).readGateFit('trees+none', 60)).toBeNull();
    // Neither is there what measures inputs, where a version was written before there was any.
    expect(await (await store.open('trees', '1.0.0')).readDissimilarity('trees+none', 60)).toBeNull();
  });

  it('refuses an arm, a horizon or a path that it does not have', async () => {
    await store.save(makeDraft(), LAZY);
    const opened = await store.open('trees', '1.0.0');
    await expect(opened.readModel('trees+finbert', 60)).rejects.toMatchObject({
      code: 'REGISTRY_MODEL_NOT_FOUND',
      message: expect.stringContaining('trees+vader at 60 minutes') as string,
    });
    await expect(opened.readGateFit('trees+vader', 90)).rejects.toMatchObject({ status: 404 });
    await expect(opened.read('../../../etc/passwd')).rejects.toThrow(RangeError);
  });

  it('refuses a model that is no JSON', async () => {
    const draft = makeDraft({ arms: ['trees+none'], horizonsMinutes: [60] });
    const contents = new Map([...draft.contents.keys()].map((path) => [path, '{half']));
    await store.save({ ...draft, contents }, LAZY);
    const opened = await store.open('trees', '1.0.0');
    await expect(opened.readModel('trees+none', 60)).rejects.toMatchObject({
      code: 'REGISTRY_VERSION_INVALID',
      message: expect.stringContaining('trees+none-60.json is no JSON') as string,
    });
  });

  it('says which versions there are when there is no such one', async () => {
    await store.save(makeDraft(), LAZY);
    for (const [family, version] of [
      ['trees', '1.0.1'],
      ['forest', '1.0.0'],
    ] as const) {
      await expect(store.open(family, version)).rejects.toMatchObject({
        code: 'REGISTRY_MODEL_NOT_FOUND',
        status: 404,
        message: expect.stringContaining('trees@1.0.0') as string,
      });
    }
  });

  it('never leads out of the registry, whatever family and version are asked for', async () => {
    await store.save(makeDraft(), LAZY);
    cpSync(inRegistry('trees', '1.0.0'), join(home, '1.0.0'), { recursive: true });
    const names = ['..', '.', '', '../..', 'trees/../..', '/etc', 'trees\0', 'Trees', '1.0.0/..', '../1.0.0'];
    for (const name of names) {
      await expect(store.open(name, '1.0.0')).rejects.toMatchObject({ code: 'REGISTRY_MODEL_NOT_FOUND' });
      await expect(store.open('trees', name)).rejects.toMatchObject({ code: 'REGISTRY_MODEL_NOT_FOUND' });
    }
  });

  it('refuses a manifest that is missing, no manifest, or that of another version', async () => {
    const { manifestHash } = await store.save(makeDraft(), LAZY);
    const path = inRegistry('trees', '1.0.0', 'manifest.json');
    const text = readFileSync(path, 'utf8');
    writeFileSync(path, '{"format": 2}');
    await expect(store.open('trees', '1.0.0')).rejects.toMatchObject({
      code: 'REGISTRY_VERSION_INVALID',
      message: expect.stringContaining('manifest.json is no manifest') as string,
    });
    writeFileSync(path, text.replace('"version": "1.0.0"', '"version": "1.0.7"'));
    await expect(store.open('trees', '1.0.0')).rejects.toMatchObject({
      message: expect.stringContaining('is that of trees@1.0.7') as string,
    });
    rmSync(path);
    await expect(store.open('trees', '1.0.0')).rejects.toMatchObject({
      code: 'REGISTRY_ARTIFACT_MISSING',
      message: expect.stringContaining('manifest.json is not there') as string,
    });
    rmSync(inRegistry('trees'), { recursive: true });
    await expect(store.open('trees', '1.0.0', { manifestHash })).rejects.toMatchObject({
      code: 'REGISTRY_ARTIFACT_MISSING',
    });
  });
});

describe('a version that is not what was recorded', () => {
  it('is refused for one changed byte in any of its files, which is named with both hashes', async () => {
    const { manifest, manifestHash } = await store.save(makeDraft(), LAZY);
    for (const file of ['manifest.json', ...manifest.files.map(({ path }) => path)]) {
      const path = inRegistry('trees', '1.0.0', file);
      const whole = readFileSync(path);
      const expected = createHash('sha256').update(whole).digest('hex');
      for (const place of [0, Math.floor(whole.length / 2), whole.length - 1]) {
        const changed = Buffer.from(whole);
        changed[place]! ^= 1;
        writeFileSync(path, changed);
        const found = createHash('sha256').update(changed).digest('hex');
        await expect(store.verify('trees', '1.0.0', { manifestHash })).rejects.toMatchObject({
          code: 'REGISTRY_ARTIFACT_CHANGED',
          details: { file, expected, found },
        });
      }
      const error: unknown = await store
        .verify('trees', '1.0.0', { manifestHash })
        .catch((caught) => caught as unknown);
      for (const word of [file, expected, 'backup']) expect((error as Error).message).toContain(word);
      writeFileSync(path, whole);
    }
    await store.verify('trees', '1.0.0', { manifestHash });
  });

  it('is refused at every read, also when it was sound at the one before', async () => {
    const { manifestHash } = await store.save(makeDraft(), LAZY);
    const opened = await store.open('trees', '1.0.0', { manifestHash });
    await opened.readModel('trees+vader', 60);
    const path = inRegistry('trees', '1.0.0', 'trees+vader-60.json');
    writeFileSync(path, `${readFileSync(path, 'utf8')} `);
    await expect(opened.readModel('trees+vader', 60)).rejects.toMatchObject({
      code: 'REGISTRY_ARTIFACT_CHANGED',
      message: expect.stringContaining('trees+vader-60.json changed') as string,
    });
    rmSync(path);
    await expect(opened.readModel('trees+vader', 60)).rejects.toMatchObject({
      code: 'REGISTRY_ARTIFACT_MISSING',
    });
    mkdirSync(path);
    await expect(opened.readModel('trees+vader', 60)).rejects.toMatchObject({
      code: 'REGISTRY_ARTIFACT_MISSING',
      message: expect.stringContaining('cannot be read') as string,
    });
  });

  it('is refused for a file that is missing and for one too many', async () => {
    const { manifestHash } = await store.save(makeDraft(), LAZY);
    const path = inRegistry('trees', '1.0.0', 'trees+none-1440.gate.json');
    renameSync(path, `${path}.away`);
    await expect(store.verify('trees', '1.0.0', { manifestHash })).rejects.toMatchObject({
      code: 'REGISTRY_ARTIFACT_MISSING',
      details: { path },
    });
    renameSync(`${path}.away`, path);
    writeFileSync(inRegistry('trees', '1.0.0', 'notes.txt'), 'mine');
    mkdirSync(inRegistry('trees', '1.0.0', 'inside'));
    await expect(store.verify('trees', '1.0.0', { manifestHash })).rejects.toMatchObject({
      code: 'REGISTRY_ARTIFACT_CHANGED',
      message: expect.stringContaining('which its manifest does not name; 1 more') as string,
    });
  });
});

describe('the list of a registry', () => {
  it('is empty before the first version', async () => {
    expect(await store.list()).toEqual([]);
  });

  it('has versions in their order, what a crash left behind, and what is not of the registry', async () => {
    const hashes = new Map<string, string>();
    for (const version of ['1.0.10', '1.0.9', '1.1.0']) {
      hashes.set(version, (await store.save(makeDraft({ version }), LAZY)).manifestHash);
    }
    mkdirSync(inRegistry('trees', `.1.2.0.draft-${DEAD}-1`));
    mkdirSync(inRegistry('trees', 'notes'));
    mkdirSync(inRegistry('logistic', '1.0.0'), { recursive: true });
    writeFileSync(inRegistry('readme.txt'), 'mine');
    expect((await store.list()).map(({ path, kind, manifestHash }) => [path, kind, manifestHash])).toEqual([
      ['logistic/1.0.0', 'version', null],
      ['readme.txt', 'stranger', null],
      ['trees/1.0.9', 'version', hashes.get('1.0.9')],
      ['trees/1.0.10', 'version', hashes.get('1.0.10')],
      ['trees/1.1.0', 'version', hashes.get('1.1.0')],
      [`trees/.1.2.0.draft-${DEAD}-1`, 'draft', null],
      ['trees/notes', 'stranger', null],
    ]);
  });

  it('loses what a killed process left behind with the next version, and nothing of a living one', async () => {
    mkdirSync(inRegistry('trees', `.1.0.0.draft-${DEAD}-1`), { recursive: true });
    writeFileSync(inRegistry('trees', `.1.0.0.draft-${DEAD}-1`, 'half.json'), '{');
    mkdirSync(inRegistry('trees', `.1.0.0.old-${DEAD}-2`));
    mkdirSync(inRegistry('trees', `.1.0.0.draft-${process.ppid}-1`));
    await store.save(makeDraft(), LAZY);
    expect(readdirSync(inRegistry('trees')).sort()).toEqual([`.1.0.0.draft-${process.ppid}-1`, '1.0.0']);
  });
});
