import { z } from 'zod';
import { appendToChain, readChain, type ChainedLines } from './chained-lines.ts';

/** An entry: from then on this version of the family answers. */
const entrySchema = z.strictObject({
  at: z.iso.datetime(),
  family: z.string(),
  version: z.string(),
  /** SHA-256 of its `manifest.json`; null for what is built in and has none. */
  manifestHash: z.string().nullable(),
  actor: z.string(),
  /** SHA-256 of the line before; null for the first. */
  previous: z.string().nullable(),
});

export type ScorerDeployment = z.infer<typeof entrySchema>;

function chainIn(folder: string): ChainedLines<ScorerDeployment> {
  return {
    folder,
    file: 'deployments.jsonl',
    lockFile: '.deployments.lock',
    name: 'the ledger of scorers',
    schema: entrySchema,
  };
}

/** The entries, oldest first. @throws AppError `REGISTRY_VERSION_INVALID` when a line is not what was written */
export async function readScorerLedger(folder: string): Promise<ScorerDeployment[]> {
  return readChain(chainIn(folder));
}

/** @throws AppError `REGISTRY_WRITE_FAILED`, `GUARD_BUSY`, or as `readScorerLedger` */
export async function appendToScorerLedger(
  folder: string,
  entry: Omit<ScorerDeployment, 'previous'>,
): Promise<void> {
  return appendToChain(chainIn(folder), entry);
}
