import { closeSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { decodeOnnx, encodeOnnxPieces, isAppError, quantiseToInt8 } from '../../core/index.ts';
import { compareInt8, type RunModel } from './int8-gate.ts';
import type { ModelFiles } from './model-files.ts';
import { safetensorsToOnnx } from './safetensors-to-onnx.ts';
import { openSession, softmax } from './session.ts';
import { createTokens } from './tokens.ts';

/** What is made ready, and into which folder. */
export interface PrepareOrder {
  /** Of the weights. */
  path: string;
  format: ModelFiles['weights']['format'];
  config: object;
  tokenizer: object;
  tokenizerSettings: object;
  maxTokens: number;
  /** It is there and can be written. */
  into: string;
  precision: 'auto' | 'fp32';
}

export type PrepareAnswer =
  | { kind: 'progress'; phrase: string }
  /** `file` is what serves: a name inside of `into`, or null for the weights as they came. */
  | { kind: 'done'; file: string | null; note: string }
  | { kind: 'failed'; problem: string; systemCode: string | null };

const FP32 = 'fp32.onnx';
const INT8 = 'int8.onnx';

const port = parentPort;
const tell = (answer: PrepareAnswer) => port?.postMessage(answer);
if (port !== null) {
  await prepare(workerData as PrepareOrder).then(tell, (error: NodeJS.ErrnoException) =>
    tell({ kind: 'failed', problem: error.message, systemCode: error.code ?? null }),
  );
}

async function prepare(order: PrepareOrder): Promise<PrepareAnswer> {
  const exact = toOnnx(order);
  const asItIs = { kind: 'done', file: exact === order.path ? null : FP32 } as const;
  if (order.precision === 'fp32') return { ...asItIs, note: 'fp32, as the settings say' };
  tell({ kind: 'progress', phrase: 'making an int8 form of it' });
  const made = join(order.into, INT8);
  const obstacle = quantise(exact, made);
  if (obstacle !== null) return { ...asItIs, note: obstacle };
  tell({ kind: 'progress', phrase: 'comparing int8 with fp32' });
  const { passes, note } = await compareInt8({ fp32: runnerOf(exact, order), int8: runnerOf(made, order) });
  if (!passes) {
    rmSync(made, { force: true });
    return { ...asItIs, note };
  }
  if (exact !== order.path) rmSync(exact, { force: true });
  return { kind: 'done', file: INT8, note };
}

function toOnnx({ path, format, config, into }: PrepareOrder): string {
  if (format === 'onnx') return path;
  tell({ kind: 'progress', phrase: 'turning its weights into ONNX' });
  const made = join(into, FP32);
  writeWhole(made, [safetensorsToOnnx(readFileSync(path), config)]);
  return made;
}

/** @returns null when it is made, else why it cannot be */
function quantise(from: string, to: string): string | null {
  try {
    writeWhole(to, encodeOnnxPieces(quantiseToInt8(decodeOnnx(readFileSync(from)))));
    return null;
  } catch (error) {
    if (!isAppError(error) || !error.code.startsWith('ONNX_')) throw error;
    return `as it came, for no int8 form can be made of it: ${error.message}`;
  }
}

function writeWhole(path: string, pieces: Iterable<Uint8Array>): void {
  const draft = `${path}.draft`;
  const file = openSync(draft, 'w');
  try {
    for (const piece of pieces) {
      for (let done = 0; done < piece.length;) done += writeSync(file, piece, done);
    }
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
  renameSync(draft, path);
}

/** One at a time: two forms of a network in memory are one too many. */
function runnerOf(path: string, { tokenizer, tokenizerSettings, maxTokens }: PrepareOrder): RunModel {
  return async (texts) => {
    const tokens = createTokens({ tokenizer, settings: tokenizerSettings, maxTokens });
    const session = await openSession(path, { threads: 1 });
    const rows: number[][] = [];
    for (const text of texts) rows.push(softmax(await session.run(tokens.encode(text))));
    await session.close();
    return rows;
  };
}
