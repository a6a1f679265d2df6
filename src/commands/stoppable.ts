import type { RawRecord, Source } from '../sources/index.ts';

/**
 * The source, breaking off with the signal's reason at the next record once it is aborted: whoever stores the records
 * rolls back and starts anew another time.
 */
export function stoppable(source: Source, signal: AbortSignal | undefined): Source {
  if (signal === undefined) return source;
  return { ...source, fetch: (range) => untilStopped(source.fetch(range), signal) };
}

async function* untilStopped(
  records: AsyncIterable<RawRecord>,
  signal: AbortSignal,
): AsyncGenerator<RawRecord> {
  signal.throwIfAborted();
  for await (const record of records) {
    signal.throwIfAborted();
    yield record;
  }
  signal.throwIfAborted();
}
