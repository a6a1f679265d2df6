import {
  createRealClock,
  latestWindow,
  readFact,
  SECOND_MS,
  type EpochMs,
  type Workspace,
} from '../core/index.ts';
import { WINDOW_JOB } from '../window-run.ts';
import { PLAYED_FROM_FACT } from './start-plan.ts';

/** Workspaces of history: their time is that of their windows. */
const ON_HISTORY = /^(replay|history)_/;

/**
 * The present of a workspace for those who change something in it from outside: the real one, or on a virtual clock
 * just after the decision of its newest window.
 * @param options.graceSeconds - between the close of a window and its decision
 */
export async function presentOf(
  workspace: Pick<Workspace, 'name' | 'pool'>,
  { asset, graceSeconds }: { asset: string; graceSeconds: number },
): Promise<EpochMs> {
  const isVirtual =
    ON_HISTORY.test(workspace.name) || (await readFact(workspace.pool, PLAYED_FROM_FACT)) !== undefined;
  const newest = isVirtual ? await latestWindow(workspace.pool, { job: WINDOW_JOB, asset }) : null;
  return newest === null ? createRealClock().now() : newest + graceSeconds * SECOND_MS + 1;
}
