import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { describeScorer } from '../scorer.contract.ts';
import { softmaxOf, TINY, TINY_LABELS, tinyReference, type TinyName } from './fixtures/tiny-models.ts';
import { createTransformer, toScore, type Transformer, type TransformerOptions } from './transformer.ts';

const FIXTURES = join(import.meta.dirname, 'fixtures');
const opened: Transformer[] = [];
let sandbox: string;

beforeAll(() => {
  sandbox = mkdtempSync(join(tmpdir(), 'bellwether-transformer-'));
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((each) => each.close()));
});
afterAll(() => rmSync(sandbox, { recursive: true, force: true }));

/** A copy, since what is made of a model is kept beside it. */
function folderOf(name: TinyName, copy = name as string): string {
  const folder = join(sandbox, copy);
  const made = join(sandbox, name);
  const origin = existsSync(made) ? made : join(FIXTURES, name);
  if (!existsSync(folder)) cpSync(origin, folder, { recursive: true });
  return folder;
}

async function open(name: TinyName, options: Partial<TransformerOptions> = {}): Promise<Transformer> {
  const modelDir = options.modelDir ?? folderOf(name);
  const made = await createTransformer({ family: 'finbert', version: '1.0.0', ...options, modelDir });
  opened.push(made);
  return made;
}

// They have learned ten words of each kind, "soars" and "hacked" not among them.
const KNOWN = ['bitcoin surges this week', 'the exchange collapses today'] as const;
for (const name of TINY) describeScorer(name, () => open(name), KNOWN);

describe.each(TINY)('createTransformer on %s', (name) => {
  const { cases, task } = tinyReference(name);

  it('gives the probabilities of the reference in fp32', async () => {
    const scorer = await open(name, { precision: 'fp32', modelDir: folderOf(name, `${name}-fp32`) });
    const scores = await scorer.score(cases.map(({ text, repeat = 1 }) => text.repeat(repeat)));
    for (const [place, { logits }] of cases.entries()) {
      const expected = softmaxOf(logits);
      TINY_LABELS[name].forEach((label, column) => {
        expect(scores[place]?.probabilities[label]).toBeCloseTo(expected[column] ?? NaN, 4);
      });
    }
    expect(scorer.note).toContain('fp32');
  });

  it('gives about the same in int8, from ONNX as from safetensors', async () => {
    const modelDir = folderOf(name, `${name}-safetensors`);
    rmSync(join(modelDir, 'model.onnx'));
    const phrases: string[] = [];
    const converted = await open(name, { modelDir, onProgress: (phrase) => phrases.push(phrase) });
    expect(phrases[0]).toContain('ONNX');
    expect(converted.note).toBe('int8');
    const texts = Object.values(task.words).flatMap((words) => words.map((word) => `bitcoin ${word} today`));
    const scores = await converted.score(texts);
    const exact = await (
      await open(name, { precision: 'fp32', modelDir: folderOf(name, `${name}-fp32`) })
    ).score(texts);
    expect(scores.map(({ label }) => label)).toEqual(exact.map(({ label }) => label));
    expect(readdirSync(join(modelDir, 'prepared')).sort()).toEqual(['.lock', 'int8.onnx', 'prepared.json']);
  });

  it.each(['fp32', 'auto'] as const)(
    'gives a text one score, whoever its neighbours are (%s)',
    async (precision) => {
      const modelDir = folderOf(name, `${name}-${precision}`);
      const options = { precision, modelDir, cacheEntries: 1 } as const;
      const scorer = await open(name, options);
      const texts = Array.from(
        { length: 60 },
        (_, place) => `bitcoin ${'gains '.repeat(place % 7)}against ${place}`,
      );
      const together = await scorer.score(texts);
      for (const [place, text] of texts.entries())
        expect(await scorer.score([text])).toEqual([together[place]]);
    },
  );

  it('scores a megabyte as it scores what of it the model can take', async () => {
    const scorer = await open(name);
    const [long, cut] = await scorer.score([
      'bitcoin surges '.repeat(70_000),
      'bitcoin surges '.repeat(2_000),
    ]);
    expect(long).toEqual(cut);
  });
});

describe('createTransformer', () => {
  it('uses what it has made before, and makes it anew when it has been damaged', async () => {
    const modelDir = folderOf('tiny-bert', 'remade');
    const first = await (await open('tiny-bert', { modelDir })).score(['bitcoin gains']);
    const made = join(modelDir, 'prepared', 'int8.onnx');
    const { mtimeMs } = statSync(made);
    await open('tiny-bert', { modelDir });
    expect(statSync(made).mtimeMs).toBe(mtimeMs);
    writeFileSync(made, 'damaged');
    const again = await (await open('tiny-bert', { modelDir })).score(['bitcoin gains']);
    expect(again).toEqual(first);
  });

  it('makes it once where two want it at once', async () => {
    const modelDir = folderOf('tiny-bert', 'both');
    rmSync(join(modelDir, 'prepared'), { recursive: true, force: true });
    const [one, other] = await Promise.all([
      open('tiny-bert', { modelDir }),
      open('tiny-bert', { modelDir }),
    ]);
    expect(await one.score(['ether falls'])).toEqual(await other.score(['ether falls']));
  });

  it('runs a network as it came where nothing can be kept beside it, and says so', async () => {
    const modelDir = folderOf('tiny-bert', 'kept-out');
    rmSync(join(modelDir, 'prepared'), { recursive: true, force: true });
    writeFileSync(join(modelDir, 'prepared'), 'a file, where the folder should be');
    const scorer = await open('tiny-bert', { modelDir });
    expect(scorer.note).toMatch(/^as it came/);
    expect(await scorer.score(['bitcoin gains'])).toHaveLength(1);
    rmSync(join(modelDir, 'model.onnx'));
    const attempt = createTransformer({ family: 'finbert', version: '1.0.0', modelDir });
    await expect(attempt).rejects.toMatchObject({ code: 'SENTIMENT_MODEL_DISK' });
  });

  it('says what is wrong with a file that is no network', async () => {
    const modelDir = folderOf('tiny-bert', 'no-network');
    writeFileSync(join(modelDir, 'model.onnx'), 'no network');
    const attempt = createTransformer({ family: 'finbert', version: '1.0.0', modelDir });
    await expect(attempt).rejects.toMatchObject({ code: 'SENTIMENT_MODEL_UNUSABLE' });
  });

  it('answers a hundred who ask at once, each of them', async () => {
    const scorer = await open('tiny-bert');
    const clients = Array.from({ length: 100 }, async (_, client) => {
      let answered = 0;
      for (let turn = 0; turn < 20; turn += 1) {
        answered += (await scorer.score([`client ${client} asks ${turn}: does bitcoin rally again?`])).length;
      }
      return answered;
    });
    expect(await Promise.all(clients)).toEqual(Array.from({ length: 100 }, () => 20));
  });

  it('lets a list of ten thousand through while others are answered, whatever the bound', async () => {
    const scorer = await open('tiny-bert', { queueBound: 100 });
    const many = scorer.score(Array.from({ length: 10_000 }, (_, place) => `bitcoin holds ${place}`));
    let others = 0;
    const watch = many.then(() => null);
    for (;;) {
      const answered = await Promise.race([watch, scorer.score([`a lone question ${others}`])]);
      if (answered === null) break;
      others += 1;
    }
    expect(await many).toHaveLength(10_000);
    expect(others).toBeGreaterThan(20);
  });
});

describe('a process that ends while its scorer works', () => {
  it('ends as it says, and not within a call of the runtime', async () => {
    const program = join(FIXTURES, 'ending-process.ts');
    const args = ['--disable-warning=ExperimentalWarning', program, folderOf('tiny-bert')];
    const ended = promisify(execFile)(process.execPath, args);
    await expect(ended).rejects.toMatchObject({ code: 3, signal: null });
  });
});

describe('toScore', () => {
  it('adds classes of one meaning up and knows a missing one as impossible', () => {
    const score = toScore([0.25, 0.5, 0.25], ['negative', 'positive', 'positive']);
    expect(score).toEqual({
      sentiment: 0.5,
      confidence: 0.75,
      label: 'positive',
      probabilities: { negative: 0.25, neutral: 0, positive: 0.75 },
    });
  });
});
