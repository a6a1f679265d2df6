import { connect } from 'node:net';
import { predictAnswerSchema, signalSchema } from '../src/serving/contract.ts';

/** What is asked of a server, and for how long. */
export interface LoadPlan {
  /** On this machine: no other can be loaded from here. */
  port: number;
  method: 'GET' | 'POST';
  path: string;
  /** JSON of the requests, which take turns; none: without a body. `COUNTER` in it is another number each time. */
  bodies: readonly string[];
  /** What the answer has to be. */
  answer: keyof typeof SCHEMAS;
  /** Kept open; each asks again as soon as it was answered. */
  connections: number;
  durationMs: number;
}

export interface LoadResult {
  requestsPerSecond: number;
  p50Ms: number;
  p99Ms: number;
  /** Answers that were refused, torn, late or of another shape, and connections that broke. */
  errors: number;
  firstError: string | null;
}

/** Nine digits, so that every request of a case has the same length. */
export const COUNTER = '#########';
const SCHEMAS = { signal: signalSchema, predict: predictAnswerSchema } as const;
const LOOPBACK = '127.0.0.1';
const SECOND_MS = 1_000;
/** Every so many answers of a connection one is read in full; all of them cost more than many a server takes. */
const READ_EVERY = 50;
const MAX_CONNECTIONS = 1_000;
const MAX_DURATION_MS = 30_000;
const MAX_REQUESTS = 2_000_000;
const MAX_ERRORS = 1_000;
/** What is still under way at the end must come within this. */
const PATIENCE_MS = 2_000;
const HEAD_END = '\r\n\r\n';

/** Where a load stands. */
interface Tally {
  plan: LoadPlan;
  nextRequest: () => Buffer;
  stopwatch: () => number;
  /** The moment from which nothing new is asked. */
  until: number;
  latenciesMs: number[];
  errors: number;
  firstError: string | null;
}

/** Over all loads of this process, so that no text comes twice. */
let counted = 0;

/**
 * Asks a server of this machine over keep-alive connections, as fast as it answers, for a bounded time.
 * @throws RangeError when it is asked for more connections or time than there may be
 */
export async function generateLoad(
  plan: LoadPlan,
  stopwatch: () => number = () => performance.now(),
): Promise<LoadResult> {
  const { connections, durationMs } = plan;
  if (!(connections >= 1 && connections <= MAX_CONNECTIONS && durationMs <= MAX_DURATION_MS)) {
    throw new RangeError(`at most ${MAX_CONNECTIONS} connections and ${MAX_DURATION_MS} ms`);
  }
  const startedAt = stopwatch();
  const tally: Tally = {
    plan,
    nextRequest: requestsOf(plan),
    stopwatch,
    until: startedAt + durationMs,
    latenciesMs: [],
    errors: 0,
    firstError: null,
  };
  await Promise.all(Array.from({ length: connections }, () => keepAsking(tally)));
  const sorted = Float64Array.from(tally.latenciesMs).sort();
  return {
    requestsPerSecond: (sorted.length * SECOND_MS) / durationMs,
    p50Ms: quantile(sorted, 0.5),
    p99Ms: quantile(sorted, 0.99),
    errors: tally.errors,
    firstError: tally.firstError,
  };
}

/** One connection after the other, because one that breaks is an error, not the end. */
async function keepAsking(tally: Tally): Promise<void> {
  do await askOverOne(tally);
  while (mayAsk(tally));
}

function mayAsk({ stopwatch, until, errors, latenciesMs }: Tally): boolean {
  return stopwatch() < until && errors < MAX_ERRORS && latenciesMs.length < MAX_REQUESTS;
}

function fail(tally: Tally, reason: string): void {
  tally.errors += 1;
  tally.firstError ??= reason;
}

function askOverOne(tally: Tally): Promise<void> {
  const { plan, stopwatch, nextRequest } = tally;
  return new Promise((settle) => {
    const socket = connect({ host: LOOPBACK, port: plan.port, noDelay: true });
    let received: Buffer | null = null;
    let askedAt = stopwatch();
    let isDone = false;
    let answers = 0;
    const end = (failure?: string) => {
      if (isDone) return;
      isDone = true;
      clearTimeout(patience);
      socket.destroy();
      if (failure !== undefined) fail(tally, failure);
      settle();
    };
    const patience = setTimeout(() => end('no answer in time'), tally.until - askedAt + PATIENCE_MS);
    const ask = () => {
      askedAt = stopwatch();
      socket.write(nextRequest());
    };
    socket.on('connect', ask);
    socket.on('error', (error) => end(error.message));
    socket.on('close', () => end('the server hung up'));
    socket.on('data', (chunk) => {
      received = received === null ? chunk : Buffer.concat([received, chunk]);
      const answer = readAnswer(received);
      if (answer === null) return;
      const at = stopwatch();
      if (at <= tally.until) tally.latenciesMs.push(at - askedAt);
      const complaint = judge(answer, { schema: plan.answer, isRead: answers % READ_EVERY === 0 });
      if (complaint !== null) fail(tally, complaint);
      answers += 1;
      received = null;
      if (mayAsk(tally)) ask();
      else end();
    });
  });
}

/** The same bytes again and again, but for the numbers in them. */
function requestsOf({ method, path, bodies, port }: LoadPlan): () => Buffer {
  const write = (body: string | null) => {
    const content = Buffer.from(body ?? '');
    const head = [
      `${method} ${path} HTTP/1.1`,
      `host: ${LOOPBACK}:${port}`,
      'accept: application/json',
      ...(body === null ? [] : ['content-type: application/json', `content-length: ${content.length}`]),
    ].join('\r\n');
    const bytes = Buffer.concat([Buffer.from(head + HEAD_END), content]);
    return { bytes, place: bytes.indexOf(COUNTER) };
  };
  const requests = bodies.length === 0 ? [write(null)] : bodies.map(write);
  let turn = 0;
  return () => {
    const { bytes, place } = requests[turn % requests.length]!;
    turn += 1;
    if (place < 0) return bytes;
    counted += 1;
    const copy = Buffer.from(bytes);
    copy.write(String(counted).padStart(COUNTER.length, '0'), place, 'latin1');
    return copy;
  };
}

interface Answer {
  status: number;
  body: Buffer;
  isWhole: boolean;
}

/** @returns null while a part of the answer is still to come */
function readAnswer(received: Buffer): Answer | null {
  const headEnd = received.indexOf(HEAD_END);
  if (headEnd < 0) return null;
  const head = received.toString('latin1', 0, headEnd);
  const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1]);
  const body = received.subarray(headEnd + HEAD_END.length);
  if (body.length < length) return null;
  return { status: Number(head.slice(9, 12)), body, isWhole: body.length === length };
}

/** @returns what is wrong with it, or null */
function judge(
  { status, body, isWhole }: Answer,
  { schema, isRead }: { schema: LoadPlan['answer']; isRead: boolean },
): string | null {
  if (status !== 200) return `status ${status}: ${body.toString().slice(0, 200)}`;
  if (!isWhole) return 'the length of the answer is not the one it states';
  if (!isRead) return null;
  try {
    const { error } = SCHEMAS[schema].safeParse(JSON.parse(body.toString()));
    return error === undefined ? null : `another shape: ${error.message.slice(0, 200)}`;
  } catch {
    return `no JSON: ${body.toString().slice(0, 200)}`;
  }
}

function quantile(sorted: Float64Array, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}
