import { Worker } from 'node:worker_threads';
import type { Arena } from './arena.ts';
import { METHODS, type Kernel, type KernelName } from './kernel.ts';
import { HEADER, JOB, JOB_BYTES } from './layout.ts';
import { createPlainKernel } from './plain-kernel.ts';
import { createWasmKernel } from './wasm-kernel.ts';

/** Looks at a counter this often before falling asleep: some microseconds, about what waking takes. */
const LOOKS = 2_000;

/** Those who do jobs: this thread, and others beside it. */
export interface Team {
  /** Address of the job in place `place` of the phase that is being put together. */
  job(place: number): number;
  /** Does the first `count` jobs, in whatever order, and returns when all are done. */
  run(count: number): void;
  /** Sends the other threads home. */
  close(): void;
}

/** What a thread of a team is given. */
export interface Membership {
  memory: WebAssembly.Memory;
  jobs: number;
  jobCapacity: number;
  kernelName: KernelName;
}

/** A thread at work. */
interface Member extends Membership {
  kernel: Kernel;
  ints: Int32Array;
}

/**
 * Threads that share the jobs of a phase. Whoever is free takes the next one; nobody waits for a thread that has not
 * started yet. Which thread does a job makes no difference to what it writes.
 * @param options.threads - this one included
 */
export function createTeam(arena: Arena, options: { threads: number; kernel: KernelName }): Team {
  const { memory, jobs, jobCapacity, ints } = arena;
  const kernel = createKernel(options.kernel, memory);
  const others = options.threads - 1;
  if (others < 1) {
    return {
      job: (place) => jobs + place * JOB_BYTES,
      run(count) {
        for (let place = 0; place < count; place += 1) runJob(kernel, ints, jobs + place * JOB_BYTES);
      },
      close: () => {},
    };
  }
  const membership: Membership = { memory, jobs, jobCapacity, kernelName: options.kernel };
  for (let other = 0; other < others; other += 1) {
    const worker = new Worker(new URL('./team-worker.ts', import.meta.url), { workerData: membership });
    // A failed job is told by `hasFailed`; without a thread that could not start the others do its work.
    worker.on('error', () => {});
    worker.unref();
  }
  let begun = 0;
  const member: Member = { ...membership, kernel, ints };
  return {
    job: (place) => jobs + ((begun + place) % jobCapacity) * JOB_BYTES,
    run(count) {
      begun += count;
      Atomics.store(ints, HEADER.limit >> 2, begun);
      if (count > 1) Atomics.notify(ints, HEADER.limit >> 2);
      while (takeJob(member)) continue;
      awaitDone(ints, begun);
    },
    close() {
      Atomics.store(ints, HEADER.isOver >> 2, 1);
      // Changed as well: a thread that is about to sleep on it would not hear of the end.
      Atomics.store(ints, HEADER.limit >> 2, -1);
      Atomics.notify(ints, HEADER.limit >> 2);
    },
  };
}

/** What a further thread does until the team is closed. */
export function workInTeam(membership: Membership): void {
  const ints = new Int32Array(membership.memory.buffer);
  const kernel = createKernel(membership.kernelName, membership.memory);
  const member: Member = { ...membership, kernel, ints };
  for (let looks = 0; Atomics.load(ints, HEADER.isOver >> 2) === 0; looks += 1) {
    const limit = Atomics.load(ints, HEADER.limit >> 2);
    if (takeJob(member)) looks = 0;
    else if (looks > LOOKS) Atomics.wait(ints, HEADER.limit >> 2, limit);
  }
}

function createKernel(name: KernelName, memory: WebAssembly.Memory): Kernel {
  return name === 'wasm' ? createWasmKernel(memory) : createPlainKernel(memory);
}

function runJob(kernel: Kernel, ints: Int32Array, job: number): void {
  const method = METHODS[ints[(job + JOB.kind) >> 2] as number];
  if (method === undefined) throw new RangeError(`there is no job of kind ${ints[(job + JOB.kind) >> 2]}`);
  kernel[method](job);
}

/**
 * Takes the next job and does it. Counters only ever rise, so a thread that comes late finds either a job of the present
 * phase or none. @returns false where there is none
 */
function takeJob({ kernel, ints, jobs, jobCapacity }: Member): boolean {
  const next = Atomics.load(ints, HEADER.next >> 2);
  if (next >= Atomics.load(ints, HEADER.limit >> 2)) return false;
  if (Atomics.compareExchange(ints, HEADER.next >> 2, next, next + 1) !== next) return true;
  try {
    runJob(kernel, ints, jobs + (next % jobCapacity) * JOB_BYTES);
  } catch (error) {
    Atomics.store(ints, HEADER.hasFailed >> 2, 1);
    throw error;
  } finally {
    Atomics.add(ints, HEADER.done >> 2, 1);
    Atomics.notify(ints, HEADER.done >> 2);
  }
  return true;
}

function awaitDone(ints: Int32Array, limit: number): void {
  for (let looks = 0; ; looks += 1) {
    const done = Atomics.load(ints, HEADER.done >> 2);
    if (Atomics.load(ints, HEADER.hasFailed >> 2) !== 0)
      throw new Error('a thread that grows trees has failed');
    if (done === limit) return;
    if (looks > LOOKS) Atomics.wait(ints, HEADER.done >> 2, done);
  }
}
