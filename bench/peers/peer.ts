import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** A program that was started once and stays until it is closed; one that measures itself answers a line for a line. */
export interface Peer {
  /** What it said when it was ready. */
  facts: Record<string, string>;
  /** Asks it to do its work once; its answer is a number. */
  ask(): Promise<number>;
  /** Gives it one JSON line to do and reads its answer, one JSON line too. */
  order(task: object): Promise<Record<string, number>>;
  close(): void;
}

const REASON_SHOWN = 200;
const ENVIRONMENT = { python: 'python3', node: process.execPath } as const;

/**
 * Starts a program, Python's with `python3` from PATH, and waits until it has said its facts, one JSON
 * line. It must end when its standard input does.
 * @throws Error with the program's last complaint when its runtime or one of its packages is not there
 */
export async function startPeer(
  runtime: keyof typeof ENVIRONMENT,
  program: URL,
  args: readonly string[],
): Promise<Peer> {
  const child = spawn(ENVIRONMENT[runtime], [fileURLToPath(program), ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let complaints = '';
  child.stderr.on('data', (chunk: Buffer) => (complaints += chunk.toString()));
  // A write to a program that is already gone is told by its missing answer.
  child.stdin.on('error', () => {});
  const failure = new Promise<never>((_, reject) => {
    child.on('error', (error) => reject(error));
    child.on('close', () => reject(new Error(lastLineOf(complaints))));
  });
  failure.catch(() => {});
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async () => {
    const next = await Promise.race([lines.next(), failure]);
    return next.done === true ? failure : next.value;
  };
  const facts = JSON.parse(await answer()) as Record<string, string>;
  return {
    facts,
    ask: async () => {
      child.stdin.write('\n');
      return Number(await answer());
    },
    order: async (task) => {
      child.stdin.write(`${JSON.stringify(task)}\n`);
      return JSON.parse(await answer()) as Record<string, number>;
    },
    close: () => child.stdin.end(),
  };
}

function lastLineOf(text: string): string {
  return text.trim().split('\n').at(-1)?.slice(0, REASON_SHOWN) || 'it ended without an answer';
}
