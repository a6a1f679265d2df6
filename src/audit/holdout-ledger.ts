import { join } from 'node:path';
import { z } from 'zod';
import { describeHoldout, isoUtc, parseUtc, type EpochMs, type Holdout } from '../core/index.ts';
import { appendToChain, readChain, type ChainedLines } from '../registry/index.ts';
import { holdoutOpened } from './errors.ts';

const figure = z.number().nullable();

/** What one model of a version was worth on the range; null = not to be had. */
const resultSchema = z.strictObject({
  arm: z.string(),
  horizonMinutes: z.number().int(),
  /** Windows with a truth whose label lies wholly inside. */
  n: z.number().int(),
  accuracy: figure,
  /** 95 % interval, block bootstrap. */
  low: figure,
  high: figure,
  accuracyOneBarLater: figure,
  logLoss: figure,
  brier: figure,
  /** Accuracy of each baseline, fitted on what was known before the range. */
  baselines: z.record(z.string(), figure),
});

const entrySchema = z.strictObject({
  at: z.iso.datetime(),
  asset: z.string(),
  workspace: z.string(),
  modelVersion: z.string(),
  /** Of its `manifest.json`, which names every file: what a model is, whatever it is called. */
  manifestHash: z.string(),
  from: z.iso.datetime(),
  to: z.iso.datetime(),
  results: z.array(resultSchema).min(1),
  previous: z.string().nullable(),
});

export type HoldoutResult = z.infer<typeof resultSchema>;
/** One opening of a held-out range. */
export type HoldoutOpening = z.infer<typeof entrySchema>;

/** What is about to be opened. */
export interface OpeningPlan {
  modelVersion: string;
  manifestHash: string;
  holdout: Holdout;
}

/** Openings of an installation, for all its workspaces: what was seen once was seen. */
export interface HoldoutLedger {
  /** Oldest first. @throws AppError `REGISTRY_VERSION_INVALID` when a line is not what was written */
  list(): Promise<HoldoutOpening[]>;
  /** @throws AppError `HOLDOUT_OPENED` with date and result of the first opening; as `list` */
  requireUnopened(plan: OpeningPlan): Promise<void>;
  /** @throws AppError as `requireUnopened`, also when somebody else was faster; `REGISTRY_WRITE_FAILED`, `GUARD_BUSY` */
  append(
    plan: OpeningPlan,
    opening: { at: EpochMs; asset: string; workspace: string; results: readonly HoldoutResult[] },
  ): Promise<void>;
}

/** @param dataDir - absolute; the ledger is `holdout/openings.jsonl` in it */
export function createHoldoutLedger(dataDir: string): HoldoutLedger {
  const chain: ChainedLines<HoldoutOpening> = {
    folder: join(dataDir, 'holdout'),
    file: 'openings.jsonl',
    lockFile: '.openings.lock',
    name: 'the ledger of held-out ranges',
    schema: entrySchema,
  };
  return {
    list: () => readChain(chain),
    async requireUnopened(plan) {
      refuseSecond(plan, await readChain(chain));
    },
    append(plan, { at, results, ...place }) {
      const { modelVersion, manifestHash, holdout } = plan;
      const range = { from: isoUtc(holdout.from), to: isoUtc(holdout.to) };
      const entry = { at: isoUtc(at), ...place, modelVersion, manifestHash, ...range, results: [...results] };
      return appendToChain(chain, entry, (entries) => {
        refuseSecond(plan, entries);
      });
    },
  };
}

/** A range that shares time with one that was opened was, so far, opened. */
function refuseSecond(
  { modelVersion, manifestHash, holdout }: OpeningPlan,
  entries: readonly HoldoutOpening[],
): void {
  const first = entries.find(
    (entry) =>
      entry.manifestHash === manifestHash &&
      parseUtc(entry.from) < holdout.to &&
      parseUtc(entry.to) > holdout.from,
  );
  if (first === undefined) return;
  const range = describeHoldout({ from: parseUtc(first.from), to: parseUtc(first.to) });
  throw holdoutOpened(modelVersion, { at: first.at, range, results: first.results.map(tell).join('; ') });
}

function tell({ arm, horizonMinutes, n, accuracy }: HoldoutResult): string {
  const share = accuracy === null ? 'no accuracy' : `${(100 * accuracy).toFixed(2)} %`;
  return `${arm} at ${horizonMinutes} minutes ${share} over ${n} windows`;
}
