import { beforeAll, describe, expect, it } from 'vitest';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../core/index.ts';
import type { FeatureInput } from '../features/index.ts';
import { compareObservations, type Observation } from '../lake/index.ts';
import type { DirectionRows } from '../models/index.ts';
import type { RawRecord } from '../sources/index.ts';
import { marketPipeline, recordMarket } from './audit-case.contract.ts';
import { auditLeaks, CHECK_COUNT, FEWEST_CHECKS, openCase, type LeakAudit } from './leaks.ts';
import type { AuditedPipeline } from './pipeline.ts';
import { PLANT_NAMES, plantObstacle, withPlant } from './plants.ts';

const DAYS = 60;
let records: RawRecord[];

beforeAll(async () => {
  const all = await recordMarket({ seed: 21, bars: DAYS * 24 });
  // The simulator is talkative: one text in twelve shows the same and is read in a twelfth of the time.
  records = all.filter(({ kind }, place) => kind === 'candle' || kind === 'index' || place % 12 === 0);
});

/** Every check runs twice as long where lines are counted. */
const PATIENCE = { timeout: 120_000 };

async function audit(pipeline: AuditedPipeline, of: readonly RawRecord[] = records): Promise<LeakAudit> {
  return auditLeaks(await openCase(pipeline, { records: of, seed: 1 }));
}

function names({ findings }: LeakAudit): string[] {
  return findings.map(({ name }) => name);
}

describe('an audit for leaks', () => {
  it('finds nothing in the pipeline as it is, and every check runs', PATIENCE, async () => {
    const told: string[] = [];
    const audited = await openCase(marketPipeline(), { records, seed: 1 });
    const result = await auditLeaks(audited, (check, done) => told.push(`${done} ${check}`));
    expect(result.findings).toEqual([]);
    expect(result.checks).toBe(CHECK_COUNT);
    expect(result.reports.every(({ verdict }) => verdict === 'clean')).toBe(true);
    expect(told).toHaveLength(CHECK_COUNT);
    expect(told[0]).toBe('0 known-times');
    expect(await auditLeaks(audited)).toEqual(result);
  });

  it.each(PLANT_NAMES)('names %s where it is planted, and nothing else', PATIENCE, async (name) => {
    const result = await audit(withPlant(marketPipeline(), name));
    expect(names(result)).toEqual([name]);
    expect(result.findings[0]?.evidence.length).toBeGreaterThan(0);
  });

  it.each(PLANT_NAMES)(
    'names %s also through trees at a day ahead, which learn nothing from so few rows',
    PATIENCE,
    async (name) => {
      const result = await audit(withPlant(marketPipeline({ family: 'trees', horizonMinutes: 1_440 }), name));
      expect(names(result)).toEqual([name]);
      expect(result.checks).toBeGreaterThanOrEqual(FEWEST_CHECKS);
    },
  );

  it('does not count a check that could not run, and says why', PATIENCE, async () => {
    const bare = records.filter(({ kind }) => kind === 'candle').slice(0, 20);
    const result = await audit(marketPipeline(), bare);
    expect(result.findings).toEqual([]);
    expect(result.checks).toBeLessThan(FEWEST_CHECKS);
    const reasons = result.reports
      .filter(({ verdict }) => verdict === 'not run')
      .map(({ compared }) => compared);
    expect(reasons).toContain('the history has no texts');
    expect(reasons).toContain('fewer than 48 bars');
    expect(reasons.every((reason) => reason.length > 10)).toBe(true);
  });

  it('runs on candles alone, without what needs texts', PATIENCE, async () => {
    const candles = records.filter(({ kind }) => kind === 'candle');
    const audited = await openCase(marketPipeline(), { records: candles, seed: 1 });
    const result = await auditLeaks(audited);
    expect(result.findings).toEqual([]);
    expect(result.checks).toBe(CHECK_COUNT - 2);
    expect(plantObstacle(audited, 'news-at-publication')).toMatch(/^no text of this history has a stamp/);
    expect(plantObstacle(audited, 'close-at-open')).toBeNull();
  });
});

describe('leaks that nobody has planted for it', () => {
  it('sees bars that stand at their open instead of their close', PATIENCE, async () => {
    const honest = marketPipeline();
    const shift = (observation: Observation): Observation => {
      if (observation.kind !== 'candle') return observation;
      const eventTime = observation.eventTime - HOUR_MS;
      return { ...observation, eventTime, knownAt: observation.knownAt - HOUR_MS };
    };
    const result = await audit({
      ...honest,
      observe: async (given) => (await honest.observe(given)).map(shift).sort(compareObservations),
    });
    expect(names(result)).toContain('close-at-open');
  });

  it('sees a fold that reads one bar ahead though its inputs are honest', PATIENCE, async () => {
    const honest = marketPipeline();
    const result = await audit({ ...honest, fold: (inputs) => readingAhead(honest.fold(inputs)) });
    expect(names(result)).toEqual(['close-at-open']);
  });

  it('sees a fold that reads texts by the time that stands on them', PATIENCE, async () => {
    const honest = marketPipeline();
    const result = await audit({
      ...honest,
      fold: (inputs) =>
        honest.fold(
          inputs
            .map((input) => (input.kind === 'article' ? { ...input, knownAt: input.eventTime } : input))
            .sort(compareObservations),
        ),
    });
    expect(names(result)).toEqual(['news-at-publication']);
  });

  it(
    'sees a corrected bar that replaces the first one from the moment of its correction',
    PATIENCE,
    async () => {
      const honest = marketPipeline();
      const result = await audit({
        ...honest,
        fold: (inputs) => {
          const last = new Map(inputs.map((input) => [`${input.kind} ${input.eventTime}`, input]));
          const replaced = inputs.flatMap((input): FeatureInput[] => {
            if (input.kind !== 'candle') return [input];
            const isLast = last.get(`candle ${input.eventTime}`) === input;
            return isLast ? [{ ...input, knownAt: input.eventTime + 5 * SECOND_MS }] : [];
          });
          return honest.fold(replaced.sort(compareObservations));
        },
      });
      expect(names(result)).toEqual(['revised-value']);
    },
  );

  it('sees labels that are not close against close', PATIENCE, async () => {
    const honest = marketPipeline();
    const result = await audit({
      ...honest,
      fold(inputs) {
        const folded = honest.fold(inputs);
        const { rows } = folded;
        const early = rows.labelKnownAt.map((moment) => moment - 30 * MINUTE_MS);
        const labels = Uint8Array.from(rows.labels, (_, row) => rows.labels[row + 1] ?? 255);
        return { ...folded, rows: { ...rows, labels, labelKnownAt: early } };
      },
    });
    expect(names(result)).toEqual(expect.arrayContaining(['label-mismatch', 'label-known-early']));
  });

  it('sees a fit that learns from every row it can find', PATIENCE, async () => {
    const honest = marketPipeline();
    const result = await audit({
      ...honest,
      select: (rows) => honest.select(rows, { asOf: Infinity, horizonMinutes: 0, embargoMinutes: 0 }),
    });
    expect(names(result)).toEqual(expect.arrayContaining(['label-overlap']));
  });
});

/** Every row with the first feature of the row after it. */
function readingAhead(folded: ReturnType<AuditedPipeline['fold']>): ReturnType<AuditedPipeline['fold']> {
  const { rows } = folded;
  const width = rows.columns.length;
  const values = rows.values.slice();
  for (let row = 0; row + 1 < rows.count; row += 1) values[row * width] = values[(row + 1) * width] ?? NaN;
  return { ...folded, rows: { ...rows, values } satisfies DirectionRows };
}
