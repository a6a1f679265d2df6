import { isoUtc, type EpochMs } from '../core/index.ts';
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
    `${percent(row.low)} .. ${percent(row.high)}`,
    percent(row.accuracyOneBarLater),
    percent(row.baseline),
    String(row.n),
  ]);
  const head = ['arm', 'minutes', 'accuracy', '95 % interval', 'a bar later', 'sign-table', 'n'];
  return [
    `${result.windows} windows after ${isoUtc(facts.from)} up to ${isoUtc(facts.to)}, ${result.predictions} predictions`,
    '',
    ...table([head, ...rows]),
    '',
    `predictions ${result.predictionsHash}`,
    `${facts.wallSeconds} s, ${facts.peakRssMb} MB, Postgres ${facts.postgresRssMb ?? 'unknown'} MB, workspace ${facts.workspace}`,
    'Accuracies near 50 % are what these horizons give. Nothing here is investment advice.',
  ].join('\n');
}

/** Rows with columns padded to the same width, the first to the left, the others to the right. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  '),
  );
}

function percent(share: number | null): string {
  return share === null ? '-' : `${(100 * share).toFixed(2)} %`;
}
