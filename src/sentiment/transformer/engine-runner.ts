import type { EngineQueue, Ticket } from './engine-queue.ts';
import type { EngineThread } from './engine-thread.ts';

/** Carries texts from a queue to a thread, and starts another thread where one has died. */
export interface EngineRunner {
  /** What a text took of late, milliseconds. */
  readonly textMs: number;
  /** Something may wait now. */
  pump(): void;
  close(): Promise<void>;
}

export interface EngineRunnerOptions {
  queue: EngineQueue;
  start(onEnd: () => void): Promise<EngineThread>;
  settle(ticket: Ticket, row: number[]): void;
  /** They are not tried again. */
  fail(tickets: readonly Ticket[], cause: unknown): void;
}

/** One runs, one lies ready, so that the thread need not wait for this one between two. */
const BATCHES_AHEAD = 2;
/** A text over which so many threads died is not the next one's affair. */
const MOST_DEATHS = 2;
/** Of BERT-base on one core, before anything was measured. */
const GUESSED_TEXT_MS = 25;
/** The last few batches count. */
const SMOOTHING = 1 / 8;

/** @throws whatever `start` throws the first time; later that is told to those who wait */
export async function startEngineRunner({
  queue,
  start,
  settle,
  fail,
}: EngineRunnerOptions): Promise<EngineRunner> {
  let thread: EngineThread | null = null;
  let starting: Promise<void> | null = null;
  let batches = 0;
  let textMs = GUESSED_TEXT_MS;
  let isClosed = false;
  /** Whether what runs is a text over which a thread has died: should it die again, no other is to blame. */
  let isAlone = false;

  async function startThread(): Promise<void> {
    const started = await start(() => {
      if (thread === started) thread = null;
    });
    thread = started;
  }

  function restart(): void {
    starting ??= startThread()
      .catch((error: unknown) => fail(queue.clear(), error))
      .finally(() => {
        starting = null;
        pump();
      });
  }

  function pump(): void {
    if (isClosed || queue.waiting === 0) return;
    if (thread === null) return restart();
    while (batches < (isAlone || queue.hasSuspects ? 1 : BATCHES_AHEAD)) {
      isAlone = queue.hasSuspects;
      const batch = queue.take();
      if (batch.length === 0) return;
      batches += 1;
      void runBatch(thread, batch).finally(() => {
        batches -= 1;
        isAlone = false;
        pump();
      });
    }
  }

  async function runBatch(on: EngineThread, batch: readonly Ticket[]): Promise<void> {
    const begun = performance.now();
    try {
      const rows = await on.run(batch.map(({ text }) => text));
      // A part of the time of a batch lies behind the one before it.
      textMs += SMOOTHING * ((performance.now() - begun) / batches / batch.length - textMs);
      batch.forEach((ticket, place) => settle(ticket, rows[place] ?? []));
    } catch (error) {
      for (const ticket of batch) ticket.deaths += 1;
      const isLost = ({ deaths }: Ticket) => isClosed || deaths >= MOST_DEATHS;
      queue.putBack(batch.filter((ticket) => !isLost(ticket)));
      fail(batch.filter(isLost), error);
    }
  }

  await startThread();
  return {
    get textMs() {
      return textMs;
    },
    pump,
    async close() {
      isClosed = true;
      await starting;
      await thread?.close();
    },
  };
}
