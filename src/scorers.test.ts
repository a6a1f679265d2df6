import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createSecondScorer } from '../test/second-scorer.ts';
import { silentLog, type Log } from './core/index.ts';
import { createScorerStore, type ScorerStore } from './registry/index.ts';
import { laneFacts, openScorers, wantedLanes, type BuiltInScorer, type ScorersOptions } from './scorers.ts';
import { createVader, SCORER_FAMILIES, type Scorer, type ScorerFamily } from './sentiment/index.ts';

let home: string;
let store: ScorerStore;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'bellwether-shelf-'));
  store = createScorerStore(home);
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(home, { recursive: true, force: true });
});

function makeScorer(family: string, version: string): Scorer & { close: () => Promise<void> } {
  return { ...createSecondScorer(version), family, close: vi.fn(() => Promise.resolve()) };
}

/** A family whose versions are one file; "broken" in it cannot be loaded. */
function makeFamily(name: string): ScorerFamily {
  return {
    name,
    train: () => Promise.reject(new Error('not trained here')),
    async load(files, version) {
      const words = Buffer.from(await files.read('words.json')).toString();
      if (words === 'broken') throw new Error('its words are broken');
      return makeScorer(name, version);
    },
  };
}

const FAMILIES = Object.fromEntries(SCORER_FAMILIES.map((name) => [name, makeFamily(name)]));

async function save(family: string, words = 'whole'): Promise<string> {
  const draft = {
    manifest: {
      family,
      recipe: 'a'.repeat(64),
      parameters: {},
      seed: 1,
      parent: null,
      trainedAt: '2022-01-31T12:00:00Z',
      data: [{ file: 'rated.jsonl', rows: 3, sha256: 'b'.repeat(64) }],
      metrics: {},
    },
    contents: new Map([['words.json', Buffer.from(words)]]),
  };
  const { manifest } = await store.save(draft, { known: ['1.0.0'] });
  return manifest.version;
}

const deploy = (family: string, version: string) =>
  store.deploy({ at: '2022-01-31T12:00:00Z', family, version, manifestHash: null, actor: 'operator' });

const vaderItself: BuiltInScorer = {
  version: '1.0.0',
  isHere: () => Promise.resolve(true),
  load: () => Promise.resolve({ scorer: createVader(), note: null }),
};

/** What is fetched when somebody asks for it. */
function makeFetched(family: string, { isHere = false } = {}) {
  const load = vi.fn<BuiltInScorer['load']>(() =>
    Promise.resolve({ scorer: makeScorer(family, '1.0.0'), note: 'int8' }),
  );
  return { version: '1.0.0', isHere: () => Promise.resolve(isHere), load };
}

function open(options: Partial<ScorersOptions> = {}) {
  return openScorers({
    store,
    families: FAMILIES,
    builtIn: { vader: vaderItself },
    log: silentLog,
    ...options,
  });
}

function makeLog() {
  const error = vi.fn();
  const warn = vi.fn();
  return { log: { ...silentLog, error, warn } as unknown as Log, error, warn };
}

describe('what answers', () => {
  it('is what is built in, and of the rest each family says why not and what to do', async () => {
    const shelf = await open({ off: { cryptobert: 'Unset BELLWETHER_CRYPTOBERT.' } });
    expect(shelf.all().map(({ family }) => family)).toEqual(
      SCORER_FAMILIES.filter((family) => shelf.of(family) !== null),
    );
    expect(shelf.of('vader')).toMatchObject({ state: 'ready', note: null, scorer: { version: '1.0.0' } });
    expect(shelf.of('linear')).toMatchObject({
      state: 'unavailable',
      reason: 'No version of it has been trained here.',
      remedy: expect.stringContaining('retrain --family linear --data') as string,
    });
    expect(shelf.of('cryptobert')).toEqual({
      family: 'cryptobert',
      state: 'unavailable',
      reason: 'It is switched off.',
      remedy: 'Unset BELLWETHER_CRYPTOBERT.',
    });
    expect(shelf.of('oracle')).toBe(null);
  });

  it('is what was deployed last, before what is built in, with what it was trained on', async () => {
    for (let turn = 0; turn < 2; turn += 1) await save('finbert');
    await deploy('finbert', '1.1.1');
    await deploy('finbert', '1.1.0');
    const finbert = makeFetched('finbert', { isHere: true });
    const shelf = await open({ builtIn: { vader: vaderItself, finbert } });
    expect(shelf.of('finbert')).toMatchObject({
      state: 'ready',
      scorer: { version: '1.1.0' },
      note: 'trained on rated.jsonl',
    });
    expect(finbert.load).not.toHaveBeenCalled();
    expect(shelf.named('finbert@1.1.0')?.version).toBe('1.1.0');
    expect(shelf.named('finbert@1.1.1')).toBe(null);
  });

  it('is held against the hash that the ledger has of its manifest', async () => {
    const version = await save('linear');
    const { manifestHash } = await store.open('linear', version);
    await store.deploy({
      at: '2022-01-31T12:00:00Z',
      family: 'linear',
      version,
      manifestHash,
      actor: 'operator',
    });
    expect((await open()).of('linear')).toMatchObject({ state: 'ready' });
    rmSync(join(home, 'linear', version), { recursive: true });
    await save('linear', 'other words, and a manifest that fits them');
    expect((await open()).of('linear')).toMatchObject({
      state: 'unavailable',
      reason: expect.stringContaining('manifest.json') as string,
    });
  });

  it('is what is built in again once its number is deployed', async () => {
    await deploy('finbert', await save('finbert'));
    await deploy('finbert', '1.0.0');
    const shelf = await open({ builtIn: { finbert: makeFetched('finbert', { isHere: true }) } });
    expect(shelf.of('finbert')).toMatchObject({ state: 'ready', scorer: { version: '1.0.0' }, note: 'int8' });
  });

  it('is the reference in place of a version of VADER that is broken, which is said', async () => {
    await deploy('vader', await save('vader', 'broken'));
    const { log, warn } = makeLog();
    const shelf = await open({ log });
    expect(shelf.of('vader')).toMatchObject({
      state: 'ready',
      scorer: { version: '1.0.0' },
      note: '1.0.0 stands in for what is deployed: its words are broken',
    });
    expect(warn).toHaveBeenCalledTimes(1);
  });

  it('of another family is nothing where the deployed version cannot be loaded; the rest goes on', async () => {
    await deploy('linear', await save('linear', 'broken'));
    await deploy('finbert', '9.0.0');
    const shelf = await open();
    expect(shelf.of('linear')).toMatchObject({ state: 'unavailable', reason: 'its words are broken' });
    expect(shelf.of('finbert')).toMatchObject({
      state: 'unavailable',
      reason: expect.stringContaining('finbert@9.0.0') as string,
    });
    expect(shelf.of('vader')).toMatchObject({ state: 'ready' });
  });

  it('is what is built in where the ledger was changed by hand', async () => {
    await deploy('vader', await save('vader'));
    writeFileSync(join(home, 'deployments.jsonl'), 'deploy vader\n');
    const { log, error } = makeLog();
    const shelf = await open({ log });
    expect(shelf.of('vader')).toMatchObject({ state: 'ready', scorer: { version: '1.0.0' } });
    expect(error).toHaveBeenCalledTimes(1);
  });

  it('of a family that has only candidates is nothing, with the word that deploys the newest', async () => {
    await save('linear');
    await save('linear');
    expect((await open()).of('linear')).toMatchObject({
      state: 'unavailable',
      reason: 'Of its 2 version(s) none is deployed.',
      remedy: expect.stringContaining('deploy --family linear --version 1.1.1') as string,
    });
  });
});

describe('asking by name for a family whose files are not here', () => {
  it('begins to fetch it, once, and tells how far it is', async () => {
    const finbert = makeFetched('finbert');
    let finish = () => {};
    finbert.load.mockImplementation(async (tell) => {
      tell('fetching model.onnx: 1 of 9 MB');
      await new Promise<void>((resolve) => (finish = resolve));
      return { scorer: makeScorer('finbert', '1.0.0'), note: null };
    });
    const shelf = await open({ builtIn: { vader: vaderItself, finbert } });
    expect(shelf.all().find(({ family }) => family === 'finbert')).toMatchObject({
      state: 'unavailable',
      remedy: expect.stringContaining('POST /predict/finbert') as string,
    });
    expect(finbert.load).not.toHaveBeenCalled();
    expect(shelf.of('finbert')).toEqual({
      family: 'finbert',
      state: 'loading',
      progress: 'fetching model.onnx: 1 of 9 MB',
    });
    expect(shelf.of('finbert')?.state).toBe('loading');
    finish();
    expect((await shelf.find('finbert')).version).toBe('1.0.0');
    expect(shelf.of('finbert')?.state).toBe('ready');
    expect(finbert.load).toHaveBeenCalledTimes(1);
  });

  it('does not begin again within the pause after it failed, and does after it', async () => {
    const finbert = makeFetched('finbert');
    finbert.load.mockRejectedValue(new Error('the hub is away'));
    const shelf = await open({ builtIn: { finbert } });
    shelf.of('finbert');
    await expect(shelf.find('finbert')).rejects.toMatchObject({ code: 'SENTIMENT_UNAVAILABLE' });
    const failedAt = performance.now();
    const now = vi.spyOn(performance, 'now').mockReturnValue(failedAt + 50_000);
    expect(shelf.of('finbert')).toMatchObject({ state: 'unavailable', reason: 'the hub is away' });
    expect(finbert.load).toHaveBeenCalledTimes(1);
    now.mockReturnValue(failedAt + 61_000);
    expect(shelf.of('finbert')?.state).toBe('loading');
    expect(finbert.load).toHaveBeenCalledTimes(2);
    await shelf.close();
  });

  it('fetches nothing that is switched off', async () => {
    const finbert = makeFetched('finbert');
    const shelf = await open({ builtIn: { finbert }, off: { finbert: 'Switch it on.' } });
    expect(shelf.of('finbert')).toMatchObject({ state: 'unavailable', remedy: 'Switch it on.' });
    await expect(shelf.find('finbert')).rejects.toMatchObject({ code: 'SENTIMENT_UNAVAILABLE' });
    expect(finbert.load).not.toHaveBeenCalled();
  });
});

describe('a deployed version that cannot be opened', () => {
  it('is tried again when it is asked for, and never replaced by what is built in', async () => {
    await deploy('finbert', await save('finbert', 'broken'));
    const finbert = makeFetched('finbert', { isHere: true });
    const shelf = await open({ builtIn: { vader: vaderItself, finbert } });
    expect(shelf.of('finbert')).toMatchObject({ state: 'unavailable', reason: 'its words are broken' });
    const now = performance.now();
    vi.spyOn(performance, 'now').mockReturnValue(now + 61_000);
    expect(shelf.of('finbert')).toMatchObject({ state: 'loading' });
    await expect.poll(() => shelf.of('finbert')?.state).toBe('unavailable');
    expect(finbert.load).not.toHaveBeenCalled();
    // Within the pause nothing is tried.
    expect(shelf.of('finbert')).toMatchObject({ state: 'unavailable' });
  });
});

describe('closing', () => {
  it('gives up what is being opened', async () => {
    const slow: BuiltInScorer = {
      version: '1.0.0',
      isHere: () => Promise.resolve(false),
      load: (_, signal) =>
        new Promise((_resolve, reject) =>
          signal?.addEventListener('abort', () => reject(new Error('given up'))),
        ),
    };
    const shelf = await open({ builtIn: { vader: vaderItself, finbert: slow } });
    expect(shelf.of('finbert')).toMatchObject({ state: 'loading' });
    await shelf.close();
    expect(shelf.all().find(({ family }) => family === 'finbert')).toMatchObject({ reason: 'given up' });
  });
});

describe('find', () => {
  it('opens what is asked for alone where nothing was opened before', async () => {
    const finbert = makeFetched('finbert', { isHere: true });
    const shelf = await open({ isLazy: true, builtIn: { vader: vaderItself, finbert } });
    expect(shelf.all()).toEqual([]);
    expect((await shelf.find('vader')).version).toBe('1.0.0');
    expect(shelf.all()).toHaveLength(1);
    expect(finbert.load).not.toHaveBeenCalled();
  });

  it('falls back to the newest candidate of a family that nothing is deployed of', async () => {
    await save('linear');
    await save('linear');
    const shelf = await open({ isLazy: true });
    expect((await shelf.find('linear')).version).toBe('1.1.1');
    expect((await shelf.find('linear@1.1.0')).version).toBe('1.1.0');
    expect(await shelf.find('linear@1.1.0')).toBe(shelf.named('linear@1.1.0'));
  });

  it.each([
    ['oracle', 'SENTIMENT_UNAVAILABLE', 'nobody knows this family'],
    ['linear', 'SENTIMENT_UNAVAILABLE', 'retrain --family linear'],
    ['linear@new', 'SENTIMENT_UNAVAILABLE', 'Write it like linear@1.0.0'],
    ['linear@3.0.0', 'REGISTRY_MODEL_NOT_FOUND', 'linear@3.0.0'],
    ['oracle@1.0.0', 'SENTIMENT_UNAVAILABLE', 'nobody knows how to load it'],
  ])('refuses %s', async (name, code, words) => {
    const shelf = await open({ isLazy: true });
    await expect(shelf.find(name)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(words) as string,
    });
  });

  it('opens the others before an ensemble, which stands on them', async () => {
    let ready: () => readonly Scorer[] = () => [];
    const ensemble: BuiltInScorer = {
      version: '1.0.0',
      isHere: () => Promise.resolve(ready().length > 1),
      missing: { reason: 'It takes two.', remedy: 'Train one.' },
      load: () => Promise.resolve({ scorer: makeScorer('ensemble', '1.0.0'), note: null }),
    };
    const options: Partial<ScorersOptions> = {
      isLazy: true,
      builtIn: { vader: vaderItself, ensemble },
      onMembers: (members) => (ready = members),
    };
    await expect((await open(options)).find('ensemble')).rejects.toThrow('It takes two. Train one.');
    await deploy('linear', await save('linear'));
    expect((await (await open(options)).find('ensemble')).family).toBe('ensemble');
    expect(ready().map(({ family }) => family)).toEqual(['vader', 'linear']);
  });
});

describe('lanes', () => {
  const all = { read: [], isWanted: () => true };

  it('are the scorers that answer, the reference apart, without an ensemble that nobody has fitted', async () => {
    const ensemble = makeFetched('ensemble', { isHere: true });
    await deploy('linear', await save('linear'));
    const shelf = await open({ builtIn: { vader: vaderItself, ensemble } });
    const { further, trained } = await shelf.lanes(all);
    expect(further.map(({ family }) => family)).toEqual(['linear']);
    expect(trained).toEqual(['vader@1.0.0', 'linear@1.1.0']);
    await deploy('ensemble', await save('ensemble'));
    expect((await (await open()).lanes(all)).trained).toEqual([
      'vader@1.0.0',
      'linear@1.1.0',
      'ensemble@1.1.0',
    ]);
  });

  it('are those that are wanted and those that are read, each once', async () => {
    for (let turn = 0; turn < 2; turn += 1) await save('linear');
    await deploy('linear', '1.1.1');
    const shelf = await open();
    const read = ['linear@1.1.0', 'vader@1.0.0', 'linear@1.1.0'];
    const isWanted = (family: string) => family === 'vader';
    const { further, trained } = await shelf.lanes({ read, isWanted });
    expect(further.map(({ version }) => version)).toEqual(['1.1.0']);
    expect(trained).toEqual(['vader@1.0.0']);
    expect((await shelf.lanes({ read: [], isWanted: () => false })).trained).toEqual(['vader@1.0.0']);
  });

  it('are there once, though an older model may know one by a shorter name', async () => {
    const named: BuiltInScorer = {
      ...makeFetched('finbert', { isHere: true }),
      load: () => Promise.resolve({ scorer: makeScorer('finbert', '1.0.0+1f2e3d4c'), note: null }),
    };
    const shelf = await open({ builtIn: { vader: vaderItself, finbert: named } });
    const { further } = await shelf.lanes({ ...all, read: ['finbert@1.0.0'] });
    expect(further.map(({ version }) => version)).toEqual(['1.0.0+1f2e3d4c']);
  });

  it('go without a scorer that is read and cannot be opened, which the log says', async () => {
    await save('linear', 'broken');
    const { log, error } = makeLog();
    const shelf = await open({ log });
    const read = ['linear@1.1.0', 'linear@7.0.0', 'no version'];
    expect((await shelf.lanes({ read, isWanted: () => true })).further).toEqual([]);
    expect(error.mock.calls.map(([facts]) => (facts as { scorer: string }).scorer)).toEqual(read);
  });

  it('are wanted by the setting, the reference always', () => {
    const families = ['vader', 'linear', 'finbert'];
    expect(families.filter(wantedLanes({ scorers: 'all' }))).toEqual(families);
    expect(families.filter(wantedLanes({ scorers: 'finbert' }))).toEqual(['vader', 'finbert']);
    expect(laneFacts([])).toEqual({});
    expect(laneFacts(['vader@1.0.0', 'linear@1.0.0'])).toEqual({ scorers: 'vader@1.0.0 linear@1.0.0' });
  });
});

it('closing lets go of everything that was loaded, once, even where one cannot', async () => {
  const scorers = ['finbert', 'cryptobert'].map((family) => makeScorer(family, '1.0.0'));
  vi.mocked(scorers[0]!.close).mockRejectedValue(new Error('its thread is gone'));
  const builtIn = Object.fromEntries(
    scorers.map((scorer): [string, BuiltInScorer] => [
      scorer.family,
      { ...vaderItself, load: () => Promise.resolve({ scorer, note: null }) },
    ]),
  );
  await (await open({ builtIn })).close();
  for (const { close } of scorers) expect(close).toHaveBeenCalledTimes(1);
});
