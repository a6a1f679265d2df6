import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestWorkspace, type TestWorkspace } from '../../test/database.ts';
import { HOUR_MS, inTransaction, parseUtc } from '../core/index.ts';
import { readLatestAblations, recordAblations } from './ablations.ts';
import { registryMigrations } from './migrations.ts';
import { ABLATION_COLUMNS, type Ablation, type AblationVariant } from './records.ts';

const ASSET = 'BTC-USD';
const AT = parseUtc('2022-11-07T00:01:00.001Z');

let workspace: TestWorkspace;
beforeAll(async () => {
  workspace = await createTestWorkspace([registryMigrations]);
});
beforeEach(async () => {
  await workspace.pool.query('TRUNCATE ablations');
});
afterAll(() => workspace.drop());

const figures: Omit<AblationVariant, 'columns'> = {
  accuracy: 0.521,
  logLoss: 0.6921,
  accuracyDifference: 0.004,
  low: -0.011,
  high: 0.0191,
  gain: 1e-7,
  gainLow: -0.0006,
  gainHigh: 0.0011,
  mcnemar: 0.62,
  dieboldMariano: 0.48,
  reason: null,
};

function ablation(changes: Partial<Ablation> = {}): Ablation {
  return {
    at: AT,
    modelVersion: 'trees@1.0.1',
    arm: 'trees+vader',
    scorer: 'vader@1.0.0',
    horizonMinutes: 60,
    from: AT - 56 * 24 * HOUR_MS,
    to: AT - HOUR_MS,
    n: 1_343,
    seed: 2 ** 40,
    variants: ABLATION_COLUMNS.map((columns) => ({ columns, ...figures })),
    ...changes,
  };
}

const record = (...ablations: Ablation[]) => recordAblations(workspace.pool, { asset: ASSET, ablations });
const read = (filter = {}) => readLatestAblations(workspace.pool, { asset: ASSET, ...filter });

describe('ablations', () => {
  it('come back as they were recorded, figures that are not to be had included', async () => {
    const none = Object.fromEntries(Object.keys(figures).map((name) => [name, null]));
    const barred = { ...(none as typeof figures), columns: 'all', reason: 'too short a past' } as const;
    const empty = ablation({ horizonMinutes: 1_440, from: null, to: null, n: 0, variants: [barred] });
    await record(ablation(), empty);
    expect(await read()).toEqual([ablation(), empty]);
  });

  it('keep every digit of any figure', async () => {
    const figure = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0);
    await fc.assert(
      fc.asyncProperty(figure, figure, async (gain, low) => {
        const variants = [{ columns: 'all' as const, ...figures, gain, low }];
        await record(ablation({ variants }));
        expect((await read())[0]?.variants).toEqual(variants);
      }),
      { numRuns: 25, seed: 1 },
    );
  });

  it('are told by horizon and arm, the newest of each, of one horizon or scorer where that is asked for', async () => {
    const other = { scorer: 'linear@1.0.0', arm: 'trees+linear' };
    const renewed = ablation({ at: AT + 1, modelVersion: 'trees@1.0.2', scorer: 'vader@1.0.1' });
    await record(ablation(), ablation({ horizonMinutes: 1_440 }), ablation(other), renewed);
    const told = async (filter = {}) =>
      (await read(filter)).map((each) => `${each.horizonMinutes} ${each.scorer} ${each.modelVersion}`);
    expect(await told()).toEqual([
      '60 linear@1.0.0 trees@1.0.1',
      '60 vader@1.0.1 trees@1.0.2',
      '1440 vader@1.0.0 trees@1.0.1',
    ]);
    expect(await told({ horizonMinutes: 60, scorer: 'vader' })).toEqual(['60 vader@1.0.1 trees@1.0.2']);
    expect(await told({ horizonMinutes: 60, scorer: 'vader@1.0.0' })).toEqual(['60 vader@1.0.0 trees@1.0.1']);
    expect(await told({ horizonMinutes: 60, scorer: 'vader', upTo: AT })).toEqual([
      '60 vader@1.0.0 trees@1.0.1',
    ]);
    expect(await told({ scorer: 'finbert' })).toEqual([]);
    expect(await told({ asset: 'ETH-USD' })).toEqual([]);
  });

  it('are gone with the transaction that they were written in', async () => {
    const written = inTransaction(workspace.pool, async (client) => {
      await recordAblations(client, { asset: ASSET, ablations: [ablation()] });
      throw new Error('the rest of the training could not be written');
    });
    await expect(written).rejects.toThrow('the rest of the training');
    expect(await read()).toEqual([]);
  });
});
