import { InvalidArgumentError } from 'commander';
import { parseUtc, type EpochMs } from '../core/index.ts';
import type { LabelDefinition } from '../features/index.ts';

const DAY_MINUTES = 1_440;
/** Tested by halves they make 6,435 splits; one group more and there would be 12,870, which is too many. */
const MOST_GROUPS = 15;

/** A moment on the command line. Commander prints the message beside the option's name and ends with usage. */
export function momentArgument(text: string): EpochMs {
  const moment = parseUtc(text);
  if (Number.isNaN(moment)) {
    throw new InvalidArgumentError('Give a moment in UTC, such as 2021-11-05 or 2021-11-05T06:00:00Z.');
  }
  return moment;
}

/** A whole number within bounds on the command line. */
export function integerArgument(low: number, high: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (text.trim() === '' || !Number.isInteger(number) || number < low || number > high) {
      throw new InvalidArgumentError(`Give a whole number from ${low} to ${high}.`);
    }
    return number;
  };
}

/** A bar length on the command line: whole minutes that divide a day, so that every midnight closes a bar. */
export function barArgument(text: string): number {
  const minutes = integerArgument(1, DAY_MINUTES)(text);
  if (DAY_MINUTES % minutes !== 0) {
    throw new InvalidArgumentError('Give minutes that divide a day, such as 15 or 60.');
  }
  return minutes;
}

/** A positive number on the command line. */
export function positiveArgument(text: string): number {
  const number = Number(text);
  if (!Number.isFinite(number) || number <= 0) throw new InvalidArgumentError('Give a number above 0.');
  return number;
}

/** A comma-separated list on the command line. */
export function listArgument(text: string): string[] {
  const parts = text.split(',').map((part) => part.trim());
  if (parts.some((part) => part === ''))
    throw new InvalidArgumentError('Give names with commas between them.');
  return parts;
}

/** Horizons in minutes on the command line, by commas. */
export function horizonsArgument(text: string): number[] {
  return listArgument(text).map(integerArgument(1, 100_000));
}

/** What a window is asked, on the command line: a kind, and after a colon its number where it has one. */
export function labelArgument(text: string): LabelDefinition {
  const [kind, given = '', ...more] = text.split(':');
  const number = given.trim() === '' ? NaN : Number(given);
  if (more.length === 0) {
    if (kind === 'sign' && given === '') return { kind };
    if (kind === 'dead-zone' && number >= 0 && number < Infinity) return { kind, basisPoints: number };
    if (kind === 'triple-barrier' && number > 0 && number < Infinity) return { kind, multiple: number };
    if (kind === 'large-move' && number > 0 && number < 1) return { kind, quantile: number };
  }
  throw new InvalidArgumentError(
    'Give sign, dead-zone:BP (basis points from 0), triple-barrier:K (a multiple above 0 of the volatility) or large-move:Q (a quantile between 0 and 1).',
  );
}

/** Groups of a combinatorial cross-validation on the command line, and how many of them are tested together: `6,2`. */
export function groupsArgument(text: string): { groups: number; testGroups: number } {
  const [groups = NaN, testGroups = NaN, ...more] = text.split(',').map(Number);
  const isCut = Number.isInteger(groups) && groups >= 2 && groups <= MOST_GROUPS;
  if (isCut && Number.isInteger(testGroups) && testGroups >= 1 && testGroups < groups && more.length === 0) {
    return { groups, testGroups };
  }
  throw new InvalidArgumentError(
    `Give two whole numbers, such as 6,2: 2 to ${MOST_GROUPS} groups, and how many of them are tested together.`,
  );
}
