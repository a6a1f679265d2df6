import { z } from 'zod';
import { fileSchema, isFamilyName, isVersionNumber, sha256 } from './manifest.ts';

/** What a version of a scorer says of itself; `manifest.json` in its folder. */
export const scorerManifestSchema = z.strictObject({
  format: z.literal(1),
  kind: z.literal('scorer'),
  family: z.string().refine(isFamilyName, 'is the name of a family'),
  version: z.string().refine(isVersionNumber, 'is a version like 1.2.0'),
  /** SHA-256 over everything but the data that decides a training. */
  recipe: sha256,
  parameters: z.record(z.string(), z.unknown()),
  seed: z.number().int(),
  /** The version that it learnt on top of; null: from the family's beginning. */
  parent: z.string().nullable(),
  trainedAt: z.iso.datetime(),
  /** Files of rated texts that it learnt from: name without folder, rows, SHA-256 of texts and ratings. */
  data: z.array(z.strictObject({ file: z.string(), rows: z.number().int().min(0), sha256 })).min(1),
  /** Figures by name, on rows kept out of the training; null = not to be had. */
  metrics: z.record(z.string(), z.number().nullable()),
  files: z.array(fileSchema).min(1),
});

export type ScorerManifest = z.infer<typeof scorerManifestSchema>;

/** A version of a scorer that is not written yet: the store adds number and hashes. */
export interface ScorerDraft {
  manifest: Omit<ScorerManifest, 'files' | 'version' | 'format' | 'kind'>;
  /** Content by file name. */
  contents: ReadonlyMap<string, Uint8Array>;
}
