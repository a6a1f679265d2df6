import { InferenceSession, Tensor } from 'onnxruntime-node';

/** A network that is ready to run. */
export interface Session {
  /** Scores of the classes before softmax, one row for these ids. */
  run(ids: readonly number[]): Promise<Float32Array>;
  close(): Promise<void>;
}

/** Where the network gives its classes; a file whose output has another name gives them first. */
const LOGITS = 'logits';

/**
 * Opens an ONNX file. A text is run by itself, in its own length: in int8 the step of a layer's numbers is taken from
 * everything that is run together, so among others a text would be scored by its neighbours, too.
 * @param path - read by the runtime itself, so that the file does not lie in memory twice
 * @param options.threads - 1, or 2 without busy waiting, which would take a processor from everybody else
 * @param options.output - what `run` gives; default: the classes
 */
export async function openSession(
  path: string,
  { threads, output: wanted = LOGITS }: { threads: number; output?: string },
): Promise<Session> {
  const session = await InferenceSession.create(path, {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    enableCpuMemArena: false,
    enableMemPattern: false,
    logSeverityLevel: 3,
    extra: { session: { intra_op: { allow_spinning: '0' } } },
  });
  const output = session.outputNames.includes(wanted) ? wanted : (session.outputNames[0] ?? wanted);
  const inputs: Readonly<Record<string, (ids: readonly number[]) => BigInt64Array>> = {
    input_ids: (ids) => BigInt64Array.from(ids, BigInt),
    attention_mask: (ids) => new BigInt64Array(ids.length).fill(1n),
    token_type_ids: (ids) => new BigInt64Array(ids.length),
  };
  const strange = session.inputNames.filter((name) => inputs[name] === undefined);
  if (strange.length > 0) throw new Error(`the network asks for ${strange.join(', ')}`);
  return {
    async run(ids) {
      const feeds = Object.fromEntries(
        session.inputNames.map((name) => [
          name,
          new Tensor('int64', inputs[name]?.(ids) ?? [], [1, ids.length]),
        ]),
      );
      const { [output]: logits } = await session.run(feeds, [output]);
      return logits?.data as Float32Array;
    },
    close: () => session.release(),
  };
}

/** Probabilities of the classes. @see Goodfellow, Bengio, Courville (2016), Deep Learning, 4.1, on its stability */
export function softmax(logits: ArrayLike<number>): number[] {
  const values = Array.from(logits);
  const most = Math.max(...values);
  const shares = values.map((value) => Math.exp(value - most));
  const total = shares.reduce((sum, share) => sum + share, 0);
  return shares.map((share) => share / total);
}
