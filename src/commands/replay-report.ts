import { isoUtc, type EpochMs } from '../core/index.ts';
import { amount, percent } from './amount.ts';
import { alignColumns } from './align-columns.ts';
import type { ReplayResult } from './replay.ts';

interface Facts {
  from: EpochMs;
  to: EpochMs;
  wallSeconds: number;
  peakRssMb: number;
  postgresRssMb: number | null;
  workspace: string;
}

/** The result of a replay as a person reads it: every accuracy with n, interval and the baseline to beat. */
export function describeReplay(result: ReplayResult, facts: Facts): string {
  const rows = result.accuracy.map((row) => [
    row.arm,
    String(row.horizonMinutes),
    percent(row.accuracy),
    interval(row),
    percent(row.accuracyOneBarLater),
    percent(row.baseline),
    String(row.n),
  ]);
  const head = ['arm', 'minutes', 'accuracy', '95 % interval', 'a bar later', 'sign-table', 'n'];
  return [
    `${amount(result.windows, 'window')} after ${isoUtc(facts.from)} up to ${isoUtc(facts.to)}, ${amount(result.predictions, 'prediction')}`,
    '',
    ...alignColumns([head, ...rows]),
    '',
    `${amount(result.retrains, 'version')} trained, ${amount(result.promotions, 'promotion')} by the gate, ${amount(result.rollbacks, 'rollback')}`,
    `predictions ${result.predictionsHash}`,
    `${facts.wallSeconds} s, ${facts.peakRssMb} MB, Postgres ${facts.postgresRssMb ?? 'unknown'} MB, workspace ${facts.workspace}`,
    'Accuracies near 50 % are what these horizons give. Nothing here is investment advice.',
  ].join('\n');
}

function interval({ low, high }: { low: number | null; high: number | null }): string {
  return low === null || high === null ? 'too few days' : `${percent(low)} .. ${percent(high)}`;
}
