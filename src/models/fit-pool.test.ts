import { afterAll, describe, expect, it } from 'vitest';
import { isAppError } from '../core/index.ts';
import { modelInvalid, retoldFitError, tellFitError } from './errors.ts';
import { createFitPool } from './fit-pool.ts';
import { MODEL_FAMILIES } from './families.ts';
import { signalRows } from './model.contract.ts';

/** A thread that works as it should not. */
function programThat(body: string): URL {
  const source = `import { parentPort } from 'node:worker_threads';\n${body}`;
  return new URL(`data:text/javascript,${encodeURIComponent(source)}`);
}

/** Answers every order with a model that holds its seed. */
const ANSWERING = `parentPort.on('message', ({ seed }) => {
  parentPort.postMessage({ saved: JSON.stringify({ family: 'ar1', format: 1, intercept: 0, slope: 0, spread: 1, typicalPast: seed }) });
});`;

describe('createFitPool', () => {
  const pool = createFitPool({ threads: 2 });
  afterAll(() => pool.close());

  it.each(['trees', 'logistic'] as const)('gives the %s that a fit in this thread gives', async (family) => {
    const rows = signalRows(1, 3000);
    const here = MODEL_FAMILIES[family].fit(rows, { seed: 4 });
    const there = await pool.fit(family, rows, { seed: 4 });
    expect(JSON.stringify(there.toJson())).toBe(JSON.stringify(here.toJson()));
    expect(there.predict(rows)).toEqual(here.predict(rows));
  });

  it('answers each of more fits than threads with its own model', async () => {
    const seeds = [1, 2, 3, 4, 5];
    const models = await Promise.all(seeds.map((seed) => pool.fit('ar1', signalRows(seed, 200), { seed })));
    models.forEach((model, place) => {
      const here = MODEL_FAMILIES.ar1.fit(signalRows(seeds[place]!, 200), { seed: 0 });
      expect(model.toJson()).toEqual(here.toJson());
    });
  });

  it('sends the rows of a view alone, and leaves them usable', async () => {
    const rows = signalRows(1, 300);
    const memory = new Float64Array(rows.values.length + 10_000);
    memory.set(rows.values, 5_000);
    const view = { ...rows, values: memory.subarray(5_000, 5_000 + rows.values.length) };
    const model = await pool.fit('logistic', view, { seed: 1 });
    expect(model.toJson()).toEqual(MODEL_FAMILIES.logistic.fit(rows, { seed: 1 }).toJson());
    expect(view.values).toEqual(rows.values);
  });

  it('sends weights along', async () => {
    const rows = { ...signalRows(1, 300), weights: Float64Array.from({ length: 300 }, (_, row) => row % 4) };
    const model = await pool.fit('logistic', rows, { seed: 1 });
    expect(model.toJson()).toEqual(MODEL_FAMILIES.logistic.fit(rows, { seed: 1 }).toJson());
  });

  it('shares the fits with this thread where nothing else is to be done, and loses none', async () => {
    const shared = createFitPool({ threads: 1, isBlocking: true });
    const seeds = [1, 2, 3, 4, 5, 6, 7];
    const models = await Promise.all(
      seeds.map((seed) => shared.fit('logistic', signalRows(seed, 300), { seed })),
    );
    models.forEach((model, place) => {
      const here = MODEL_FAMILIES.logistic.fit(signalRows(seeds[place]!, 300), { seed: 0 });
      expect(model.toJson()).toEqual(here.toJson());
    });
    const wrong = seeds.map((seed) =>
      shared.fit('ar1', { ...signalRows(seed, 50), columns: ['only'] }, { seed }),
    );
    for (const outcome of await Promise.allSettled(wrong)) {
      expect(outcome).toMatchObject({ status: 'rejected' });
    }
    await shared.close();
  });

  it('lets a thread go that has nothing to do, and takes a new one when there is', async () => {
    const brief = createFitPool({ threads: 1, idleMs: 1, program: programThat(ANSWERING) });
    // The short pauses end while the thread is on its way out.
    for (const pauseMs of [20, 1, 2, 3, 4, 1, 2, 3, 4]) {
      const model = await brief.fit('ar1', signalRows(1, 10), { seed: pauseMs });
      expect(model.toJson()).toMatchObject({ typicalPast: pauseMs });
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
    await brief.close();
  });

  it('fits in this thread when it has none', async () => {
    const alone = createFitPool({ threads: 0 });
    const model = await alone.fit('majority', signalRows(1, 50), { seed: 1 });
    expect(model.family).toBe('majority');
    await alone.close();
  });

  it('hands on what the fit throws', async () => {
    const rows = { ...signalRows(1, 50), columns: ['only'] };
    await expect(pool.fit('ar1', rows, { seed: 1 })).rejects.toThrow('past_return');
  });

  it('hands on an error from a thread as it is in this one, class, code and all', async () => {
    const rows = { ...signalRows(1, 50), columns: ['only'] };
    const alone = createFitPool({ threads: 0 });
    const [here, there] = await Promise.allSettled(
      [alone, pool].map(async (each) => each.fit('ar1', rows, { seed: 1 })),
    );
    expect(here).toMatchObject({ reason: expect.any(RangeError) as RangeError });
    expect(there).toStrictEqual(here);
    for (const error of [
      modelInvalid('trees', ['no trees']),
      new TypeError('no rows'),
      Object.assign(new Error('odd'), { name: 'OddError' }),
    ]) {
      const retold = retoldFitError(structuredClone(tellFitError(error)));
      expect(retold).toStrictEqual(error);
      expect(isAppError(retold)).toBe(isAppError(error));
    }
    expect(retoldFitError(tellFitError('a word'))).toMatchObject({ name: 'Error', message: 'a word' });
  });

  it('refuses a family that does not exist, by name, and threads that cannot be counted', async () => {
    await expect(pool.fit('oracle', signalRows(1, 5), { seed: 1 })).rejects.toThrow(/oracle.*trees/);
    expect(() => createFitPool({ threads: 1.5 })).toThrow(RangeError);
    expect(() => createFitPool({ threads: -1 })).toThrow(RangeError);
  });

  it('rejects the fit of a thread that dies and gives the next one a new thread', async () => {
    const program = programThat(`parentPort.on('message', ({ seed }) => {
      if (seed === 1) process.exit(3);
      if (seed === 2) throw new Error('out of luck');
      parentPort.postMessage({ saved: JSON.stringify({ family: 'ar1', format: 1, intercept: 0, slope: 0, spread: 1, typicalPast: seed }) });
    });`);
    const fragile = createFitPool({ threads: 1, program });
    const fits = [1, 2, 3].map((seed) => fragile.fit('ar1', signalRows(1, 10), { seed }));
    const [first, second, third] = await Promise.allSettled(fits);
    expect(first).toMatchObject({ status: 'rejected', reason: { code: 'MODEL_FIT_WORKER_DIED' } });
    expect(first).toMatchObject({ reason: { message: expect.stringContaining('ended with 3') as string } });
    expect(second).toMatchObject({ reason: { message: expect.stringContaining('out of luck') as string } });
    expect(third?.status).toBe('fulfilled');
    await fragile.close();
  });

  it('rejects what is not done when it is closed, and whatever comes later', async () => {
    const stuck = createFitPool({ threads: 1, program: programThat(`parentPort.on('message', () => {});`) });
    const fits = [1, 2].map((seed) => stuck.fit('ar1', signalRows(1, 10), { seed }));
    const outcomes = Promise.allSettled(fits);
    await stuck.close();
    for (const outcome of await outcomes) {
      expect(outcome.status === 'rejected' && isAppError(outcome.reason) && outcome.reason.code).toBe(
        'MODEL_FIT_STOPPED',
      );
    }
    await expect(stuck.fit('ar1', signalRows(1, 10), { seed: 1 })).rejects.toThrow('closed');
  });
});
