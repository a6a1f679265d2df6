import { stat, writeFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { MODEL_FAMILIES, type Model, type ModelFamily } from '../models/index.ts';
import {
  createArtifactStore,
  findVersion,
  listVersions,
  modelNotFound,
  modelVersionOf,
  type Manifest,
  type ManifestModel,
  type OpenVersion,
} from '../registry/index.ts';
import type { Workspace } from '../core/index.ts';
import { usageInvalid } from './errors.ts';
import { requireOutFile, writeWhole } from './out-file.ts';
import { openPresentWorkspace } from './present-workspace.ts';
import type { CommandContext, ExitCode } from './program.ts';
import { describeBytes } from './sizes.ts';

interface Options {
  out: string;
  arm?: string;
  horizon?: number;
  version?: string;
  workspace?: string;
  json?: boolean;
}

/** The family that has forms which other programs read. */
const FAMILY = 'trees';

/** By the ending of the file. */
const FORMATS = {
  onnx: { title: 'ONNX', write: (model: Model, facts: Facts) => model.toOnnx?.(facts) },
  json: { title: 'XGBoost JSON', write: (model: Model) => `${JSON.stringify(model.toJson())}\n` },
};
type Format = keyof typeof FORMATS;

type Facts = Readonly<Record<string, string>>;

/** `export model`: one registered model of boosted trees as a file for other programs, whole or not at all. */
export async function exportModel(options: Options, context: CommandContext): Promise<ExitCode> {
  const { out } = options;
  const format = formatOf(out);
  requireTrees(options.arm);
  await requireOutFile(out);
  const { workspace, close } = await openPresentWorkspace(options.workspace, context);
  try {
    const version = await openVersion(workspace, options.version);
    const chosen = chooseModel(version.manifest, options);
    const family: ModelFamily = MODEL_FAMILIES[FAMILY];
    const model = family.load(await version.readModel(chosen.arm, chosen.horizonMinutes));
    const content = FORMATS[format].write(model, factsOf(version.manifest, chosen));
    if (content === undefined) throw new TypeError(`${model.family} has no form for .${format}`);
    await writeWhole(out, (draft) => writeFile(draft, content));
    const { size: bytes } = await stat(out);
    const { arm, horizonMinutes } = chosen;
    const modelVersion = modelVersionOf(version.manifest);
    context.terminal.result(
      `${modelVersion}, ${arm} at ${horizonMinutes} minutes, in ${out} (${FORMATS[format].title}, ${describeBytes(bytes)})`,
      { out, format, bytes, modelVersion, arm, horizonMinutes, workspace: workspace.name },
    );
  } finally {
    await close();
  }
  return 0;
}

function formatOf(out: string): Format {
  const ending = extname(out).slice(1).toLowerCase();
  if (Object.hasOwn(FORMATS, ending)) return ending as Format;
  const told = Object.entries(FORMATS).map(([format, { title }]) => `.${format} (${title})`);
  throw usageInvalid(`${out} ends in neither ${told.join(' nor ')}. Name a file that does.`);
}

function requireTrees(arm: string | undefined): void {
  if (arm === undefined || arm.startsWith(`${FAMILY}+`)) return;
  throw usageInvalid(
    `${arm} is no arm of boosted trees, and only those have a form that other programs read. Name one such as ${FAMILY}+vader; a model of another family is JSON of this program, in the registry folder.`,
  );
}

/** A version of trees, the newest where none is named, its manifest held against its hash. */
async function openVersion(
  { pool, registryDir }: Workspace,
  wanted: string | undefined,
): Promise<OpenVersion> {
  const known = await listVersions(pool, { family: FAMILY });
  // As it is named everywhere else, or by its number alone.
  const version = wanted?.replace(/^trees@/, '') ?? known[0]?.version;
  const recorded = version === undefined ? null : await findVersion(pool, { family: FAMILY, version });
  if (recorded === null) {
    throw modelNotFound(
      version === undefined ? FAMILY : modelVersionOf({ family: FAMILY, version }),
      known.map(modelVersionOf),
    );
  }
  const { manifestHash } = recorded;
  return createArtifactStore(registryDir).open(FAMILY, recorded.version, { manifestHash });
}

/** The one model that is meant. */
function chooseModel(manifest: Manifest, { arm, horizon }: Options): ManifestModel {
  const fitting = manifest.models.filter(
    (model) => (arm ?? model.arm) === model.arm && (horizon ?? model.horizonMinutes) === model.horizonMinutes,
  );
  const [only] = fitting;
  if (only !== undefined && fitting.length === 1) return only;
  const choices = (only === undefined ? manifest.models : fitting).map(
    (model) => `${model.arm} at ${model.horizonMinutes} minutes`,
  );
  const name = modelVersionOf(manifest);
  const what = only === undefined ? 'has no such model' : 'has more than one such model';
  throw usageInvalid(`${name} ${what}. Choose with --arm and --horizon among: ${choices.join(', ')}.`);
}

/** What a file that leaves the registry should still know of itself. */
function factsOf(manifest: Manifest, { arm, horizonMinutes, featureSet, scorer }: ManifestModel): Facts {
  return {
    model_version: modelVersionOf(manifest),
    arm,
    horizon_minutes: String(horizonMinutes),
    asset: manifest.asset,
    bar_minutes: String(manifest.barMinutes),
    feature_set: featureSet ?? manifest.featureSet,
    scorer: (scorer === undefined ? manifest.scorer : scorer) ?? 'none',
    trained_at: manifest.trainedAt,
  };
}
