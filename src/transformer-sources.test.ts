import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { readConfig, silentLog } from './core/index.ts';
import { openInstalledScorers } from './compose-scorers.ts';
import { createTransformerSource } from './transformer-sources.ts';

const TINY = join(import.meta.dirname, 'sentiment', 'transformer', 'fixtures', 'tiny-bert');
const NAMED = /^1\.0\.0\+[0-9a-f]{8}$/;
let root: string;
let folder: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'bellwether-sources-'));
  folder = join(root, 'tiny-bert');
  cpSync(TINY, folder, { recursive: true });
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Nothing may be asked for: the hub is a port where nobody listens, and the setting says offline. */
const configOf = (environment: Record<string, string> = {}) =>
  readConfig({
    LOG_LEVEL: 'silent',
    BELLWETHER_DATA_DIR: join(root, 'data'),
    BELLWETHER_OFFLINE: 'on',
    BELLWETHER_HUB: 'http://127.0.0.1:9',
    ...environment,
  });

describe('a transformer from the settings', () => {
  it('is none where it is off', () => {
    expect(createTransformerSource('finbert', 'off', configOf())).toBe(null);
  });

  it('from a folder is here, and loads with what its user should know', async () => {
    const source = createTransformerSource('finbert', folder, configOf())!;
    expect(await source.builtIn.isHere()).toBe(true);
    expect(await source.folder(() => {})).toBe(folder);
    const { scorer, note } = await source.builtIn.load(() => {});
    expect(scorer.family).toBe('finbert');
    expect(scorer.version).toMatch(NAMED);
    expect(note).toMatch(/int8|fp32/);
    expect(await scorer.score(['bitcoin surges today'])).toHaveLength(1);
    await scorer.close?.();
  });

  it('has another name where it is another model, and the same where it is not', async () => {
    const versionOf = async (copy: string, change: (folder: string) => void = () => {}) => {
      const other = join(root, copy);
      cpSync(TINY, other, { recursive: true });
      change(other);
      const { scorer } = await createTransformerSource('finbert', other, configOf())!.builtIn.load(() => {});
      await scorer.close?.();
      return scorer.version;
    };
    const [one, same, turned] = [
      await versionOf('one'),
      await versionOf('same'),
      await versionOf('turned', (other) => {
        const path = join(other, 'config.json');
        const config = JSON.parse(readFileSync(path, 'utf8')) as object;
        const id2label = { 0: 'negative', 1: 'positive', 2: 'neutral' };
        writeFileSync(path, JSON.stringify({ ...config, id2label }));
      }),
    ];
    expect(same).toBe(one);
    expect(turned).not.toBe(one);
  });

  it('gives up what is under way when it is told to', async () => {
    const other = join(root, 'given-up');
    cpSync(TINY, other, { recursive: true });
    const source = createTransformerSource('finbert', other, configOf())!;
    const phrases: string[] = [];
    const ending = new AbortController();
    const attempt = source.builtIn.load((phrase) => {
      phrases.push(phrase);
      ending.abort(new Error('enough'));
    }, ending.signal);
    await expect(attempt).rejects.toThrow('enough');
    expect(phrases).toHaveLength(1);
  });

  it('may lie at home', () => {
    const source = createTransformerSource('finbert', '~/no-such-model', configOf())!;
    return expect(source.folder(() => {})).resolves.toBe(join(homedir(), 'no-such-model'));
  });

  it('may be a folder by a way from here', async () => {
    const wanted = `./${relative(process.cwd(), folder)}`;
    const source = createTransformerSource('finbert', wanted, configOf())!;
    expect(await source.folder(() => {})).toBe(resolve(wanted));
  });

  it('from the hub is not here before it was fetched, and says why it cannot be fetched', async () => {
    const source = createTransformerSource('finbert', 'nobody/nothing@main', configOf())!;
    expect(await source.builtIn.isHere()).toBe(false);
    await expect(source.builtIn.load(() => {})).rejects.toThrow('nobody/nothing');
  });
});

describe('the installed scorers', () => {
  it('have a transformer from a folder ready, and say of one that is off how to switch it on', async () => {
    const config = configOf({ BELLWETHER_FINBERT: folder, BELLWETHER_CRYPTOBERT: 'off' });
    const { scorers, families, builtInVersions } = await openInstalledScorers(config, { log: silentLog });
    expect(scorers.of('finbert')).toMatchObject({
      state: 'ready',
      scorer: { version: expect.stringMatching(NAMED) as string },
    });
    expect(scorers.of('cryptobert')).toMatchObject({
      state: 'unavailable',
      reason: 'It is switched off.',
      remedy: 'Unset BELLWETHER_CRYPTOBERT, then start again.',
    });
    expect(Object.keys(families).sort()).toEqual(['ensemble', 'finbert', 'linear', 'vader']);
    expect(builtInVersions).toEqual({ finbert: '1.0.0', vader: '1.0.0', ensemble: '1.0.0' });
    // Two that are ready make an ensemble, which nobody has fitted.
    expect(scorers.of('ensemble')).toMatchObject({
      state: 'ready',
      note: expect.stringContaining('not fitted'),
    });
    const { trained } = await scorers.lanes({ read: [], isWanted: () => true });
    expect(trained).toEqual(['vader@1.0.0', expect.stringMatching(/^finbert@1\.0\.0\+[0-9a-f]{8}$/)]);
    const [, name = ''] = trained;
    expect(await scorers.find(name)).toBe(await scorers.find('finbert@1.0.0'));
    await expect(scorers.find('finbert@1.0.0+00000000')).rejects.toThrow(`${name} is in its place`);
    await scorers.close();
  });

  it('go on without a transformer whose folder holds no model', async () => {
    const bad = join(root, 'nowhere');
    const config = configOf({ BELLWETHER_FINBERT: bad, BELLWETHER_CRYPTOBERT: 'off' });
    const warn = vi.fn();
    const log = { ...silentLog, warn } as unknown as typeof silentLog;
    const { scorers } = await openInstalledScorers(config, { log });
    expect(scorers.of('finbert')).toMatchObject({
      state: 'unavailable',
      reason: expect.stringContaining(bad) as string,
    });
    expect(warn).toHaveBeenCalledTimes(1);
    expect(scorers.of('vader')).toMatchObject({ state: 'ready' });
    expect(scorers.of('ensemble')).toMatchObject({ state: 'unavailable' });
    await scorers.close();
  });
});
