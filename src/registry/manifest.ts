import { z } from 'zod';

const SEMVER = /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)$/;
const FAMILY = /^[a-z0-9][a-z0-9-]*$/;
const SHA256 = /^[0-9a-f]{64}$/;
/** A path inside the version's own folder: no way out of it, nothing hidden. */
const INNER_PATH = /^[a-z0-9][a-z0-9+_-]*(\.[a-z0-9]+)+$/;

/** Where a version says what it is. */
export const MANIFEST_FILE = 'manifest.json';

const moment = z.iso.datetime();
export const sha256 = z.string().regex(SHA256, 'is a SHA-256 in 64 hexadecimal digits');

/** One file of a version: what it must be to be opened. */
export const fileSchema = z.strictObject({
  path: z.string().regex(INNER_PATH, 'is the name of a file in the version folder'),
  sha256,
  bytes: z.number().int().min(0),
});
export type VersionFile = z.infer<typeof fileSchema>;

/** One model of a version: an arm at a horizon. */
const modelSchema = z.strictObject({
  arm: z.string().min(1),
  horizonMinutes: z.number().int().min(1),
  /** Version hash of the feature set that this model reads; left out: the version's own. */
  featureSet: z.string().min(1).optional(),
  /** Whose sentiment it was trained on; null: nobody's; left out by older releases, whose arms had one scorer. */
  scorer: z.string().min(1).nullable().optional(),
  /** What decides its fit besides the data; left out: the version's own. */
  recipe: sha256.optional(),
  /** Path of the model that ships. */
  file: z.string(),
  /** Path of its gate fit (fitted without the eight weeks that judged it); null where the past was too short. */
  gateFile: z.string().nullable(),
  /**
   * Path of what says which inputs are unlike its training data; null where that was not to be had, left out by older
   * releases.
   */
  dissimilarityFile: z.string().nullable().optional(),
  /**
   * Matured rows that it was given, and the windows of the first and the last of them; null without rows. A family may
   * keep the newest of them to judge when to stop, with a gap before: its parameters say how many.
   */
  rows: z.number().int().min(0),
  from: moment.nullable(),
  to: moment.nullable(),
  /** SHA-256 over the training rows: columns, values, labels. */
  dataHash: sha256,
  /** Figures by name; null = not to be had. */
  metrics: z.record(z.string(), z.number().nullable()),
});

const contentSchema = z.strictObject({
  format: z.literal(1),
  family: z.string().regex(FAMILY, 'is the name of a family'),
  version: z.string().regex(SEMVER, 'is a version like 1.2.0'),
  asset: z.string().min(1),
  barMinutes: z.number().positive(),
  /** Version hash of the feature set that its models read unless they say otherwise; another one is refused. */
  featureSet: z.string().min(1),
  /** `vader@1.0.0`. */
  scorer: z.string().min(1),
  /** SHA-256 over everything but the data that decides a fit: two versions with the same recipe differ in data alone. */
  recipe: sha256,
  parameters: z.record(z.string(), z.unknown()),
  seed: z.number().int(),
  /** The version that was live when this one was trained; null for a first one. */
  parent: z.string().nullable(),
  /** Nothing known after this moment is in it. */
  trainedAt: moment,
  /** After this moment its answers are degraded and it is to be replaced. */
  expiresAt: moment,
  models: z.array(modelSchema).min(1),
  files: z.array(fileSchema).min(1),
});

/** What a version of a family says of itself; `manifest.json` in its folder. */
export const manifestSchema = contentSchema.superRefine(({ models, files }, context) => {
  const complain = (message: string) => {
    context.addIssue({ code: 'custom', message });
  };
  const paths = files.map(({ path }) => path);
  for (const path of repeated(paths)) complain(`names the file ${path} twice`);
  if (paths.includes(MANIFEST_FILE)) complain(`cannot hold a hash of ${MANIFEST_FILE}, which is itself`);
  const places = models.map(({ arm, horizonMinutes }) => `${arm} at ${horizonMinutes} minutes`);
  for (const place of repeated(places)) complain(`has two models of ${place}`);
  for (const path of models.flatMap(({ file, gateFile, dissimilarityFile = null }) => [
    file,
    gateFile,
    dissimilarityFile,
  ])) {
    if (path !== null && !paths.includes(path))
      complain(`has a model in ${path}, which is none of its files`);
  }
});

export type Manifest = z.infer<typeof manifestSchema>;
export type ManifestModel = Manifest['models'][number];

/** A version that is not written yet: the store adds the hashes of its files. */
export interface VersionDraft {
  manifest: Omit<Manifest, 'files'>;
  /** Content by path: JSON text, exactly as it will be written. */
  contents: ReadonlyMap<string, string>;
}

/** True for a name that can be a family, and so a folder: it comes from HTTP too. */
export function isFamilyName(name: string): boolean {
  return FAMILY.test(name);
}

/** True for `1.0.3`: three whole numbers without leading zeros. */
export function isVersionNumber(version: string): boolean {
  return SEMVER.test(version);
}

function repeated(names: readonly string[]): string[] {
  return [...new Set(names.filter((name, place) => names.indexOf(name) !== place))];
}
