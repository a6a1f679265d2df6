import type { Ablation, AblationVariant } from '../registry/index.ts';
import { alignColumns } from './align-columns.ts';
import { percent } from './amount.ts';

const HEAD = [
  'arm',
  'minutes',
  'columns',
  'accuracy',
  'points above price (95 %)',
  'gain in nats (95 %)',
  'McNemar p',
  'Diebold-Mariano p',
  'n',
];

/**
 * What the columns of each scorer are worth, as a table with the reasons below it.
 * @returns lines; none without an ablation
 */
export function ablationLines(ablations: readonly Ablation[]): string[] {
  if (ablations.length === 0) return [];
  const rows = ablations.flatMap(({ arm, horizonMinutes, n, variants }) =>
    variants.map((variant) => [arm, String(horizonMinutes), ...cellsOf(variant), String(n)]),
  );
  const reasons = ablations.flatMap(({ arm, horizonMinutes, variants }) =>
    byReason(variants).map(
      ([reason, columns]) => `  ${arm} at ${horizonMinutes} minutes, ${columns}: ${reason}`,
    ),
  );
  return [
    'What news and posts are worth beside price (above 0 they help):',
    ...alignColumns([HEAD, ...rows]),
    ...reasons,
  ];
}

function cellsOf(variant: AblationVariant): string[] {
  const { columns, accuracy, mcnemar, dieboldMariano } = variant;
  return [
    columns,
    percent(accuracy),
    withInterval([variant.accuracyDifference, variant.low, variant.high], points),
    withInterval([variant.gain, variant.gainLow, variant.gainHigh], nats),
    chance(mcnemar),
    chance(dieboldMariano),
  ];
}

/** Each reason once, with the columns that it is said of. */
function byReason(variants: readonly AblationVariant[]): [string, string][] {
  const said = new Map<string, string>();
  for (const { reason, columns } of variants) {
    if (reason === null) continue;
    const before = said.get(reason);
    said.set(reason, before === undefined ? columns : `${before}, ${columns}`);
  }
  return [...said];
}

function withInterval(
  [figure, low, high]: [number | null, number | null, number | null],
  write: (value: number) => string,
): string {
  if (figure === null) return '-';
  return low === null || high === null ? write(figure) : `${write(figure)} (${write(low)} .. ${write(high)})`;
}

function points(share: number): string {
  return `${share > 0 ? '+' : ''}${(100 * share).toFixed(2)}`;
}

function nats(value: number): string {
  return `${value > 0 ? '+' : ''}${value.toFixed(5)}`;
}

function chance(p: number | null): string {
  return p === null ? '-' : p.toFixed(3);
}
