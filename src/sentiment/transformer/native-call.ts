/**
 * The runtime ends the whole process when its thread is ended within a call. So a thread counts those that it is in (two
 * batches overlap), begins none once it is told to stop, and whoever ends the process waits for those that run.
 */
export type CallState = Int32Array<SharedArrayBuffer>;

const RUNNING = 0;
const STOPPED = 1;
/** A run of the longest text takes less than a second; on a machine that is overrun, several. */
const LONGEST_MS = 30_000;

/** Shared by the thread and whoever has started it. */
export function createCallState(): CallState {
  return new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT));
}

/** In the thread: makes a call, or never returns when it has been told to stop. */
export async function callNative<Result>(state: CallState, call: () => Promise<Result>): Promise<Result> {
  Atomics.add(state, RUNNING, 1);
  // Said first and asked then: so either this sees the order to stop, or whoever gave it sees the call.
  if (Atomics.load(state, STOPPED) === 1) {
    leave(state);
    return new Promise<never>(() => undefined);
  }
  try {
    return await call();
  } finally {
    leave(state);
  }
}

/** Elsewhere: no call begins any more, and none runs when it returns. Blocks, because it is for a process that ends. */
export function stopCalls(state: CallState): void {
  Atomics.store(state, STOPPED, 1);
  for (let running = countCalls(state); running > 0; running = countCalls(state)) {
    if (Atomics.wait(state, RUNNING, running, LONGEST_MS) === 'timed-out') return;
  }
}

/** How many calls have begun and not ended. */
export function countCalls(state: CallState): number {
  return Atomics.load(state, RUNNING);
}

function leave(state: CallState): void {
  Atomics.sub(state, RUNNING, 1);
  Atomics.notify(state, RUNNING);
}
