import { withInstalledScorers, type InstalledScorers } from '../compose-scorers.ts';
import { createLog, createRealClock, isoUtc } from '../core/index.ts';
import { scorerUnknown, usageInvalid } from './errors.ts';
import type { CommandContext, ExitCode } from './program.ts';

interface Options {
  family: string;
  version?: string;
  json?: boolean;
}

/** As whom the command line stands in the ledger. */
const ACTOR = 'operator';
const PROBES = ['Bitcoin soars to a record high', 'Exchange halts withdrawals after hack', ''];

/**
 * `deploy` of a scorer: after every file was held against its hash and the version has scored some texts, it answers
 * from the next start on. Price models of the old version stay live until those trained on the new one have passed the
 * gate.
 */
export async function deployScorer(options: Options, context: CommandContext): Promise<ExitCode> {
  const { config } = context;
  const log = createLog(config.logLevel);
  return withInstalledScorers(config, { log, isLazy: true }, (installed) =>
    deployInstalled(options, installed, context),
  );
}

/** `rollback --family` of a scorer: the version that answered before the newest entry of the ledger answers again. */
export async function rollBackScorer(
  { family, json }: { family: string; json?: boolean },
  context: CommandContext,
): Promise<ExitCode> {
  const log = createLog(context.config.logLevel);
  return withInstalledScorers(context.config, { log, isLazy: true }, async (installed) => {
    const entries = (await installed.store.deployments()).filter((entry) => entry.family === family);
    const version = entries.at(-2)?.version ?? installed.builtInVersions[family];
    if (entries.length === 0 || version === undefined) {
      throw usageInvalid(
        `Nothing of ${family} was deployed that could be taken back. How it stands: npm run bellwether -- scorers list.`,
      );
    }
    return deployInstalled({ family, version, ...(json !== undefined && { json }) }, installed, context);
  });
}

async function deployInstalled(
  options: Options,
  { scorers, families, store, builtInVersions }: InstalledScorers,
  { terminal }: CommandContext,
): Promise<ExitCode> {
  const { family: name } = options;
  const family = families[name];
  if (family === undefined) throw scorerUnknown(name, Object.keys(families));
  const version = options.version ?? (await store.versionsOf(name)).at(-1);
  if (version === undefined) {
    throw usageInvalid(
      `No version of ${name} was trained here. Train one: npm run bellwether -- retrain --family ${name} --data FILE.jsonl. How each family stands: scorers list.`,
    );
  }
  const isBuiltIn = version === builtInVersions[name];
  let manifestHash: string | null = null;
  if (!isBuiltIn) {
    await scorers.openFor(name);
    const opened = await store.open(name, version);
    ({ manifestHash } = opened);
    for (const file of opened.files.names) await opened.files.read(file);
    const scorer = await family.load(opened.files, version);
    await scorer.score(PROBES);
    await scorer.close?.();
  }
  const before = (await store.deployments()).findLast((entry) => entry.family === name);
  const from = before?.version ?? builtInVersions[name] ?? null;
  const isChanged = from !== version;
  const at = isoUtc(createRealClock().now());
  if (isChanged) await store.deploy({ at, family: name, version, manifestHash, actor: ACTOR });
  terminal.result(
    [
      isChanged
        ? `${name}@${version} answers from the next start on${from === null ? '' : `, in place of ${name}@${from}`}: every file is sound.`
        : `${name}@${version} answered already: every file is sound, nothing was written.`,
      ...(isChanged
        ? [
            'A start that runs keeps what it began with: stop it and start it again.',
            `Arms such as trees+${name} go on with the version that they were trained on; a price model that is trained on the new one replaces it once it has passed the gate.`,
            `To take it back: npm run bellwether -- rollback --family ${name}`,
          ]
        : []),
    ].join('\n'),
    { family: name, version, from, isChanged, at: isChanged ? at : (before?.at ?? null), manifestHash },
  );
  return 0;
}
