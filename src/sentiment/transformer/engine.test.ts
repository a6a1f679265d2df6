import { afterEach, describe, expect, it } from 'vitest';
import { openEngine, type Engine, type EngineOptions } from './engine.ts';
import { callNative, countCalls, createCallState, stopCalls } from './native-call.ts';
import { createEngineQueue, MOST_OF_A_CALLER, openTicket, type Ticket } from './engine-queue.ts';

const program = new URL('./fixtures/odd-engine.ts', import.meta.url);
const opened: Engine[] = [];

afterEach(async () => {
  await Promise.all(opened.splice(0).map((engine) => engine.close()));
});

async function open(options: Partial<EngineOptions> & { path?: string } = {}): Promise<Engine> {
  const { path = 'a model', ...rest } = options;
  const lives = new SharedArrayBuffer(4);
  const order = { path, threads: 1, tokenizer: {}, tokenizerSettings: {}, maxTokens: 8, lives };
  const engine = await openEngine({ family: 'finbert', order, program, ...rest });
  opened.push(engine);
  return engine;
}

describe('openEngine', () => {
  it('answers in the order of the texts, the same text once', async () => {
    const engine = await open();
    const rows = await engine.run(['ccc', 'a', 'bb', 'a', 'ccc']);
    expect(rows.map(([length]) => length)).toEqual([3, 1, 2, 1, 3]);
    // The second number is how many were run together: the first went alone or with the others, but not twice.
    expect(Math.max(...rows.map(([, together]) => together ?? 0))).toBeLessThanOrEqual(3);
  });

  it('remembers results, and runs a text that two ask for at once for both', async () => {
    const engine = await open({ queueBound: 1 });
    const [one, other] = await Promise.all([engine.run(['slow']), engine.run(['slow'])]);
    expect(one).toEqual(other);
    expect(await engine.run(['slow'])).toEqual(one);
  });

  it('forgets the least used results when there are too many', async () => {
    const engine = await open({ cacheEntries: 2 });
    for (const text of ['a', 'bb', 'ccc', 'a']) expect(await engine.run([text])).toEqual([[text.length, 1]]);
  });

  it('refuses more than may wait, with a time to come back, and answers the rest', async () => {
    const engine = await open({ queueBound: 3 });
    const held = ['slow', 'slow'].map(async (text, place) => engine.run([text, `${place}`]));
    const asked = Array.from({ length: 60 }, async (_, place) => engine.run([`question ${place}`]));
    const outcomes = await Promise.allSettled([...held, ...asked]);
    const refused = outcomes.flatMap((outcome) =>
      outcome.status === 'rejected' ? [outcome.reason as unknown] : [],
    );
    expect(refused.length).toBeGreaterThan(20);
    expect(refused.length).toBeLessThan(60);
    for (const reason of refused) {
      expect(reason).toMatchObject({ code: 'SENTIMENT_OVERLOADED', status: 503, details: { bound: 3 } });
      const { details } = reason as { details: { retryAfterSeconds: number } };
      expect(details.retryAfterSeconds).toBeGreaterThanOrEqual(1);
    }
    expect(await engine.run(['later'])).toHaveLength(1);
  });

  it('never refuses a patient caller', async () => {
    const engine = await open({ queueBound: 3 });
    const asked = Array.from({ length: 60 }, async (_, place) =>
      engine.run([`question ${place}`, 'slow'], { isPatient: true }),
    );
    expect((await Promise.all(asked)).flat()).toHaveLength(120);
  });

  it('takes a list of any length from one caller', async () => {
    const engine = await open({ queueBound: 2 });
    expect(await engine.run(Array.from({ length: 3_000 }, (_, place) => `${place}`))).toHaveLength(3_000);
  });

  it('starts another thread when one dies, and tries its texts once more', async () => {
    const engine = await open();
    expect(await engine.run(['die once'])).toEqual([[8, 1]]);
  });

  it('gives a text up that a thread dies over twice, and goes on with the others', async () => {
    const engine = await open();
    await expect(engine.run(['die'])).rejects.toMatchObject({
      code: 'SENTIMENT_ENGINE_DIED',
      retryable: true,
      message: expect.stringContaining('code 7') as string,
    });
    expect(await engine.run(['fine'])).toEqual([[4, 1]]);
  });

  it.each(['die', 'refuse'])(
    'gives up the text alone that does %s, and none of those beside it',
    async (text) => {
      const engine = await open();
      const running = ['slow', 'slow '].map(async (held) => engine.run([held]));
      const harmful = engine.run([text]);
      const others = Array.from({ length: 40 }, async (_, place) => engine.run([`question ${place}`]));
      const [outcome, ...outcomes] = await Promise.allSettled([harmful, ...running, ...others]);
      expect(outcome.status).toBe('rejected');
      expect(outcomes.filter(({ status }) => status === 'rejected')).toEqual([]);
    },
  );

  it('gives a text up that the network refuses or has no numbers for', async () => {
    const engine = await open();
    await expect(engine.run(['refuse'])).rejects.toThrow('a bad shape');
    await expect(engine.run(['nan'])).rejects.toThrow('no numbers');
    expect(await engine.run(['fine'])).toEqual([[4, 1]]);
  });

  it('says why a model cannot be loaded', async () => {
    await expect(open({ path: 'not loadable' })).rejects.toMatchObject({
      code: 'SENTIMENT_MODEL_UNUSABLE',
      message: expect.stringContaining('no such file') as string,
    });
  });

  it('tells those who wait when it is closed, and those who come after', async () => {
    const engine = await open();
    const waiting = engine.run(['hang', 'hang too']);
    const refused = expect(waiting).rejects.toMatchObject({ code: 'SENTIMENT_ENGINE_CLOSED' });
    await engine.close();
    await refused;
    await engine.close();
    await expect(engine.run(['later'])).rejects.toMatchObject({ code: 'SENTIMENT_ENGINE_CLOSED' });
  });
});

describe('a call of the runtime', () => {
  it('is not begun any more once calls have been stopped', async () => {
    const calls = createCallState();
    expect(await callNative(calls, async () => 'first')).toBe('first');
    await expect(callNative(calls, async () => Promise.reject(new Error('bad')))).rejects.toThrow('bad');
    stopCalls(calls);
    let isCalled = false;
    const answer = callNative(calls, async () => (isCalled = true));
    const outcome = await Promise.race([answer, Promise.resolve('never')]);
    expect([outcome, isCalled]).toEqual(['never', false]);
  });

  it('counts as running until the last of those that overlap has ended', async () => {
    const calls = createCallState();
    const ends = [Promise.withResolvers<null>(), Promise.withResolvers<null>()];
    const made = ends.map(async ({ promise }) => callNative(calls, async () => promise));
    expect(countCalls(calls)).toBe(2);
    ends[0]?.resolve(null);
    await made[0];
    expect(countCalls(calls)).toBe(1);
    ends[1]?.resolve(null);
    await made[1];
    expect(countCalls(calls)).toBe(0);
  });
});

describe('createEngineQueue', () => {
  it('hands out by itself, and before all others, what a thread has died over', () => {
    const queue = createEngineQueue();
    queue.add({ waiting: tickets('a', 3) });
    queue.putBack(tickets('b', 2));
    expect([queue.hasSuspects, queue.waiting]).toEqual([true, 5]);
    const taken = [queue.takeSuspect(), queue.takeSuspect(), queue.take('prompt')].map(textsOf);
    expect(taken).toEqual([['b0'], ['b1'], ['a0', 'a1', 'a2']]);
    expect(queue.takeSuspect()).toEqual([]);
    expect(queue.hasSuspects).toBe(false);
  });

  const tickets = (prefix: string, count: number) =>
    Array.from({ length: count }, (_, place) => openTicket(`${prefix}${place}`));
  const textsOf = (batch: readonly Ticket[]) => batch.map(({ text }) => text);

  it.each([
    ['bulk', 40, 20],
    ['prompt', 10, 4],
  ] as const)(
    'hands out one text of each caller in turn, in each caller’s order (%s)',
    (lane, most, fewer) => {
      const queue = createEngineQueue();
      queue.add({ waiting: tickets('a', most) });
      queue.add({ waiting: tickets('b', fewer) });
      expect(textsOf(queue.take(lane)).slice(0, 6)).toEqual(['a0', 'b0', 'a1', 'b1', 'a2', 'b2']);
    },
  );

  it('keeps a few texts apart from a list, so that neither waits for the other', () => {
    const queue = createEngineQueue();
    queue.add({ waiting: tickets('list', 1_000) });
    queue.add({ waiting: tickets('few', 2) });
    expect(textsOf(queue.take('prompt'))).toEqual(['few0', 'few1']);
    expect(queue.take('prompt')).toEqual([]);
    expect(textsOf(queue.take('bulk'))[0]).toBe('list0');
    expect(queue.clear().length).toBeGreaterThan(800);
  });

  it('counts a long list as a short one, so that it keeps nobody out', () => {
    const queue = createEngineQueue();
    queue.add({ waiting: tickets('a', 10_000) });
    expect(queue.waiting).toBe(MOST_OF_A_CALLER);
  });

  it('hands a text that is too long for the budget out by itself', () => {
    const queue = createEngineQueue();
    queue.add({ waiting: [openTicket('x'.repeat(100_000)), openTicket('y')] });
    expect(queue.take('prompt')).toHaveLength(1);
    expect(queue.take('prompt')).toHaveLength(1);
    expect(queue.take('prompt')).toEqual([]);
  });
});
