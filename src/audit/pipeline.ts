import type { EpochMs, Holdout } from '../core/index.ts';
import type { FeatureInput, FeatureSet } from '../features/index.ts';
import { observeInMemory, type Observation } from '../lake/index.ts';
import {
  PAST_RETURN,
  selectColumns,
  selectMatured,
  walkForward,
  type DirectionRows,
  type Maturity,
  type Model,
  type ModelFamily,
  type TrainingRows,
} from '../models/index.ts';
import { foldHistory, scoreObservations, type FoldedHistory } from '../prediction/index.ts';
import { scorerName, type Scorer } from '../sentiment/index.ts';
import type { RawRecord, Source } from '../sources/index.ts';

/** What a pipeline is made for. */
export interface PipelineFacts {
  asset: string;
  barMinutes: number;
  horizonMinutes: number;
  /** Between the end of the last label that teaches and the fit. */
  embargoMinutes: number;
  graceSeconds: number;
  /** Kept back: its labels are not known here either. */
  holdout: Holdout | null;
  family: ModelFamily;
  seed: number;
}

/**
 * The way from raw records to a fitted model as six stages. The audit knows a pipeline only by them: it calls each with
 * records or rows of its own choosing and looks at what comes back. A plant is one of the stages in another one's place.
 */
export interface AuditedPipeline {
  readonly facts: PipelineFacts;
  /** Through the lake's door, in the order of folding. */
  observe(records: readonly RawRecord[]): Promise<Observation[]>;
  /** Gives every text its sentiment. */
  score(observations: readonly Observation[]): Promise<FeatureInput[]>;
  /** Features and truth of every window. */
  fold(inputs: readonly FeatureInput[]): FoldedHistory;
  /** What is done to the rows before any fit sees them. */
  prepare(rows: DirectionRows): DirectionRows;
  /** The rows that a fit may learn from. */
  select(rows: DirectionRows, maturity: Maturity): TrainingRows;
  fit(rows: TrainingRows): Model;
}

/** What the real pipeline is built from. */
export interface PipelineParts extends PipelineFacts {
  featureSet: FeatureSet;
  scorer: Scorer;
  usesSentiment: boolean;
  /** Nothing that claims to lie after it is believed. */
  now: EpochMs;
}

/** The stages that `evaluate direction`, replay and live operation go through. A text is scored once, however often it comes. */
export function createAuditedPipeline(parts: PipelineParts): AuditedPipeline {
  const { featureSet, scorer, usesSentiment, now, ...facts } = parts;
  const known = new Map<string, number>();
  const columns = featureSet.names.filter(
    (name) => usesSentiment || !featureSet.withoutSentiment.includes(name),
  );
  if (scorerName(scorer) !== featureSet.scorer) {
    throw new RangeError(`${scorerName(scorer)} does not score for features of ${featureSet.scorer}`);
  }
  return {
    facts,
    async observe(records) {
      const { observations } = await observeInMemory(sourceOf(records), {
        asset: facts.asset,
        now,
        indexNames: ['fear_greed'],
      });
      return observations;
    },
    async score(observations) {
      const { inputs, scores } = await scoreObservations(observations, scorer, known);
      for (const { textId, sentiment } of scores) known.set(textId, sentiment);
      return inputs;
    },
    fold: (inputs) => foldHistory({ ...facts, featureSet, inputs }),
    prepare: (rows) => selectColumns(rows, [...columns, PAST_RETURN]),
    select: selectMatured,
    fit: (rows) => facts.family.fit(rows, { seed: facts.seed }),
  };
}

/** A history on its way through the first three stages. */
export interface Folding extends FoldedHistory {
  observations: readonly Observation[];
  inputs: readonly FeatureInput[];
}

/** Through the door, the scorer and the fold. */
export async function foldRecords(
  pipeline: AuditedPipeline,
  records: readonly RawRecord[],
): Promise<Folding> {
  const observations = await pipeline.observe(records);
  const inputs = await pipeline.score(observations);
  return { observations, inputs, ...pipeline.fold(inputs) };
}

/** Which windows are predicted by which fit: all of them by one at `from`, or by the weekly ones. */
export interface Tested {
  from: EpochMs;
  to: EpochMs;
  refit: 'once' | 'weekly';
}

/** Predictions with the models that made them. */
export interface Walked {
  /** P(up), NaN where not tested, shape (rows.count). */
  probabilities: Float64Array;
  /** Each fitted model as it would be saved. */
  saved: string[];
}

/** The last three stages inside the walk-forward that everybody uses. */
export function walk(pipeline: AuditedPipeline, rows: DirectionRows, tested: Tested): Walked {
  const { facts } = pipeline;
  const saved: string[] = [];
  const family: ModelFamily = {
    ...facts.family,
    fit(training) {
      const model = pipeline.fit(training);
      saved.push(JSON.stringify(model.toJson()));
      return model;
    },
  };
  const select: AuditedPipeline['select'] = (read, maturity) => pipeline.select(read, maturity);
  const { probabilities } = walkForward(pipeline.prepare(rows), { ...facts, ...tested, family, select });
  return { probabilities, saved };
}

function sourceOf(records: readonly RawRecord[]): Source {
  return {
    name: 'audit',
    kinds: [...new Set(records.map(({ kind }) => kind))],
    isSimulated: false,
    async *fetch() {
      await Promise.resolve();
      yield* records;
    },
  };
}
