import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { artifactInvalid } from '../errors.ts';
import type { ScorerFamily, ScorerFiles, ScorerTraining } from '../scorer-family.ts';
import type { RatedText } from '../rated-texts.ts';
import { trainHead } from './head-training.ts';
import { readModelFolder, type ModelFolder } from './model-folder.ts';
import { withPooledOutput } from './onnx-head.ts';
import { safetensorsToOnnx } from './safetensors-to-onnx.ts';
import { openSession } from './session.ts';
import { createTokens } from './tokens.ts';
import { createTransformer } from './transformer.ts';

const WEIGHTS = 'model.onnx';
const CONFIG = 'config.json';
const TOKENIZER = 'tokenizer.json';
const SETTINGS = 'tokenizer_config.json';
const POOLED = 'pooled';

/** Where a family's pretrained model is, fetched if need be. */
export type BaseFolder = (onProgress: (phrase: string) => void) => Promise<string>;

/**
 * A transformer whose head is retrained: the encoder stays as it is, and a version is again a plain ONNX model with its
 * tokenizer beside it. Training takes minutes on a processor; see `trainHead`.
 * @param options.baseFolder - what training goes on from where no version is named
 */
export function createTransformerFamily({
  name,
  baseFolder,
}: {
  name: string;
  baseFolder: BaseFolder;
}): ScorerFamily {
  return {
    name,
    async train(rows, training) {
      const folder = await folderOf(training, baseFolder);
      return trainVersion(name, await readModelFolder(folder), { rows, training });
    },
    async load(files, version) {
      return createTransformer({ family: name, version, modelDir: await verifiedFolder(name, files) });
    },
  };
}

async function folderOf({ base, onProgress }: ScorerTraining, baseFolder: BaseFolder): Promise<string> {
  if (base !== null) return verifiedFolder('base', base.files);
  return baseFolder((phrase) => onProgress?.(phrase, null));
}

async function trainVersion(
  family: string,
  model: ModelFolder,
  { rows, training }: { rows: readonly RatedText[]; training: ScorerTraining },
) {
  const bytes = await readFile(join(model.folder, model.files.weights.path));
  const modelBytes = model.files.weights.format === 'onnx' ? bytes : safetensorsToOnnx(bytes, model.config);
  const scratch = await mkdtemp(join(tmpdir(), 'bellwether-head-'));
  try {
    const path = join(scratch, WEIGHTS);
    await writeFile(path, withPooledOutput(modelBytes));
    const session = await openSession(path, { threads: 1, output: POOLED });
    const { maxTokens, tokenizer, tokenizerSettings } = model;
    const tokens = createTokens({ tokenizer, settings: tokenizerSettings, maxTokens });
    const {
      modelBytes: trained,
      parameters,
      metrics,
    } = await trainHead({
      family,
      modelBytes,
      labels: model.classes,
      rows,
      seed: training.seed,
      ...(training.onProgress && { onProgress: training.onProgress }),
      async encode(texts) {
        const vectors: Float32Array[] = [];
        for (const text of texts) vectors.push(await session.run(tokens.encode(text)));
        const width = vectors[0]?.length ?? 0;
        const matrix = new Float32Array(texts.length * width);
        vectors.forEach((vector, row) => {
          matrix.set(vector, row * width);
        });
        return matrix;
      },
    });
    await session.close();
    const files = new Map<string, Uint8Array>([
      [WEIGHTS, trained],
      [CONFIG, Buffer.from(JSON.stringify(model.config))],
      [TOKENIZER, Buffer.from(JSON.stringify(model.tokenizer))],
      [SETTINGS, Buffer.from(JSON.stringify(model.tokenizerSettings))],
    ]);
    return { files, parameters, metrics };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** The folder of files that have all been held against their hashes just now. */
async function verifiedFolder(family: string, files: ScorerFiles): Promise<string> {
  for (const name of [WEIGHTS, CONFIG, TOKENIZER]) {
    if (!files.names.includes(name)) throw artifactInvalid(family, `it has no file ${name}`);
  }
  let folder = '';
  for (const name of files.names) folder = dirname(await files.locate(name));
  return folder;
}
