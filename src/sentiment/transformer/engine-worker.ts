import { parentPort, workerData } from 'node:worker_threads';
import { batchesOf, findBatchLimits, type BatchLimits } from './batches.ts';
import { callNative, type CallState } from './native-call.ts';
import { openSession, softmax, type Session } from './session.ts';
import { createTokens, type Tokens } from './tokens.ts';

/** What the thread of an engine is started with. It imports little, because every thread loads its own copy of it. */
export interface EngineOrder {
  /** Of the ONNX file. */
  path: string;
  threads: number;
  tokenizer: object;
  tokenizerSettings: object;
  maxTokens: number;
}

/** What the thread is given besides. */
export interface EngineWorkerData extends EngineOrder {
  calls: CallState;
}

/** Texts to score, or null to end. */
export type EngineQuestion = { id: number; texts: string[] } | null;

export type EngineAnswer =
  | { kind: 'ready' }
  | { kind: 'failed'; problem: string }
  /** Probabilities in the network's order of classes, one row a text. */
  | { kind: 'scored'; id: number; rows: number[][] }
  | { kind: 'refused'; id: number; problem: string };

/** Short and long, so that the first question meets no memory that was never used. */
const WARM_UP = ['', 'bitcoin '.repeat(24), 'bitcoin '.repeat(96)];

const port = parentPort;
if (port !== null) await serve(workerData as EngineWorkerData);

interface Network {
  tokens: Tokens;
  session: Session;
  limits: BatchLimits;
}

async function serve(order: EngineWorkerData): Promise<void> {
  const tell = (answer: EngineAnswer) => port?.postMessage(answer);
  try {
    const tokens = createTokens({ ...order, settings: order.tokenizerSettings });
    const session = guarded(await openSession(order.path, { threads: order.threads }), order.calls);
    for (const text of WARM_UP) await session.run(tokens.encode(text));
    const limits = await findBatchLimits(session, tokens);
    const network = { tokens, session, limits };
    port?.on('message', (question: EngineQuestion) => void answerTo(question, { network, tell }));
    tell({ kind: 'ready' });
  } catch (error) {
    tell({ kind: 'failed', problem: error instanceof Error ? error.message : String(error) });
  }
}

async function answerTo(
  question: EngineQuestion,
  { network, tell }: { network: Network; tell: (answer: EngineAnswer) => void },
): Promise<void> {
  if (question === null) {
    await network.session.close();
    port?.close();
    return;
  }
  const { id, texts } = question;
  try {
    tell({ kind: 'scored', id, rows: await scoreTexts(texts, network) });
  } catch (error) {
    tell({ kind: 'refused', id, problem: error instanceof Error ? error.message : String(error) });
  }
}

/** The runtime lets other questions in between two runs, so that a short one does not wait for the end of a long one. */
async function scoreTexts(
  texts: readonly string[],
  { tokens, session, limits }: Network,
): Promise<number[][]> {
  const ids = texts.map((text) => tokens.encode(text));
  const rows: number[][] = texts.map(() => []);
  for (const batch of batchesOf(ids, limits)) {
    const scored = await session.runTogether(batch.map((place) => ids[place] ?? []));
    batch.forEach((place, row) => {
      rows[place] = softmax(scored[row] ?? []);
    });
  }
  return rows;
}

function guarded(session: Session, calls: CallState): Session {
  return {
    ...session,
    run: (ids) => callNative(calls, () => session.run(ids)),
    runTogether: (rows) => callNative(calls, () => session.runTogether(rows)),
  };
}
