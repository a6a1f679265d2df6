import type { RatedText } from './rated-texts.ts';
import type { Scorer } from './scorer.ts';

/** The files of a version as whoever hands them over has verified them. */
export interface ScorerFiles {
  readonly names: readonly string[];
  /** The bytes of a file. @throws AppError when it is not there or not what the manifest says */
  read(name: string): Promise<Uint8Array>;
  /** The absolute path of a file whose bytes have been verified, for what maps a file instead of reading it. */
  locate(name: string): Promise<string>;
}

/** How a version is made. */
export interface ScorerTraining {
  /** The only randomness. */
  seed: number;
  /** The version that it goes on from, where a family learns on top of one; null: from the family's beginning. */
  base: { version: string; files: ScorerFiles } | null;
  /** Told in a few words how far it is, with the share done (0..1) where that is known. */
  onProgress?: (phrase: string, share: number | null) => void;
}

/** A version that was trained and not stored yet. */
export interface TrainedScorer {
  /** Content by file name: JSON, ONNX or safetensors, nothing executable. */
  files: ReadonlyMap<string, Uint8Array>;
  /** What decided the training besides its rows and the seed, plain JSON by name. */
  parameters: Readonly<Record<string, unknown>>;
  /** Figures by name, on rows that the training kept out; null = not to be had. */
  metrics: Readonly<Record<string, number | null>>;
}

/** A way to learn sentiment: trains versions and loads them. Same rows and seed, same bytes. */
export interface ScorerFamily {
  readonly name: string;
  /**
   * @param rows - with a label, a score, or both; in the order of the files
   * @throws AppError `SENTIMENT_TRAINING_REFUSED` where the rows cannot teach it, with what to do
   */
  train(rows: readonly RatedText[], training: ScorerTraining): Promise<TrainedScorer>;
  /** @throws AppError `SENTIMENT_ARTIFACT_INVALID` when the files are not one of this family's versions */
  load(files: ScorerFiles, version: string): Promise<Scorer>;
}
