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

/** Somebody asks about a few texts and waits, or has a list worked off. Both are run in turns. */
export const LANES = ['prompt', 'bulk'] as const;
export type Lane = (typeof LANES)[number];

export interface EngineQueue {
  /** Texts that wait, a caller's own counted up to `MOST_OF_A_CALLER`. */
  readonly waiting: number;
  /** Whether the next text is one that must be run while no other is. */
  readonly hasSuspects: boolean;
  add(caller: Caller): void;
  /** Puts tickets before all others. A thread has died over one of them, so from now on each goes by itself. */
  putBack(tickets: readonly Ticket[]): void;
  /** The next texts to run: one of each caller in turn, as long as the budget lasts, at least one; empty when none waits. */
  take(lane: Lane): Ticket[];
  /** The next one that must be run alone, or none. */
  takeSuspect(): Ticket[];
  /** Takes everything out. */
  clear(): Ticket[];
}

/**
 * Somebody with ten thousand texts feeds them through bit by bit: they wait with him, not in the queue, and others
 * come in between.
 */
export const MOST_OF_A_CALLER = 64;
/** What goes to the thread at once. Of a list it is more, because among more texts more are of one length. */
const BUDGETS: Readonly<Record<Lane, { texts: number; characters: number }>> = {
  prompt: { texts: 16, characters: 1_000 },
  bulk: { texts: 128, characters: 8_000 },
};

/** Texts of many callers, handed out fairly. */
export function createEngineQueue(): EngineQueue {
  const callers: Record<Lane, Caller[]> = { prompt: [], bulk: [] };
  const suspects: Ticket[] = [];
  return {
    get waiting() {
      const most = (count: number) => Math.min(count, MOST_OF_A_CALLER);
      const all = LANES.flatMap((lane) => callers[lane]);
      return all.reduce((sum, { waiting }) => sum + most(waiting.length), most(suspects.length));
    },
    get hasSuspects() {
      return suspects.length > 0;
    },
    add({ waiting }) {
      const lane = waiting.length <= BUDGETS.prompt.texts ? 'prompt' : 'bulk';
      if (waiting.length > 0) callers[lane].push({ waiting: [...waiting].reverse() });
    },
    putBack(tickets) {
      suspects.push(...tickets);
    },
    take(lane) {
      const { texts, characters } = BUDGETS[lane];
      const batch: Ticket[] = [];
      for (let taken = 0; taken < characters && batch.length < texts;) {
        const caller = callers[lane].shift();
        const ticket = caller?.waiting.pop();
        if (caller === undefined || ticket === undefined) break;
        if (caller.waiting.length > 0) callers[lane].push(caller);
        batch.push(ticket);
        taken += ticket.text.length;
      }
      return batch;
    },
    takeSuspect: () => suspects.splice(0, 1),
    clear: () => [
      ...suspects.splice(0),
      ...LANES.flatMap((lane) => callers[lane].splice(0)).flatMap(({ waiting }) => waiting),
    ],
  };
}

/** A ticket whose promise may be left alone: whoever waits for it is told, and nobody else. */
export function openTicket(text: string): Ticket {
  const { promise, resolve, reject } = Promise.withResolvers<number[]>();
  promise.catch(() => undefined);
  return { text, deaths: 0, answer: promise, resolve, reject };
}
