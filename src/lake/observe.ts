import type { EpochMs } from '../core/index.ts';
import type { KnownRange, Source } from '../sources/index.ts';
import { createDoor } from './quality.ts';
import type { QualityReport } from './quality-report.ts';
import { compareObservations, type Observation } from './records.ts';

export interface ObserveOptions {
  asset: string;
  /** Nothing that claims to lie after it is believed. */
  now: EpochMs;
  /** Default: everything. */
  range?: KnownRange;
  /** Only these indices; default all. */
  indexNames?: readonly string[];
  /** Called now and then with the number of records read. */
  onProgress?: (read: number) => void;
}

const PROGRESS_EVERY = 5_000;

/**
 * Reads a source through the same door as `ingest`, without storing anything: the same ids and the same
 * observations as an import and a read as of the end would give.
 * @returns observations in the order in which state is folded, and what the door thought of the records
 * @throws AppError `SOURCE_*` when the source as a whole cannot be read
 */
export async function observeInMemory(
  source: Source,
  options: ObserveOptions,
): Promise<{ observations: Observation[]; report: QualityReport }> {
  const door = createDoor(options);
  const observations: Observation[] = [];
  let read = 0;
  for await (const record of source.fetch(options.range ?? { after: -Infinity, upTo: Infinity })) {
    const verdict = door.check(record);
    if (verdict.outcome === 'accepted' && isWanted(verdict.observation, options.indexNames)) {
      observations.push(verdict.observation);
    }
    read += 1;
    if (read % PROGRESS_EVERY === 0) options.onProgress?.(read);
  }
  return { observations: observations.sort(compareObservations), report: door.report() };
}

function isWanted(observation: Observation, indexNames: readonly string[] | undefined): boolean {
  return observation.kind !== 'index' || indexNames === undefined || indexNames.includes(observation.name);
}
