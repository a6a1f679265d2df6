import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TinyName } from './fixtures/tiny-models.ts';
import { readModelFolder } from './model-folder.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bellwether-model-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function take(name: TinyName, changes: Record<string, unknown> = {}): void {
  cpSync(join(import.meta.dirname, 'fixtures', name), folder, { recursive: true });
  const config = JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8')) as object;
  writeFileSync(join(folder, 'config.json'), JSON.stringify({ ...config, ...changes }));
}
const write = (path: string, content = '') => writeFileSync(join(folder, path), content);

describe('readModelFolder', () => {
  it('takes the order of the classes from the model, whatever it is', async () => {
    take('tiny-bert');
    expect((await readModelFolder(folder)).classes).toEqual(['positive', 'negative', 'neutral']);
    take('tiny-roberta');
    expect((await readModelFolder(folder)).classes).toEqual(['negative', 'neutral', 'positive']);
  });

  it('takes the length from the positions, of which RoBERTa leaves the first two unused', async () => {
    take('tiny-bert', { max_position_embeddings: 128 });
    expect((await readModelFolder(folder)).maxTokens).toBe(128);
    rmSync(join(folder, 'tokenizer_config.json'));
    take('tiny-roberta');
    rmSync(join(folder, 'tokenizer_config.json'));
    expect((await readModelFolder(folder)).maxTokens).toBe(512);
  });

  it('takes the shorter of what model and tokenizer say, and no number that means no limit', async () => {
    take('tiny-bert');
    write('tokenizer_config.json', '{"model_max_length": 64}');
    expect((await readModelFolder(folder)).maxTokens).toBe(64);
    write('tokenizer_config.json', '{"model_max_length": 1e30}');
    expect((await readModelFolder(folder)).maxTokens).toBe(512);
    take('tiny-bert', { max_position_embeddings: undefined });
    write('tokenizer_config.json', '{}');
    await expect(readModelFolder(folder)).rejects.toThrow('how long a text may be');
  });

  it('asks what classes without a meaning mean, and takes it from a config that says it', async () => {
    take('tiny-bert', { id2label: { 0: 'LABEL_0', 1: 'LABEL_1', 2: 'LABEL_2' } });
    await expect(readModelFolder(folder)).rejects.toMatchObject({
      code: 'SENTIMENT_MODEL_UNUSABLE',
      message: expect.stringMatching(
        /LABEL_0, LABEL_1, LABEL_2.*id2label.*{"0":"negative","1":"neutral","2":"positive"}/,
      ) as string,
    });
    take('tiny-bert', { id2label: { 0: 'Neutral', 1: 'BULLISH', 2: 'neg' } });
    expect((await readModelFolder(folder)).classes).toEqual(['neutral', 'positive', 'negative']);
  });

  it('refuses classes that are none of sentiment', async () => {
    take('tiny-bert', { id2label: { 0: 'neutral', 1: 'positive' } });
    await expect(readModelFolder(folder)).rejects.toThrow('is negative');
    take('tiny-bert', { id2label: {} });
    await expect(readModelFolder(folder)).rejects.toThrow('does not name its classes');
  });

  it('prefers ONNX, wherever exports put it, to weights that have to be turned into it', async () => {
    take('tiny-bert');
    expect((await readModelFolder(folder)).files.weights).toEqual({ path: 'model.onnx', format: 'onnx' });
    rmSync(join(folder, 'model.onnx'));
    mkdirSync(join(folder, 'onnx'));
    write('onnx/model_quantized.onnx');
    expect((await readModelFolder(folder)).files.weights.path).toBe('onnx/model_quantized.onnx');
    write('onnx/model.onnx');
    write('onnx/model.onnx_data');
    expect((await readModelFolder(folder)).files.weights.path).toBe('onnx/model.onnx');
    expect((await readModelFolder(folder)).files.companions).toContain('onnx/model.onnx_data');
    rmSync(join(folder, 'onnx'), { recursive: true });
    expect((await readModelFolder(folder)).files.weights.format).toBe('safetensors');
  });

  it('opens no pickle file, and says what to do', async () => {
    take('tiny-bert');
    rmSync(join(folder, 'model.onnx'));
    rmSync(join(folder, 'model.safetensors'));
    await expect(readModelFolder(folder)).rejects.toThrow(
      'neither model.onnx nor onnx/model.onnx nor model.safetensors',
    );
    write('pytorch_model.bin');
    await expect(readModelFolder(folder)).rejects.toThrow(/pickle file.*safe_serialization=True/);
  });

  it.each(['config.json', 'tokenizer.json'])('says when %s is missing or broken', async (name) => {
    take('tiny-bert');
    write(name, '{');
    await expect(readModelFolder(folder)).rejects.toThrow(`${name} is not what its name says`);
    rmSync(join(folder, name));
    await expect(readModelFolder(folder)).rejects.toThrow(`${name} is not there`);
  });

  it('says when there is no such folder', async () => {
    await expect(readModelFolder(join(folder, 'nowhere'))).rejects.toMatchObject({
      code: 'SENTIMENT_MODEL_UNUSABLE',
    });
  });
});
