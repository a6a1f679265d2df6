import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { scorerOverloaded } from '../errors.ts';
import { engineClosed, engineDied, modelUnusable } from './errors.ts';
import { createEngineQueue, MOST_OF_A_CALLER, openTicket, type Ticket } from './engine-queue.ts';
import { startEngineRunner } from './engine-runner.ts';
import { startEngineThread } from './engine-thread.ts';
import type { EngineOrder } from './engine-worker.ts';

/** Runs a model away from the event loop. */
export interface Engine {
  /**
   * Probabilities in the network's order of classes, one row a text. Any number of texts is taken from one caller.
   * A patient one is never refused.
   * @throws AppError `SENTIMENT_OVERLOADED`, `SENTIMENT_ENGINE_DIED`, `SENTIMENT_ENGINE_CLOSED`
   */
  run(texts: readonly string[], options?: RunOptions): Promise<number[][]>;
  /** Ends the thread; what waits is told so. Safe to call twice. */
  close(): Promise<void>;
}

export interface RunOptions {
  /** Waits its turn however much waits already; for work whose answers cannot be asked for again. Default: false. */
  isPatient?: boolean;
}

export interface EngineOptions {
  /** For messages. */
  family: string;
  order: EngineOrder;
  /** Texts of all callers together that may wait. */
  queueBound?: number;
  /** Texts whose result is remembered. */
  cacheEntries?: number;
  /** What the thread runs; another one only in tests. */
  program?: URL;
}

const PROGRAM = new URL('./engine-worker.ts', import.meta.url);
/** BERT-base scores forty short texts a second on one core: nobody waits much longer than ten seconds. */
const QUEUE_BOUND = 512;
const CACHE_ENTRIES = 20_000;

/**
 * Opens a model in a thread of its own. While the thread is idle a text is run at once; while it is busy texts gather and
 * go together, as many as a budget allows, some of every caller. A thread that dies is replaced; its texts are tried once
 * more.
 * @throws AppError `SENTIMENT_MODEL_UNUSABLE` when the model cannot be loaded
 */
export async function openEngine({
  family,
  order,
  queueBound = QUEUE_BOUND,
  cacheEntries = CACHE_ENTRIES,
  program = PROGRAM,
}: EngineOptions): Promise<Engine> {
  const queue = createEngineQueue();
  const cache = new LRUCache<string, number[]>({ max: cacheEntries });
  /** By content: two callers with the same text wait for one run. */
  const pending = new Map<string, Ticket>();
  let isClosed = false;

  function settle(ticket: Ticket, row: number[]): void {
    if (row.length === 0 || !row.every(Number.isFinite)) {
      return fail([ticket], new Error('it gave no numbers for a text'));
    }
    const key = keyOf(ticket.text);
    pending.delete(key);
    cache.set(key, row);
    ticket.resolve(row);
  }

  function fail(tickets: readonly Ticket[], cause: unknown): void {
    const error = isClosed ? engineClosed(family) : engineDied(family, cause);
    for (const ticket of tickets) {
      pending.delete(keyOf(ticket.text));
      ticket.reject(error);
    }
  }

  const start = async (onEnd: () => void) => startEngineThread(program, order, onEnd);
  const runner = await startEngineRunner({ queue, start, settle, fail }).catch((error: Error) => {
    const problem = `the runtime does not load it: ${error.message}`;
    throw modelUnusable({ place: order.path, problem, remedy: 'Fetch or export it again.', cause: error });
  });

  function refuseWhenFull(added: number): void {
    const { waiting } = queue;
    if (waiting === 0 || waiting + Math.min(added, MOST_OF_A_CALLER) <= queueBound) return;
    const retryAfterSeconds = Math.max(1, Math.ceil((waiting * runner.textMs) / 1_000));
    throw scorerOverloaded(family, { waiting, bound: queueBound, retryAfterSeconds });
  }

  return {
    async run(texts, { isPatient = false } = {}) {
      if (isClosed) throw engineClosed(family);
      const keys = texts.map(keyOf);
      const unknown = new Map<string, string>();
      keys.forEach((key, place) => {
        if (!cache.has(key) && !pending.has(key)) unknown.set(key, texts[place] ?? '');
      });
      if (unknown.size > 0 && !isPatient) refuseWhenFull(unknown.size);
      const waiting = [...unknown].map(([key, text]) => {
        const ticket = openTicket(text);
        pending.set(key, ticket);
        return ticket;
      });
      const answers = keys.map((key) => pending.get(key)?.answer ?? cache.get(key) ?? []);
      queue.add({ waiting });
      runner.pump();
      return Promise.all(answers);
    },
    async close() {
      if (isClosed) return;
      isClosed = true;
      fail(queue.clear(), null);
      await runner.close();
    },
  };
}

/** A long text is not remembered as such. */
function keyOf(text: string): string {
  return hash('sha256', text, 'base64');
}
