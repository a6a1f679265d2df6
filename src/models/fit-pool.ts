import { Worker } from 'node:worker_threads';
import { fitStopped, fitWorkerDied } from './errors.ts';
import { MODEL_FAMILIES } from './families.ts';
import type { FitAnswer, FitOrder } from './fit-worker.ts';
import type { Model, ModelFamily, TrainingRows } from './model.ts';

/** Fits families away from the event loop. */
export interface FitPool {
  /**
   * Fits a family by its name in `MODEL_FAMILIES` in a worker thread; as many at once as there are threads. The rows
   * must stay as they are until it is done.
   * @returns the model, loaded from what the worker saved: the same as a fit in this thread
   * @throws RangeError when there is no such family, and whatever the family's `fit` throws
   * @throws AppError `MODEL_FIT_WORKER_DIED` when the thread ended, `MODEL_FIT_STOPPED` when the pool was closed
   */
  fit(family: string, rows: TrainingRows, options: { seed: number }): Promise<Model>;
  /** Ends the threads. Fits that are not done are rejected. */
  close(): Promise<void>;
}

export interface FitPoolOptions {
  /** Fits at once, each in a thread that is started when it is first needed; 0 fits in this thread. */
  threads: number;
  /** What the threads run; another one only in tests. */
  program?: URL;
}

const PROGRAM = new URL('./fit-worker.ts', import.meta.url);

interface Task {
  family: ModelFamily;
  order: FitOrder;
  resolve(model: Model): void;
  reject(reason: unknown): void;
}

interface Seat {
  worker: Worker;
  task: Task | null;
}

/**
 * A pool of threads that fit models. Idle threads do not keep the process alive; one that dies takes its task with it
 * and is replaced.
 * @throws RangeError when `threads` is no whole number
 * @example await createFitPool({ threads: 2 }).fit('trees', rows, { seed: 1 })
 */
export function createFitPool({ threads, program = PROGRAM }: FitPoolOptions): FitPool {
  if (!Number.isInteger(threads) || threads < 0) {
    throw new RangeError(`threads is a whole number from 0 on, got ${threads}`);
  }
  const seats = new Set<Seat>();
  const waiting: Task[] = [];
  let closed = false;

  function takeSeat(): Seat {
    const seat: Seat = { worker: new Worker(program), task: null };
    let cause: unknown;
    seat.worker.on('message', (answer: FitAnswer) => {
      const { task } = seat;
      seat.task = null;
      seat.worker.unref();
      if (task) settle(task, answer);
      assign();
    });
    seat.worker.on('error', (error) => {
      cause = error;
    });
    seat.worker.on('exit', (exitCode) => {
      seats.delete(seat);
      seat.task?.reject(fitWorkerDied(seat.task.order.family, { exitCode, cause }));
      assign();
    });
    seats.add(seat);
    return seat;
  }

  function assign(): void {
    while (waiting.length > 0 && !closed) {
      const idle = [...seats].find(({ task }) => task === null);
      if (idle === undefined && seats.size >= threads) return;
      const seat = idle ?? takeSeat();
      const task = waiting.shift();
      if (task) hand(seat, task);
    }
  }

  return {
    async fit(name, rows, { seed }) {
      const family = familyOf(name);
      if (closed) throw fitStopped(name);
      if (threads === 0) return family.fit(rows, { seed });
      return new Promise((resolve, reject) => {
        waiting.push({ family, order: { family: name, rows, seed }, resolve, reject });
        assign();
      });
    },
    async close() {
      closed = true;
      const running = [...seats].flatMap((seat) => seat.task ?? []);
      for (const task of [...running, ...waiting.splice(0)]) task.reject(fitStopped(task.order.family));
      await Promise.all([...seats].map(({ worker }) => worker.terminate()));
    },
  };
}

function hand(seat: Seat, task: Task): void {
  seat.task = task;
  seat.worker.ref();
  const { values, labels, futureReturns, columns, count } = task.order.rows;
  // Cut out first: a view would be sent with all of the memory that it looks at.
  const rows = {
    columns,
    count,
    values: cutOut(values),
    labels: cutOut(labels),
    futureReturns: cutOut(futureReturns),
  };
  seat.worker.postMessage({ ...task.order, rows });
}

function cutOut<Values extends Float64Array | Uint8Array>(values: Values): Values {
  const isWhole = values.byteLength === values.buffer.byteLength;
  return isWhole ? values : (values.slice() as Values);
}

function settle({ family, resolve, reject }: Task, answer: FitAnswer): void {
  if ('error' in answer) return reject(answer.error);
  try {
    resolve(family.load(JSON.parse(answer.saved)));
  } catch (error) {
    reject(error);
  }
}

function familyOf(name: string): ModelFamily {
  if (!Object.hasOwn(MODEL_FAMILIES, name)) {
    throw new RangeError(`no family is named ${name}; there are: ${Object.keys(MODEL_FAMILIES).join(', ')}`);
  }
  return MODEL_FAMILIES[name as keyof typeof MODEL_FAMILIES];
}
