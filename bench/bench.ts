import { isAbsolute, resolve } from 'node:path';

/** What a benchmark is given: nothing in it is global, so that a test can run one small. */
export interface BenchContext {
  /** Folder of the project. */
  root: string;
  /** Milliseconds from any beginning, never going back. */
  stopwatch: () => number;
  /** One line for the person who waits. */
  progress: (line: string) => void;
}

/** What a benchmark says. */
export interface BenchResult {
  /** Everything measured, units in the names. */
  figures: Record<string, number | string>;
  /** Ours against a peer by key (DESIGN section 8); above 1 means that we are better. The worst where a key covers several. */
  ratios: Record<string, number>;
  /** Keys of the peers that could not be asked; the reason goes to `progress`. */
  missing: string[];
}

/** A file in this folder: `bench/<name>.ts`. */
export interface BenchModule {
  run(context: BenchContext): Promise<BenchResult>;
}

/** Something that does the same work again and again; a rate is in units a second. */
export interface Contender {
  key: string;
  /** Does the work once and says how fast it went. */
  round(): Promise<number>;
}

/**
 * Runs the contenders in turns, so that a change of the machine's mood meets all of them.
 * @returns the median rate of each by key
 */
export async function takeTurns(
  contenders: readonly Contender[],
  { rounds, progress }: { rounds: number; progress: BenchContext['progress'] },
): Promise<Map<string, number>> {
  const rates = new Map<string, number[]>(contenders.map(({ key }) => [key, []]));
  for (let round = 1; round <= rounds; round += 1) {
    for (const { key, round: measure } of contenders) {
      const rate = await measure();
      rates.get(key)?.push(rate);
      progress(`round ${round}/${rounds}  ${key.padEnd(16)} ${Math.round(rate).toLocaleString('en')} / s`);
    }
  }
  return new Map([...rates].map(([key, measured]) => [key, median(measured)]));
}

/** The middle value; the mean of the two middle ones of an even number. NaN for none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? NaN)) / 2;
}

/** The folder of shared real data, beside the project. */
export function sharedData(root: string, path: string): string {
  return isAbsolute(path) ? path : resolve(root, '../shared/data', path);
}

/** Digits enough to read, few enough to believe. */
export function round(value: number, digits: number): number {
  return Math.round(value * 10 ** digits) / 10 ** digits;
}
