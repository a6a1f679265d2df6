import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRandom } from '../../core/index.ts';
import type { RatedText } from '../rated-texts.ts';
import type { ScorerFiles, TrainedScorer } from '../scorer-family.ts';
import { SENTIMENTS } from '../scorer.ts';
import { tinyReference } from './fixtures/tiny-models.ts';
import { createTransformerFamily } from './transformer-family.ts';
import { createTransformer } from './transformer.ts';

let sandbox: string;
let base: string;
let trained: TrainedScorer;
const phrases: string[] = [];

/** Sentences in words that the tiny model has not learnt the meaning of. */
function sentences(count: number, seed: number): RatedText[] {
  const { subjects, fillers, slang } = tinyReference('tiny-bert').task;
  const dice = createRandom(seed);
  const pick = (list: readonly string[]) => list[dice.integer(list.length)] ?? '';
  const made = new Map<string, RatedText>();
  while (made.size < count) {
    const label = SENTIMENTS[made.size % 3] ?? 'neutral';
    const text = `${pick(subjects)} ${pick(slang[label])} ${pick(fillers)} and ${pick(fillers)}`;
    if (!made.has(text)) made.set(text, { text, label });
  }
  return [...made.values()];
}

const family = createTransformerFamily({
  name: 'finbert',
  baseFolder: (onProgress) => {
    onProgress('fetching nothing');
    return Promise.resolve(base);
  },
});
const rows = sentences(180, 1);

/** A version as a store would hand it over: files in a folder of their own. */
function put(files: ReadonlyMap<string, Uint8Array>, name: string): ScorerFiles {
  const folder = mkdtempSync(join(sandbox, `${name}-`));
  for (const [file, bytes] of files) writeFileSync(join(folder, file), bytes);
  return {
    names: [...files.keys()],
    read: (file) => Promise.resolve(files.get(file) ?? new Uint8Array()),
    locate: (file) => Promise.resolve(join(folder, file)),
  };
}

beforeAll(async () => {
  sandbox = mkdtempSync(join(tmpdir(), 'bellwether-family-'));
  base = join(sandbox, 'base');
  cpSync(join(import.meta.dirname, 'fixtures', 'tiny-bert'), base, { recursive: true });
  trained = await family.train(rows, {
    seed: 1,
    base: null,
    onProgress: (phrase) => phrases.push(phrase),
  });
});
afterAll(() => rmSync(sandbox, { recursive: true, force: true }));

const texts = sentences(60, 2);
function accuracy(scores: readonly { label: string }[]): number {
  return scores.filter(({ label }, row) => label === texts[row]?.label).length / texts.length;
}

describe('a transformer whose head is trained', () => {
  it('is a plain model with its tokenizer, and leaves nothing where it worked', () => {
    expect([...trained.files.keys()].sort()).toEqual([
      'config.json',
      'model.onnx',
      'tokenizer.json',
      'tokenizer_config.json',
    ]);
    expect(Object.keys(trained.metrics).length).toBeGreaterThan(0);
    expect(JSON.parse(JSON.stringify(trained.parameters))).toEqual(trained.parameters);
    expect(phrases[0]).toBe('fetching nothing');
    expect(readdirSync(base)).not.toContain('prepared');
  });

  it('says of the words that it learnt more that is right than what it began with', async () => {
    const before = await createTransformer({ family: 'finbert', version: '1.0.0', modelDir: base });
    const after = await family.load(put(trained.files, 'version'), '1.1.0');
    const asked = texts.map(({ text }) => text);
    const [old, now] = [await before.score(asked), await after.score(asked)];
    await before.close();
    await after.close?.();
    expect(after).toMatchObject({ family: 'finbert', version: '1.1.0' });
    expect(now).not.toEqual(old);
    expect(accuracy(now)).toBeGreaterThan(accuracy(old));
  });

  it('is the same bytes for the same rows and seed', async () => {
    const again = await family.train(rows, { seed: 1, base: null });
    expect(again.files).toEqual(trained.files);
  });

  it('goes on from a version where one is named, without fetching anything', async () => {
    const told: string[] = [];
    const { files } = await family.train(rows, {
      seed: 1,
      base: { version: '1.1.0', files: put(trained.files, 'parent') },
      onProgress: (phrase) => told.push(phrase),
    });
    expect(told).not.toContain('fetching nothing');
    expect(files.get('tokenizer.json')).toEqual(trained.files.get('tokenizer.json'));
  });

  it.each(['model.onnx', 'config.json', 'tokenizer.json'])(
    'is refused without its %s, which is named',
    async (file) => {
      const rest = new Map([...trained.files].filter(([name]) => name !== file));
      await expect(family.load(put(rest, 'torso'), '1.1.0')).rejects.toMatchObject({
        code: 'SENTIMENT_ARTIFACT_INVALID',
        message: expect.stringContaining(file) as string,
      });
    },
  );

  it('is not trained on too few rows, and says how many it takes', async () => {
    await expect(family.train(rows.slice(0, 12), { seed: 1, base: null })).rejects.toMatchObject({
      code: 'SENTIMENT_TRAINING_REFUSED',
    });
    expect(existsSync(base)).toBe(true);
  });
});
