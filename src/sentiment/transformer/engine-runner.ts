import { LANES, type EngineQueue, type Lane, type Ticket } from './engine-queue.ts';
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
  let textMs = GUESSED_TEXT_MS;
  let isClosed = false;
  /** What runs: a batch of each lane, or one text over which a thread has died: should it die again, no other is to blame. */
  const running = new Set<Lane | 'suspect'>();

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
    if (running.has('suspect')) return;
    if (queue.hasSuspects) {
      if (running.size === 0) launch('suspect', thread, queue.takeSuspect());
      return;
    }
    for (const lane of LANES) if (!running.has(lane)) launch(lane, thread, queue.take(lane));
  }

  function launch(as: Lane | 'suspect', on: EngineThread, batch: readonly Ticket[]): void {
    if (batch.length === 0) return;
    running.add(as);
    void runBatch(on, batch).finally(() => {
      running.delete(as);
      pump();
    });
  }

  async function runBatch(on: EngineThread, batch: readonly Ticket[]): Promise<void> {
    const begun = performance.now();
    try {
      const rows = await on.run(batch.map(({ text }) => text));
      // Batches that run in turns take each other's time.
      textMs += SMOOTHING * ((performance.now() - begun) / running.size / batch.length - textMs);
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
