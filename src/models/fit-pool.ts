import { Worker } from 'node:worker_threads';
import { fitStopped, fitWorkerDied, retoldFitError } from './errors.ts';
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
  /** Fits at once, each in a thread that is started when it is first needed; 0 fits in this thread alone. */
  threads: number;
  /**
   * True where nothing else is to be done meanwhile: this thread fits beside the others, and blocks while it does. It
   * spares the 70 to 100 MB of one more thread.
   */
  isBlocking?: boolean;
  /** What the threads run; another one only in tests. */
  program?: URL;
  /** A thread ends after so long without a fit; default 10 s. */
  idleMs?: number;
}

const PROGRAM = new URL('./fit-worker.ts', import.meta.url);

/**
 * Rows lie outside of V8's heap, so a thread needs little of it. Left to itself it would let loading the program grow it
 * to 150 MB, most of that garbage: a thread holds 70 MB with these limits and 200 MB without.
 */
const LIMITS = { maxYoungGenerationSizeMb: 8, maxOldGenerationSizeMb: 256 };

interface Task {
  family: ModelFamily;
  order: FitOrder;
  resolve(model: Model): void;
  reject(reason: unknown): void;
}

interface Seat {
  worker: Worker;
  /** The first one is being fitted. */
  tasks: Task[];
  /** Ends the thread when nothing has come for a while. */
  leaving?: NodeJS.Timeout;
}

/** Trainings are days apart: a thread gives its memory back when it has had nothing to do for so long. */
const IDLE_MS = 10_000;

/** While this thread fits it hands nothing out, so that a thread beside it is given its next task before. */
const TASKS_AHEAD = 2;

/**
 * A pool of threads that fit models. Idle threads do not keep the process alive and end after a while; one that dies
 * takes its task with it and is replaced.
 * @throws RangeError when `threads` is no whole number
 * @example await createFitPool({ threads: 2 }).fit('trees', rows, { seed: 1 })
 */
export function createFitPool({
  threads,
  isBlocking = false,
  program = PROGRAM,
  idleMs = IDLE_MS,
}: FitPoolOptions): FitPool {
  if (!Number.isInteger(threads) || threads < 0) {
    throw new RangeError(`threads is a whole number from 0 on, got ${threads}`);
  }
  const seats = new Set<Seat>();
  const waiting: Task[] = [];
  const mostTasks = isBlocking ? TASKS_AHEAD : 1;
  let isFittingHere = false;
  let closed = false;

  function takeSeat(): Seat {
    const seat = openSeat({
      program,
      idleMs,
      onLeave: () => seats.delete(seat),
      onFree(unbegun) {
        waiting.unshift(...unbegun);
        assign();
      },
    });
    seats.add(seat);
    return seat;
  }

  function freeSeat(): Seat | null {
    const idle = [...seats].find(({ tasks }) => tasks.length === 0);
    if (idle !== undefined) return idle;
    if (seats.size < threads) return takeSeat();
    return [...seats].find(({ tasks }) => tasks.length < mostTasks) ?? null;
  }

  function assign(): void {
    while (waiting.length > 0 && !closed) {
      const seat = freeSeat();
      if (seat === null) break;
      const task = waiting.shift();
      if (task) hand(seat, task);
    }
    if (!isBlocking || isFittingHere || waiting.length === 0) return;
    isFittingHere = true;
    setImmediate(fitHere);
  }

  function fitHere(): void {
    const task = closed ? undefined : waiting.shift();
    isFittingHere = false;
    if (task === undefined) return;
    const { family, order } = task;
    try {
      task.resolve(family.fit(order.rows, { seed: order.seed }));
    } catch (error) {
      task.reject(error);
    }
    assign();
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
      const handed = [...seats].flatMap(({ tasks }) => tasks.splice(0));
      for (const task of [...handed, ...waiting.splice(0)]) task.reject(fitStopped(task.order.family));
      await Promise.all([...seats].map(({ worker }) => worker.terminate()));
    },
  };
}

interface SeatOptions {
  program: URL;
  idleMs: number;
  /** It takes no more tasks: its thread has ended or is about to. */
  onLeave(): void;
  /** It is done with a task, or its thread has ended and leaves tasks behind that it had not begun. */
  onFree(unbegun: readonly Task[]): void;
}

function openSeat({ program, idleMs, onLeave, onFree }: SeatOptions): Seat {
  const seat: Seat = { worker: new Worker(program, { resourceLimits: LIMITS }), tasks: [] };
  let cause: unknown;
  const leave = () => {
    // Off the list before the thread ends, else it would be given a task on its way out.
    onLeave();
    void seat.worker.terminate();
  };
  seat.worker.on('message', (answer: FitAnswer) => {
    const task = seat.tasks.shift();
    if (seat.tasks.length === 0) {
      seat.worker.unref();
      seat.leaving = setTimeout(leave, idleMs).unref();
    }
    if (task) settle(task, answer);
    onFree([]);
  });
  seat.worker.on('error', (error) => {
    cause = error;
  });
  seat.worker.on('exit', (exitCode) => {
    clearTimeout(seat.leaving);
    onLeave();
    const [lost, ...unbegun] = seat.tasks;
    lost?.reject(fitWorkerDied(lost.order.family, { exitCode, cause }));
    onFree(unbegun);
  });
  return seat;
}

function hand(seat: Seat, task: Task): void {
  clearTimeout(seat.leaving);
  seat.tasks.push(task);
  seat.worker.ref();
  const { values, labels, futureReturns, weights, columns, count } = task.order.rows;
  // Cut out first: a view would be sent with all of the memory that it looks at.
  const rows = {
    columns,
    count,
    values: cutOut(values),
    labels: cutOut(labels),
    futureReturns: cutOut(futureReturns),
    ...(weights && { weights: cutOut(weights) }),
  };
  seat.worker.postMessage({ ...task.order, rows });
}

function cutOut<Values extends Float64Array | Uint8Array>(values: Values): Values {
  const isWhole = values.byteLength === values.buffer.byteLength;
  return isWhole ? values : (values.slice() as Values);
}

function settle({ family, resolve, reject }: Task, answer: FitAnswer): void {
  if ('error' in answer) return reject(retoldFitError(answer.error));
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
