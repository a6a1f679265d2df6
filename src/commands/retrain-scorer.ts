import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { withInstalledScorers, type InstalledScorers } from '../compose-scorers.ts';
import { createLog, createRealClock, isoUtc } from '../core/index.ts';
import { modelVersionOf, type OpenScorerVersion } from '../registry/index.ts';
import { readRatedTexts, type RatedText } from '../sentiment/index.ts';
import { alignColumns } from './align-columns.ts';
import { scorerUnknown, usageInvalid } from './errors.ts';
import type { CommandContext, ExitCode } from './program.ts';

interface Options {
  family: string;
  data?: readonly string[];
  /** `family@version` or a version to learn on top of. */
  base?: string;
  seed: number;
  json?: boolean;
}

/**
 * `retrain` of a family of scorers: a new version as a candidate in the store of scorers, from files of rated texts. It
 * needs no database.
 */
export async function retrainScorer(options: Options, context: CommandContext): Promise<ExitCode> {
  const { config } = context;
  const { family: name, data = [] } = options;
  if (data.length === 0) {
    throw usageInvalid(
      `retrain --family ${name} learns from rated texts: give --data FILE.jsonl[,FILE.jsonl], one {"text", "label"} or {"text", "score"} a line. Labels are not collected in the database yet.`,
    );
  }
  const log = createLog(config.logLevel);
  return withInstalledScorers(config, { log, isLazy: true }, (installed) =>
    trainInstalled({ ...options, data }, installed, context),
  );
}

async function trainInstalled(
  options: Options & { data: readonly string[] },
  { scorers, families, store, builtInVersions }: InstalledScorers,
  { terminal }: CommandContext,
): Promise<ExitCode> {
  const { family: name, data, seed } = options;
  const family = families[name];
  if (family === undefined) throw scorerUnknown(name, Object.keys(families));
  const files: { file: string; rows: RatedText[] }[] = [];
  for (const file of data) {
    terminal.say(`Reading ${file}`);
    files.push({ file, rows: await readRatedTexts(file) });
  }
  const base = options.base === undefined ? null : await store.open(name, numberOf(options.base, name));
  await scorers.openFor(name);
  const began = performance.now();
  const trained = await family.train(
    files.flatMap(({ rows }) => rows),
    {
      seed,
      base: base === null ? null : { version: base.manifest.version, files: base.files },
      onProgress: (phrase, share) => {
        terminal.progress(phrase, Math.round(100 * (share ?? 0)), 100);
      },
    },
  );
  const version = await store.save(
    {
      manifest: {
        family: name,
        recipe: sha256(JSON.stringify({ family: name, parameters: trained.parameters })),
        parameters: { ...trained.parameters },
        seed,
        parent: base === null ? null : modelVersionOf(base.manifest),
        trainedAt: isoUtc(createRealClock().now()),
        data: files.map(({ file, rows }) => ({
          file: basename(file),
          rows: rows.length,
          sha256: sha256(JSON.stringify(rows)),
        })),
        metrics: { ...trained.metrics },
      },
      contents: trained.files,
    },
    { known: builtInVersions[name] === undefined ? [] : [builtInVersions[name]] },
  );
  // What was written must be what can be loaded: better now than when it is deployed.
  const scorer = await family.load(version.files, version.manifest.version);
  await scorer.score(['Bitcoin']);
  await scorer.close?.();
  tell(version, { seconds: (performance.now() - began) / 1_000, terminal });
  return 0;
}

function tell(
  { manifest }: OpenScorerVersion,
  { seconds, terminal }: { seconds: number; terminal: CommandContext['terminal'] },
): void {
  const { family, version, metrics, parameters, data, files } = manifest;
  const { outcome } = parameters;
  const rows = Object.entries(metrics).map(([name, figure]) => [
    `  ${name}`,
    figure === null ? '-' : show(figure),
  ]);
  const wallSeconds = Math.round(seconds * 100) / 100;
  terminal.result(
    [
      `${family}@${version} is a candidate, trained in ${wallSeconds} s on ${data.map((each) => `${each.rows} rows of ${each.file}`).join(', ')}`,
      ...(typeof outcome === 'string' ? [`  ${outcome}`] : []),
      ...(rows.length === 0 ? [] : ['', 'On rows kept out of the training:', ...alignColumns(rows)]),
      '',
      `Nothing changed for those who ask. Hold it against others: npm run bellwether -- evaluate sentiment --data FILE.jsonl --families ${family}@${version}`,
      `To let it answer: npm run bellwether -- deploy --family ${family} --version ${version}`,
    ].join('\n'),
    { family, version, status: 'candidate', outcome: outcome ?? null, metrics, data, files, wallSeconds },
  );
}

/** Of `linear@1.0.0` as of `1.0.0`. */
function numberOf(version: string, family: string): string {
  return version.startsWith(`${family}@`) ? version.slice(family.length + 1) : version;
}

function show(figure: number): string {
  return Number.isInteger(figure) ? String(figure) : figure.toFixed(4);
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
