import {
  createRealClock,
  latestWindow,
  readFact,
  SECOND_MS,
  type Config,
  type EpochMs,
  type Workspace,
} from '../core/index.ts';
import { WINDOW_JOB } from '../window-run.ts';
import { readRunningStart } from './data-folder.ts';
import { PLAYED_FROM_FACT } from './start-plan.ts';

/** Workspaces of history: their time is that of their windows. */
const ON_HISTORY = /^(replay|history)_/;

/**
 * The present of a workspace for those who change something in it from outside: just after the decision of its newest
 * window, or the real time while a start decides its windows as they close.
 * @param config.graceSeconds - between the close of a window and its decision
 */
export async function presentOf(
  workspace: Pick<Workspace, 'name' | 'pool'>,
  { asset, graceSeconds, dataDir }: Pick<Config, 'asset' | 'graceSeconds' | 'dataDir'>,
): Promise<EpochMs> {
  const isVirtual =
    ON_HISTORY.test(workspace.name) || (await readFact(workspace.pool, PLAYED_FROM_FACT)) !== undefined;
  const isRunning = readRunningStart(dataDir)?.workspace === workspace.name;
  const newest =
    isRunning && !isVirtual ? null : await latestWindow(workspace.pool, { job: WINDOW_JOB, asset });
  return newest === null ? createRealClock().now() : newest + graceSeconds * SECOND_MS + 1;
}
