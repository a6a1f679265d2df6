import { MIGRATIONS } from '../compose.ts';
import { createWorkspaceModels, withInstalledScorers } from '../compose-scorers.ts';
import { createLog, isoUtc, LIVE_WORKSPACE, migrateWorkspace, type Workspace } from '../core/index.ts';
import { readFurthestBar } from '../lake/index.ts';
import { deployVersion, rollBack, type OrderPlace } from '../live-orders.ts';
import type { LiveChange } from '../registry/index.ts';
import { SCORER_FAMILIES } from '../sentiment/index.ts';
import { readRunningStart } from './data-folder.ts';
import { deployScorer, rollBackScorer } from './deploy-scorer.ts';
import { familyUnknown, usageInvalid } from './errors.ts';
import { learningSettings, priceFamilies } from './learning-settings.ts';
import { describeChange, describeState } from './live-state-lines.ts';
import { openPresentWorkspace } from './present-workspace.ts';
import type { CommandContext, ExitCode } from './program.ts';
import { presentOf } from './workspace-clock.ts';

interface DeployOptions {
  family: string;
  version?: string;
  workspace?: string;
  json?: boolean;
}

interface RollbackOptions {
  /** A family of scorers; without it price models are meant. */
  family?: string;
  workspace?: string;
  json?: boolean;
}

/** As whom the command line stands in the ledger. */
const ACTOR = 'operator';

/** `deploy`: makes a version live for all its arms and horizons, after every file of it was held against its hash. */
export async function deployCommand(options: DeployOptions, context: CommandContext): Promise<ExitCode> {
  if (SCORER_FAMILIES.some((family) => family === options.family)) return deployScorer(options, context);
  const known = priceFamilies(context.config);
  if (!known.includes(options.family)) throw familyUnknown(options.family, [...known, ...SCORER_FAMILIES]);
  const { workspace, close } = await openPresentWorkspace(options.workspace ?? LIVE_WORKSPACE, context);
  try {
    const place = await openPlace(workspace, context);
    const { family, version = null } = options;
    const { modelVersion, deployment, isChanged } = await deployVersion(place, { family, version });
    const changes = isChanged ? deployment.changes : [];
    const at = isoUtc(deployment.at);
    context.terminal.result(
      [
        isChanged
          ? `${modelVersion} is live in workspace ${workspace.name} from ${at} on: every file is sound, entry ${deployment.id}`
          : `${modelVersion} was live in workspace ${workspace.name} already: every file is sound, nothing was written`,
        ...describeOutcome(changes, { workspace, context }),
      ].join('\n'),
      {
        workspace: workspace.name,
        asset: place.asset,
        modelVersion,
        isChanged,
        deployment: isChanged ? deployment.id : null,
        at,
        changes,
        state: deployment.state,
      },
    );
  } finally {
    await close();
  }
  return 0;
}

/**
 * `rollback`: takes the newest deployment of price models back, or that of a family of scorers, after every file that it
 * returns to was held against its hash.
 */
export async function rollbackCommand(options: RollbackOptions, context: CommandContext): Promise<ExitCode> {
  const { family } = options;
  if (family !== undefined) {
    if (!SCORER_FAMILIES.some((known) => known === family)) {
      const reason = `--family is for scorers (${SCORER_FAMILIES.join(', ')}).`;
      throw usageInvalid(`${reason} Price models go back together: leave it out.`);
    }
    return rollBackScorer({ ...options, family }, context);
  }
  const { workspace, close } = await openPresentWorkspace(options.workspace, context);
  try {
    const place = await openPlace(workspace, context);
    const begunAt = performance.now();
    const { deployment } = await rollBack(place);
    const wallMs = Math.round(performance.now() - begunAt);
    const { id, undoes, changes, state } = deployment;
    const at = isoUtc(deployment.at);
    context.terminal.result(
      [
        `Entry ${undoes} is taken back in workspace ${workspace.name} from ${at} on: entry ${id}, ${wallMs} ms`,
        ...describeOutcome(changes, { workspace, context }),
        'Live now',
        ...describeState(state),
      ].join('\n'),
      { workspace: workspace.name, asset: place.asset, deployment: id, undoes, at, changes, state, wallMs },
    );
  } finally {
    await close();
  }
  return 0;
}

async function openPlace(workspace: Workspace, { config }: CommandContext): Promise<OrderPlace> {
  // A workspace of an older version has no ledger to write to yet.
  await migrateWorkspace(workspace, MIGRATIONS);
  const { asset } = config;
  const barMinutes = (await readFurthestBar(workspace.pool, asset)) ?? config.liveBarMinutes;
  const models = await withInstalledScorers(config, { log: createLog(config.logLevel) }, ({ scorers }) =>
    createWorkspaceModels(workspace, { scorers, config, barMinutes }),
  );
  return {
    workspace,
    asset,
    featureSets: models.featureSets,
    firstChampion: learningSettings(config, models).firstChampion,
    now: await presentOf(workspace, config),
    actor: ACTOR,
  };
}

function describeOutcome(
  changes: readonly LiveChange[],
  { workspace, context }: { workspace: Workspace; context: CommandContext },
): string[] {
  const running = readRunningStart(context.config.dataDir)?.workspace === workspace.name;
  return [
    ...changes.map((change) => `  ${describeChange(change)}`),
    ...(running && changes.length > 0 ? ['The start that runs takes it over by itself.'] : []),
  ];
}
