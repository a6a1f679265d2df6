import { Worker } from 'node:worker_threads';
import type { EngineAnswer, EngineOrder, EngineQuestion, EngineWorkerData } from './engine-worker.ts';
import { createCallState, stopCalls } from './native-call.ts';

/** A thread that runs a model. It keeps the process alive while it has something to do. */
export interface EngineThread {
  /** @returns probabilities in the network's order of classes, one row a text; rejects when the thread ends */
  run(texts: string[]): Promise<number[][]>;
  close(): Promise<void>;
}

/** Tensors lie outside of V8's heap; a tokenizer of thirty thousand words needs fifty megabytes in it. */
const LIMITS = { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 256 };
/** A run of the longest text takes less; what does not end by itself is ended. */
const FAREWELL_MS = 10_000;

interface Task {
  resolve(rows: number[][]): void;
  reject(error: Error): void;
}

/**
 * Starts a thread, and waits until it has loaded and warmed up its model.
 * @throws Error with the thread's own words when it cannot
 */
export async function startEngineThread(
  program: URL,
  order: EngineOrder,
  onEnd: (cause: Error) => void,
): Promise<EngineThread> {
  const calls = createCallState();
  const workerData: EngineWorkerData = { ...order, calls };
  const worker = new Worker(program, { workerData, resourceLimits: LIMITS });
  const onProcessEnd = () => stopCalls(calls);
  process.once('exit', onProcessEnd);
  worker.once('exit', () => process.off('exit', onProcessEnd));
  const tasks = new Map<number, Task>();
  let questions = 0;
  let cause: Error | null = null;
  const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  worker.on('error', (error: Error) => {
    cause = error;
  });
  await new Promise<void>((resolve, reject) => {
    worker.once('message', (answer: EngineAnswer) => {
      if (answer.kind === 'ready') return resolve();
      reject(new Error(answer.kind === 'failed' ? answer.problem : 'it spoke out of turn'));
      void worker.terminate();
    });
    worker.once('exit', (code) => reject(cause ?? new Error(`it ended with code ${code}`)));
  });
  worker.unref();
  worker.on('message', (answer: EngineAnswer) => {
    if (answer.kind !== 'scored' && answer.kind !== 'refused') return;
    const task = tasks.get(answer.id);
    tasks.delete(answer.id);
    if (tasks.size === 0) worker.unref();
    if (answer.kind === 'scored') task?.resolve(answer.rows);
    else task?.reject(new Error(answer.problem));
  });
  worker.once('exit', (code) => {
    const reason = cause ?? new Error(`it ended with code ${code}`);
    for (const task of tasks.values()) task.reject(reason);
    tasks.clear();
    onEnd(reason);
  });
  return {
    run: async (texts) =>
      new Promise((resolve, reject) => {
        const id = (questions += 1);
        tasks.set(id, { resolve, reject });
        worker.ref();
        worker.postMessage({ id, texts } satisfies EngineQuestion);
      }),
    async close() {
      worker.ref();
      worker.postMessage(null satisfies EngineQuestion);
      const patience = setTimeout(() => {
        stopCalls(calls);
        void worker.terminate();
      }, FAREWELL_MS);
      await ended;
      clearTimeout(patience);
    },
  };
}
