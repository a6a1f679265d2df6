import { hash } from 'node:crypto';
import { SENTIMENTS, type Score, type Scorer, type SentimentLabel } from '../scorer.ts';
import { openEngine, type EngineOptions, type RunOptions } from './engine.ts';
import { readModelFolder, type ModelFolder } from './model-folder.ts';
import { prepareModel, type PrepareOptions } from './prepare.ts';

/** A scorer on a network. */
export interface Transformer extends Scorer {
  /** What its user should know: `int8`, or why it is something else. */
  readonly note: string;
  close(): Promise<void>;
}

export interface TransformerOptions
  extends Partial<PrepareOptions>, Pick<EngineOptions, 'queueBound' | 'cacheEntries'> {
  family: string;
  /** Semantic version without a leading v. */
  version: string;
  /** Holds the model: ONNX or safetensors, `config.json`, `tokenizer.json`. What is made of it is kept in it. */
  modelDir: string;
  /** Adds to the version what the model was made of, `1.0.0+1f2e3d4c`, so that no two models have one name. */
  isNamedByContent?: boolean;
  /** Threads of one run: 1, or 2 where a processor is free. */
  threads?: number;
}

/**
 * Opens a BERT- or RoBERTa-shaped classifier of sentiment. Texts are scored in a thread of its own, each by itself, so
 * that a text has one score whoever its neighbours are.
 * @returns `score` refuses with `SENTIMENT_OVERLOADED` when too much waits; `close` ends the thread
 * @throws AppError of `transformer/errors.ts`, from which `unavailableBecause` makes a state
 * @example
 * const finbert = await createTransformer({ family: 'finbert', version: '1.0.0', modelDir: 'models/finbert' });
 * const [score] = await finbert.score(['Bitcoin rallies']);
 */
export async function createTransformer({
  family,
  version: base,
  modelDir,
  isNamedByContent = false,
  threads = 1,
  precision = 'auto',
  onProgress = () => {},
  signal,
  ...limits
}: TransformerOptions): Promise<Transformer> {
  const model = await readModelFolder(modelDir);
  const { path, note, sha256 } = await prepareModel(model, {
    precision,
    onProgress,
    ...(signal && { signal }),
  });
  const version = isNamedByContent ? `${base}+${contentOf(model, sha256)}` : base;
  onProgress('warming up');
  const { tokenizer, tokenizerSettings, maxTokens, classes } = model;
  const order = { path, threads, tokenizer, tokenizerSettings, maxTokens };
  const engine = await openEngine({ family, order, ...limits });
  const score = async (texts: readonly string[], options?: RunOptions) =>
    (await engine.run(texts, options)).map((row) => toScore(row, classes));
  return {
    family,
    version,
    note,
    score: (texts) => score(texts),
    lasting: { family, version, score: (texts) => score(texts, { isPatient: true }) },
    close: () => engine.close(),
  };
}

/** Eight digits of what decides the scores: the network as it runs, its tokens and what its classes mean. */
function contentOf(
  { tokenizer, tokenizerSettings, maxTokens, classes }: ModelFolder,
  sha256: string,
): string {
  return hash('sha256', JSON.stringify([sha256, tokenizer, tokenizerSettings, maxTokens, classes])).slice(
    0,
    8,
  );
}

/** @param row - probabilities in the network's order; classes of one meaning are added up */
export function toScore(row: readonly number[], classes: readonly SentimentLabel[]): Score {
  const probabilities = { negative: 0, neutral: 0, positive: 0 };
  classes.forEach((meaning, place) => {
    probabilities[meaning] += row[place] ?? 0;
  });
  const label = SENTIMENTS.reduce((best, name) => (probabilities[name] > probabilities[best] ? name : best));
  const sentiment = Math.max(-1, Math.min(1, probabilities.positive - probabilities.negative));
  return { sentiment, confidence: probabilities[label], label, probabilities };
}
