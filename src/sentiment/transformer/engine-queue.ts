/** A text that waits, for everybody who has asked for it. */
export interface Ticket {
  text: string;
  /** How often a thread has died over it. */
  deaths: number;
  answer: Promise<number[]>;
  resolve(probabilities: number[]): void;
  reject(error: unknown): void;
}

/** The texts of one caller that are not being scored yet. */
export interface Caller {
  waiting: Ticket[];
}

export interface EngineQueue {
  /** Texts that wait, a caller's own counted up to `MOST_OF_A_CALLER`. */
  readonly waiting: number;
  /** Whether the next text is one that must be run while no other is. */
  readonly hasSuspects: boolean;
  add(caller: Caller): void;
  /** Puts tickets before all others. A thread has died over one of them, so from now on each goes by itself. */
  putBack(tickets: readonly Ticket[]): void;
  /** The next texts to run: one of each caller in turn, as long as the budget lasts, at least one; empty when none waits. */
  take(): Ticket[];
  /** Takes everything out. */
  clear(): Ticket[];
}

/**
 * Somebody with ten thousand texts feeds them through bit by bit: they wait with him, not in the queue, and others
 * come in between.
 */
export const MOST_OF_A_CALLER = 64;
/** A batch goes to the thread at once and comes back at once: about a tenth of a second of BERT-base. */
const BATCH_CHARACTERS = 1_000;
const BATCH_TEXTS = 16;

/** Texts of many callers, handed out fairly. */
export function createEngineQueue(): EngineQueue {
  const callers: Caller[] = [];
  const suspects: Ticket[] = [];
  return {
    get waiting() {
      const most = (count: number) => Math.min(count, MOST_OF_A_CALLER);
      return callers.reduce((sum, { waiting }) => sum + most(waiting.length), most(suspects.length));
    },
    get hasSuspects() {
      return suspects.length > 0;
    },
    add(caller) {
      if (caller.waiting.length > 0) callers.push({ waiting: [...caller.waiting].reverse() });
    },
    putBack(tickets) {
      suspects.push(...tickets);
    },
    take() {
      const suspect = suspects.shift();
      if (suspect !== undefined) return [suspect];
      const batch: Ticket[] = [];
      for (let characters = 0; characters < BATCH_CHARACTERS && batch.length < BATCH_TEXTS;) {
        const caller = callers.shift();
        const ticket = caller?.waiting.pop();
        if (caller === undefined || ticket === undefined) break;
        if (caller.waiting.length > 0) callers.push(caller);
        batch.push(ticket);
        characters += ticket.text.length;
      }
      return batch;
    },
    clear: () => [...suspects.splice(0), ...callers.splice(0).flatMap(({ waiting }) => waiting)],
  };
}

/** A ticket whose promise may be left alone: whoever waits for it is told, and nobody else. */
export function openTicket(text: string): Ticket {
  const { promise, resolve, reject } = Promise.withResolvers<number[]>();
  promise.catch(() => undefined);
  return { text, deaths: 0, answer: promise, resolve, reject };
}
