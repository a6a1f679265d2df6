import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { traceCommand, type CommandTrace } from '../../test/command-context.ts';
import { makeRatedSentences, writeRatedTexts } from '../../test/rated-sentences.ts';
import { deployCommand, rollbackCommand } from './deploy.ts';
import { evaluateSentimentCommand } from './evaluate-sentiment.ts';
import { retrainCommand } from './retrain.ts';
import { listScorers } from './scorers.ts';

const root = mkdtempSync(join(tmpdir(), 'bellwether-scorer-commands-'));
const dataDir = join(root, 'data');
const data = join(root, 'rated.jsonl');
const unseen = join(root, 'unseen.jsonl');
const ledger = join(dataDir, 'scorers', 'deployments.jsonl');
const trained: Record<string, CommandTrace> = {};

beforeAll(async () => {
  writeRatedTexts(data, makeRatedSentences({ count: 180, seed: 1 }));
  writeRatedTexts(unseen, makeRatedSentences({ count: 60, seed: 2 }));
  for (const family of ['vader', 'linear']) trained[family] = await retrain({ family });
});
afterAll(() => {
  rmSync(root, { recursive: true, force: true });
});

function makeTrace(): CommandTrace {
  return traceCommand({ LOG_LEVEL: 'silent', BELLWETHER_DATA_DIR: dataDir, BELLWETHER_FINBERT: 'off' });
}

async function retrain(options: Partial<Parameters<typeof retrainCommand>[0]>): Promise<CommandTrace> {
  const trace = makeTrace();
  expect(await retrainCommand({ family: 'linear', data: [data], seed: 1, ...options }, trace.context)).toBe(
    0,
  );
  return trace;
}

async function deploy(options: Parameters<typeof deployCommand>[0]): Promise<CommandTrace> {
  const trace = makeTrace();
  expect(await deployCommand(options, trace.context)).toBe(0);
  return trace;
}

async function evaluate(families: string[]): Promise<Record<string, { version: string; accuracy: number }>> {
  const trace = makeTrace();
  expect(await evaluateSentimentCommand({ data: unseen, families }, trace.context)).toBe(0);
  return trace.json()['families'] as Record<string, { version: string; accuracy: number }>;
}

const entries = () => readFileSync(ledger, 'utf8').trimEnd().split('\n').length;

describe('retrain of a scorer', () => {
  it.each([
    ['vader', '1.1.0'],
    ['linear', '1.0.0'],
  ])('makes a candidate of %s, says how good it is and how to go on', (family, version) => {
    const { json, text, said } = trained[family]!;
    expect(json()).toMatchObject({
      family,
      version,
      status: 'candidate',
      data: [{ file: 'rated.jsonl', rows: 180 }],
    });
    expect(Object.keys(json()['metrics'] as object).length).toBeGreaterThan(0);
    expect(text()).toContain(`${family}@${version} is a candidate, trained in`);
    expect(text()).toContain('180 rows of rated.jsonl');
    if (family === 'vader') expect(text()).toMatch(/\d+ terms and a calibration were learnt/);
    expect(text()).toContain(`deploy --family ${family} --version ${version}`);
    expect(said[0]).toBe(`Reading ${data}`);
    const manifest = readFileSync(join(dataDir, 'scorers', family, version, 'manifest.json'), 'utf8');
    expect(JSON.parse(manifest)).toMatchObject({ kind: 'scorer', family, version, seed: 1, parent: null });
    expect(manifest).not.toContain(root);
  });

  it('learns what the reference does not know, and is found by its family as the newest candidate', async () => {
    const figures = Object.values(await evaluate(['vader', 'vader@1.1.0', 'linear']));
    expect(figures.map(({ version }) => version)).toEqual(['1.0.0', '1.1.0', '1.0.0']);
    const [reference, retrained, linear] = figures.map(({ accuracy }) => accuracy);
    expect(linear).toBeGreaterThan(0.9);
    expect(retrained).toBeGreaterThan(reference!);
  });

  it('writes the same bytes for the same rows and seed, under the next number', async () => {
    const files = (trace: CommandTrace) => trace.json()['files'];
    const again = await retrain({ family: 'vader' });
    expect(again.json()).toMatchObject({ version: '1.1.1' });
    expect(files(again)).toEqual(files(trained['vader']!));
  });

  it.each([
    ['no --data', { data: undefined }, { code: 'USAGE_INVALID', words: '--data FILE.jsonl' }],
    ['an empty --data', { data: [] }, { code: 'USAGE_INVALID', words: '--data FILE.jsonl' }],
    [
      'a family that is switched off',
      { family: 'finbert' },
      { code: 'USAGE_INVALID', words: 'vader, linear' },
    ],
    [
      'a family that nobody knows',
      { family: 'oracle', data: undefined },
      { code: 'USAGE_INVALID', words: 'linear' },
    ],
    [
      '--data for a price family',
      { family: 'trees' },
      { code: 'USAGE_INVALID', words: '--data is for families of scorers' },
    ],
    [
      'a base that is not there',
      { base: '7.0.0' },
      { code: 'REGISTRY_MODEL_NOT_FOUND', words: 'linear@7.0.0' },
    ],
    [
      'a file that is not there',
      { data: [join(root, 'nowhere')] },
      { code: 'SENTIMENT_DATA_UNREADABLE', words: 'nowhere' },
    ],
  ])('is refused with %s', async (_, options, { code, words }) => {
    const given = { family: 'linear', data: [data], seed: 1, ...options };
    await expect(
      retrainCommand(given as Parameters<typeof retrainCommand>[0], makeTrace().context),
    ).rejects.toMatchObject({ code, message: expect.stringContaining(words) as string });
  });

  it('is refused with too few rows, and writes nothing', async () => {
    const few = writeRatedTexts(join(root, 'few.jsonl'), makeRatedSentences({ count: 3, seed: 3 }));
    await expect(
      retrainCommand({ family: 'linear', data: [few], seed: 1 }, makeTrace().context),
    ).rejects.toMatchObject({ code: 'SENTIMENT_TRAINING_REFUSED' });
    expect(existsSync(join(dataDir, 'scorers', 'linear', '1.0.1'))).toBe(false);
  });

  it('goes on from a version where it is told to, by its number or its whole name', async () => {
    for (const base of ['1.1.0', 'vader@1.1.0']) {
      const { json } = await retrain({ family: 'vader', base });
      const { version } = json();
      const path = join(dataDir, 'scorers', 'vader', String(version), 'manifest.json');
      expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ parent: 'vader@1.1.0' });
    }
  });
});

describe('an ensemble', () => {
  it('is trained and deployed on the others as they answer, which are opened for it', async () => {
    const own = join(root, 'ensemble');
    const trace = () =>
      traceCommand({
        LOG_LEVEL: 'silent',
        BELLWETHER_DATA_DIR: own,
        BELLWETHER_FINBERT: 'off',
        BELLWETHER_CRYPTOBERT: 'off',
      });
    const teach = (family: string, rows: string) => {
      const given = trace();
      return retrainCommand({ family, data: [rows], seed: 1 }, given.context).then(() => given);
    };
    const judged = writeRatedTexts(join(root, 'judged.jsonl'), makeRatedSentences({ count: 150, seed: 7 }));
    await expect(teach('ensemble', judged)).rejects.toThrow('there are 1 members to combine');
    await teach('linear', data);
    await deployCommand({ family: 'linear' }, trace().context);
    const made = await teach('ensemble', judged);
    expect(made.json()).toMatchObject({ family: 'ensemble', version: '1.1.0', status: 'candidate' });
    const deployed = trace();
    await deployCommand({ family: 'ensemble' }, deployed.context);
    expect(deployed.json()).toMatchObject({ version: '1.1.0', isChanged: true });
    const evaluated = trace();
    const families = ['ensemble', 'ensemble@1.1.0'];
    await evaluateSentimentCommand({ data: unseen, families }, evaluated.context);
    expect(JSON.stringify(evaluated.json())).toContain('1.1.0');
  });
});

describe('deploy of a scorer', () => {
  it('takes the newest version, then says that nothing was written', async () => {
    const first = await deploy({ family: 'linear' });
    expect(first.json()).toMatchObject({ family: 'linear', version: '1.0.0', from: null, isChanged: true });
    expect(first.text()).toContain('linear@1.0.0 answers from the next start on: every file is sound.');
    const before = entries();
    const again = await deploy({ family: 'linear', version: '1.0.0' });
    expect(again.json()).toMatchObject({ isChanged: false, from: '1.0.0', at: first.json()['at'] });
    expect(again.text()).toContain('answered already: every file is sound, nothing was written.');
    expect(entries()).toBe(before);
  });

  it('puts one version in the place of another, and goes back to what is built in', async () => {
    const forth = await deploy({ family: 'vader', version: '1.1.0' });
    expect(forth.text()).toContain('vader@1.1.0 answers from the next start on, in place of vader@1.0.0');
    expect(await evaluate(['vader'])).toMatchObject({ vader: { version: '1.1.0' } });
    const back = await deploy({ family: 'vader', version: '1.0.0' });
    expect(back.json()).toMatchObject({ from: '1.1.0', isChanged: true, manifestHash: null });
    expect(await evaluate(['vader'])).toMatchObject({ vader: { version: '1.0.0' } });
  });

  it.each([
    [
      'a version that is not there',
      { family: 'linear', version: '9.9.9' },
      { code: 'REGISTRY_MODEL_NOT_FOUND', words: 'linear@1.0.0' },
    ],
    ['a family without a version', { family: 'cryptobert' }, { code: 'USAGE_INVALID', words: 'cryptobert' }],
    [
      'a family that is switched off',
      { family: 'finbert' },
      { code: 'USAGE_INVALID', words: 'vader, linear' },
    ],
  ])('refuses %s', async (_, options, { code, words }) => {
    const before = entries();
    await expect(deployCommand(options, makeTrace().context)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(words) as string,
    });
    expect(entries()).toBe(before);
  });

  it('refuses a version of which a byte changed, naming the file', async () => {
    const path = join(dataDir, 'scorers', 'vader', '1.1.1');
    const [file] = (trained['vader']!.json()['files'] as { path: string }[]).map((each) => each.path);
    const whole = readFileSync(join(path, file!));
    const changed = Buffer.from(whole);
    changed[10]! ^= 4;
    writeFileSync(join(path, file!), changed);
    await expect(deploy({ family: 'vader', version: '1.1.1' })).rejects.toMatchObject({
      code: 'REGISTRY_ARTIFACT_CHANGED',
      message: expect.stringContaining(file!) as string,
    });
    writeFileSync(join(path, file!), whole);
  });
});

describe('rollback of a scorer', () => {
  const own = join(root, 'rollback');
  const trace = () =>
    traceCommand({ LOG_LEVEL: 'silent', BELLWETHER_DATA_DIR: own, BELLWETHER_FINBERT: 'off' });

  it('lets the version before answer again, and says how deploy is taken back', async () => {
    for (let turn = 0; turn < 2; turn += 1) {
      await retrainCommand({ family: 'linear', data: [data], seed: 1 }, trace().context);
    }
    const deployed = trace();
    await deployCommand({ family: 'linear', version: '1.0.0' }, trace().context);
    await deployCommand({ family: 'linear', version: '1.0.1' }, deployed.context);
    expect(deployed.text()).toContain('rollback --family linear');
    const back = trace();
    expect(await rollbackCommand({ family: 'linear' }, back.context)).toBe(0);
    expect(back.json()).toMatchObject({ family: 'linear', version: '1.0.0', from: '1.0.1', isChanged: true });
    const listed = trace();
    await listScorers({}, listed.context);
    expect(listed.text()).toMatch(
      /Deployed, the newest first\n {2}linear@1\.0\.0 .*operator\n {2}linear@1\.0\.1/,
    );
  });

  it('goes back to what is built in, and refuses where nothing was deployed', async () => {
    await retrainCommand({ family: 'vader', data: [data], seed: 1 }, trace().context);
    await expect(rollbackCommand({ family: 'vader' }, trace().context)).rejects.toThrow(
      'Nothing of vader was deployed',
    );
    await deployCommand({ family: 'vader' }, trace().context);
    const back = trace();
    await rollbackCommand({ family: 'vader' }, back.context);
    expect(back.json()).toMatchObject({ version: '1.0.0', from: '1.1.0' });
    await expect(rollbackCommand({ family: 'trees' }, trace().context)).rejects.toThrow('leave it out');
  });

  it.each(['deploy', 'retrain'] as const)('is no family that nobody knows: %s', async (what) => {
    const attempt =
      what === 'deploy'
        ? deployCommand({ family: 'foo' }, trace().context)
        : retrainCommand({ family: 'foo', data: [data], seed: 1 }, trace().context);
    await expect(attempt).rejects.toThrow(/foo.*linear/s);
  });

  it('is told where a family has no version yet', async () => {
    await expect(deployCommand({ family: 'ensemble' }, trace().context)).rejects.toThrow(
      'No version of ensemble was trained here',
    );
  });
});
