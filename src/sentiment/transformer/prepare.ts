import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { z } from 'zod';
import { isAppError, readJsonFile, withExclusiveLock, writeJsonFile } from '../../core/index.ts';
import { modelDiskRefused, modelUnusable } from './errors.ts';
import { sha256Of } from './hub-pin.ts';
import type { ModelFolder } from './model-folder.ts';
import type { PrepareAnswer, PrepareOrder } from './prepare-worker.ts';

/** What the runtime is given. */
export interface PreparedModel {
  /** Of an ONNX file whose bytes have just been verified. */
  path: string;
  sha256: string;
  /** `int8`, or why it is something else. */
  note: string;
}

export interface PrepareOptions {
  /** `auto`: int8 where it passes the gate. */
  precision: 'auto' | 'fp32';
  onProgress: (phrase: string) => void;
  /** When aborted, the thread that makes it is ended. */
  signal?: AbortSignal;
}

const PROGRAM = new URL('./prepare-worker.ts', import.meta.url);
const FOLDER = 'prepared';
const RECORD = 'prepared.json';
/** Counted up when what is made of the same weights changes. */
const FORM = 1;
const STORAGE_CODES: ReadonlySet<string> = new Set(['SENTIMENT_MODEL_DISK', 'DATA_FOLDER_UNUSABLE']);
/** Half a gigabyte on a slow machine. */
const LONGEST_MS = 1_800_000;

const recordSchema = z.object({
  form: z.number(),
  precision: z.string(),
  /** SHA-256 of the weights that it was made of. */
  source: z.string(),
  /** Null: the weights as they came. */
  file: z
    .string()
    .regex(/^\w+\.onnx$/)
    .nullable(),
  sha256: z.string(),
  note: z.string(),
});

/**
 * Makes a model ready to run: turns weights into ONNX where they are none, makes an int8 form, and lets the gate decide
 * which one serves. Done once; the result lies in the folder `prepared` beside the model with its hash, and is made anew
 * when it or the weights are not what they were. It takes twice the memory of the weights and a thread of its own.
 * @throws AppError `SENTIMENT_MODEL_UNUSABLE`, `SENTIMENT_MODEL_DISK`
 */
export async function prepareModel(model: ModelFolder, options: PrepareOptions): Promise<PreparedModel> {
  try {
    return await prepareBeside(model, options);
  } catch (error) {
    const isRoomless = isAppError(error) && STORAGE_CODES.has(error.code);
    if (!isRoomless || model.files.weights.format !== 'onnx') throw error;
    // It can run as it came, for instance from a disk that is only read.
    const path = join(model.folder, model.files.weights.path);
    const note = `as it came, for nothing can be kept beside it: ${error.message}`;
    return { path, sha256: await sha256Of(path), note };
  }
}

async function prepareBeside(model: ModelFolder, options: PrepareOptions): Promise<PreparedModel> {
  const weights = join(model.folder, model.files.weights.path);
  const source = await sha256Of(weights);
  const into = join(model.folder, FOLDER);
  const present = await readPrepared({ into, weights, source, options });
  if (present !== null) return present;
  await mkdir(into, { recursive: true }).catch((error: Error) => {
    throw modelDiskRefused(into, { problem: error.message, cause: error });
  });
  return withExclusiveLock(
    join(into, '.lock'),
    async () => {
      const meanwhile = await readPrepared({ into, weights, source, options });
      if (meanwhile !== null) return meanwhile;
      await rm(join(into, RECORD), { force: true });
      const { file, note } = await runWorker(
        orderOf(model, { into, weights, precision: options.precision }),
        options,
      );
      const path = file === null ? weights : join(into, file);
      const sha256 = await sha256Of(path);
      const record = { form: FORM, precision: options.precision, source, file, sha256, note };
      writeJsonFile(join(into, RECORD), record);
      return { path, sha256, note };
    },
    LONGEST_MS,
  );
}

interface Place {
  into: string;
  weights: string;
  source: string;
  options: PrepareOptions;
}

async function readPrepared({ into, weights, source, options }: Place): Promise<PreparedModel | null> {
  const record = readJsonFile(join(into, RECORD), recordSchema);
  if (record === null || record.form !== FORM || record.source !== source) return null;
  if (record.precision !== options.precision) return null;
  const { file, sha256, note } = record;
  if (file === null) return { path: weights, sha256, note };
  const path = join(into, file);
  const found = await sha256Of(path).catch(() => null);
  return found === sha256 ? { path, sha256, note } : null;
}

function orderOf(
  { files, config, tokenizer, tokenizerSettings, maxTokens }: ModelFolder,
  { into, weights, precision }: { into: string; weights: string; precision: PrepareOrder['precision'] },
): PrepareOrder {
  const { format } = files.weights;
  return { path: weights, format, config, tokenizer, tokenizerSettings, maxTokens, into, precision };
}

async function runWorker(
  order: PrepareOrder,
  { onProgress, signal }: PrepareOptions,
): Promise<{ file: string | null; note: string }> {
  signal?.throwIfAborted();
  const worker = new Worker(PROGRAM, { workerData: order });
  try {
    return await new Promise((resolve, reject) => {
      const refuse = (problem: string, cause?: unknown) =>
        reject(
          modelUnusable({
            place: order.path,
            problem: `it could not be made ready: ${problem}`,
            remedy: 'Fetch or export it again; it needs twice its size in memory for a moment.',
            cause,
          }),
        );
      signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
      worker.on('message', (answer: PrepareAnswer) => {
        if (answer.kind === 'progress') onProgress(answer.phrase);
        else if (answer.kind === 'done') resolve(answer);
        else if (/^E[A-Z]+$/.test(answer.systemCode ?? '')) {
          reject(modelDiskRefused(order.into, { problem: answer.problem }));
        } else refuse(answer.problem);
      });
      worker.on('error', (error: Error) => refuse(error.message, error));
      worker.on('exit', (code) => refuse(`its thread ended with code ${code}`));
    });
  } finally {
    await worker.terminate();
  }
}
