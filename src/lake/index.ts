import { fileURLToPath } from 'node:url';
import type { ModuleMigrations } from '../core/index.ts';

export {
  compareObservations,
  type CandleObservation,
  type FoldKey,
  type IndexObservation,
  type Observation,
  type TextObservation,
} from './records.ts';
export type { QualityReport, QualityWarning, QuarantineReason } from './quality-report.ts';
export { ingest, ingestInto, type IngestOptions, type IngestProgress, type IngestReport } from './ingest.ts';
export { observeInMemory, type ObserveOptions } from './observe.ts';
export {
  readBarSpan,
  readCandles,
  readFurthestBar,
  readObservations,
  readScores,
  writeScores,
  type TextScore,
} from './as-of.ts';
export { readFreshness, type FeedFreshness } from './freshness.ts';
export { verifyBronze, type BronzeVerification } from './bronze-manifest.ts';

/** The lake's tables: candles, articles, posts, indices, quarantine, scores. */
export const lakeMigrations: ModuleMigrations = {
  module: 'lake',
  folder: fileURLToPath(new URL('./migrations', import.meta.url)),
};
