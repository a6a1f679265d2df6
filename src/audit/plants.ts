import { MINUTE_MS } from '../core/index.ts';
import { compareObservations, type Observation } from '../lake/index.ts';
import { PAST_RETURN, type DirectionRows } from '../models/index.ts';
import type { RawRecord } from '../sources/index.ts';
import type { AuditCase } from './check.ts';
import { trapWindows } from './check-future.ts';
import type { AuditedPipeline } from './pipeline.ts';

/** A leak that is built into a pipeline on purpose, so that the audit can be seen to find it. */
interface Plant {
  build(pipeline: AuditedPipeline): AuditedPipeline;
  /** @returns why no such leak can exist on this history; null when it can */
  obstacle(audited: AuditCase): string | null;
}

const PLANTS = {
  /** A candle's stamp is its open: a row that is read from its stamp on tells its close one bar too early. */
  'close-at-open': {
    build: (pipeline) => ({
      ...pipeline,
      observe: async (records) => restamped(await pipeline.observe(records), closeAtOpen),
    }),
    obstacle: () => null,
  },
  /** A text is read from the moment that stands on it, not from when anybody could have seen it. */
  'news-at-publication': {
    build: (pipeline) => ({
      ...pipeline,
      observe: async (records) => restamped(await pipeline.observe(records), atPublication),
    }),
    obstacle: (audited) =>
      trapWindows(audited, 'text').length > 0
        ? null
        : 'no text of this history has a stamp before the decision of a window and became known after it, so reading it at publication changes nothing.',
  },
  /** Every column is standardised once, by the mean and spread of all rows, before anything is split. */
  'scaler-on-all': {
    build: (pipeline) => ({ ...pipeline, prepare: (rows) => standardised(pipeline.prepare(rows)) }),
    obstacle: () => null,
  },
  /** A split by time alone: every window before the fit teaches, whether its truth was known or not. */
  'label-overlap': {
    build: (pipeline) => ({
      ...pipeline,
      select: (rows, maturity) =>
        pipeline.select(
          { ...rows, labelKnownAt: rows.windowEnds },
          { ...maturity, horizonMinutes: 0, embargoMinutes: 0 },
        ),
    }),
    obstacle: () => null,
  },
  /** A history that was corrected later is read as if its last version had stood there from the beginning. */
  'revised-value': {
    build: (pipeline) => ({ ...pipeline, observe: (records) => pipeline.observe(corrected(records)) }),
    obstacle: () => null,
  },
} as const satisfies Record<string, Plant>;

/** Name of a plant, which is the name of the leak that the audit has to tell. */
export type PlantName = keyof typeof PLANTS;

export const PLANT_NAMES = Object.keys(PLANTS) as PlantName[];

/** The same pipeline with one stage replaced by one that leaks. */
export function withPlant(pipeline: AuditedPipeline, name: PlantName): AuditedPipeline {
  return PLANTS[name].build(pipeline);
}

/** Why a plant cannot be built on this history; null when it can. */
export function plantObstacle(audited: AuditCase, name: PlantName): string | null {
  return PLANTS[name].obstacle(audited);
}

function restamped(
  observations: readonly Observation[],
  restamp: (observation: Observation) => Observation,
): Observation[] {
  return observations.map(restamp).sort(compareObservations);
}

function closeAtOpen(observation: Observation): Observation {
  if (observation.kind !== 'candle') return observation;
  return { ...observation, knownAt: observation.knownAt - observation.barMinutes * MINUTE_MS };
}

function atPublication(observation: Observation): Observation {
  const isText = observation.kind === 'article' || observation.kind === 'post';
  return isText ? { ...observation, knownAt: observation.eventTime } : observation;
}

function standardised(rows: DirectionRows): DirectionRows {
  const width = rows.columns.length;
  const values = rows.values.slice();
  rows.columns.forEach((name, column) => {
    if (name === PAST_RETURN) return;
    const own = columnOf(rows, column).filter((value) => Number.isFinite(value));
    const mean = own.reduce((sum, value) => sum + value, 0) / own.length;
    const spread = Math.sqrt(own.reduce((sum, value) => sum + (value - mean) ** 2, 0) / own.length);
    if (!(spread > 0)) return;
    for (let place = column; place < values.length; place += width) {
      values[place] = ((values[place] ?? NaN) - mean) / spread;
    }
  });
  return { ...rows, values };
}

function columnOf({ values, columns, count }: DirectionRows, column: number): Float64Array {
  return Float64Array.from({ length: count }, (_, row) => values[row * columns.length + column] ?? NaN);
}

/** Each bar and day once: where it stood first, with what was said of it last. */
function corrected(records: readonly RawRecord[]): RawRecord[] {
  const last = new Map<string, RawRecord>();
  for (const record of records) last.set(placeOf(record), record);
  const taken = new Set<string>();
  return records.flatMap((record) => {
    const place = placeOf(record);
    if (record.kind !== 'candle' && record.kind !== 'index') return [record];
    if (taken.has(place)) return [];
    taken.add(place);
    return [last.get(place) ?? record];
  });
}

function placeOf({ kind, source, fields }: RawRecord): string {
  return `${kind} ${source} ${fields.bar_minutes} ${fields.open_time} ${fields.name} ${fields.date}`;
}
