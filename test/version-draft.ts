import { MODEL_FAMILIES } from '../src/models/index.ts';
import type { VersionDraft } from '../src/registry/index.ts';

const HASH = '0'.repeat(64);

/** What a made-up version may differ in. */
export interface DraftFacts {
  family?: string;
  version?: string;
  /** One character, repeated to a hash. */
  recipe?: string;
  featureSet?: string;
  arms?: readonly string[];
  horizonsMinutes?: readonly number[];
  trainedAt?: string;
  /** Stands in every model file. */
  weight?: number;
}

/** A made-up version of a price family: per arm and horizon a model and a gate fit of one number. */
export function makeDraft(facts: DraftFacts = {}): VersionDraft {
  const { family = 'trees', version = '1.0.0', recipe = 'a', featureSet = 'features', weight = 0.5 } = facts;
  const { arms = [`${family}+vader`, `${family}+none`], horizonsMinutes = [60, 1_440] } = facts;
  const { trainedAt = '2021-11-01T00:01:00.000Z' } = facts;
  const contents = new Map<string, string>();
  const models = horizonsMinutes.flatMap((horizonMinutes) =>
    arms.map((arm) => {
      const file = `${arm}-${horizonMinutes}.json`;
      const gateFile = `${arm}-${horizonMinutes}.gate.json`;
      contents.set(file, JSON.stringify({ family, weight, arm, horizonMinutes }));
      contents.set(gateFile, JSON.stringify({ family, weight: weight / 2, arm, horizonMinutes }));
      return {
        arm,
        horizonMinutes,
        file,
        gateFile,
        rows: 1_000,
        from: '2021-01-01T00:00:00.000Z',
        to: '2021-10-31T00:00:00.000Z',
        dataHash: HASH,
        metrics: { logLoss: 0.6912, accuracy: null },
      };
    }),
  );
  return {
    contents,
    manifest: {
      format: 1,
      family,
      version,
      asset: 'BTC-USD',
      barMinutes: 60,
      featureSet,
      scorer: 'vader@1.0.0',
      recipe: recipe.repeat(64),
      parameters: { depth: 4 },
      seed: 1,
      parent: null,
      trainedAt,
      expiresAt: '2021-12-01T00:01:00.000Z',
      models,
    },
  };
}

/**
 * A made-up version whose models can be loaded. Of the logistic family (default) what ships says `weight` of every row,
 * its gate fit half of that; trees say what they learnt from a handful of rows.
 */
export function makeModelDraft(facts: DraftFacts = {}): VersionDraft {
  const { manifest, contents } = makeDraft({ family: 'logistic', ...facts });
  if (manifest.family === 'trees') {
    const file = JSON.stringify(fewTrees().toJson());
    return { manifest, contents: new Map([...contents.keys()].map((name) => [name, file])) };
  }
  const models = [...contents].map(([file, content]): [string, string] => {
    const { weight } = JSON.parse(content) as { weight: number };
    const intercept = Math.log(weight / (1 - weight));
    return [file, JSON.stringify({ family: 'logistic', format: 1, intercept, terms: [] })];
  });
  return { manifest, contents: new Map(models) };
}

function fewTrees() {
  const count = 16;
  const rows = {
    columns: ['past_return'],
    values: Float64Array.from({ length: count }, (_, row) => row / count),
    count,
    labels: Uint8Array.from({ length: count }, (_, row) => row % 2),
    futureReturns: new Float64Array(count),
  };
  return MODEL_FAMILIES.trees.fit(rows, { seed: 1 });
}
