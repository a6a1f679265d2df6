import { findWorkspace, type Postgres, type Workspace } from '../core/index.ts';
import { chooseWorkspace, openPresentPostgres, readRunningStart } from './data-folder.ts';
import { workspaceUnknown, workspaceUnnamed } from './errors.ts';
import type { CommandContext } from './program.ts';

/** A workspace that was there before, and the database that holds it. */
export interface PresentWorkspace {
  postgres: Postgres;
  workspace: Workspace;
  close(): Promise<void>;
}

/**
 * Opens a workspace for those who read it; makes none.
 * @param wanted - `--workspace`; without it the running one, else `live`, else the only one
 * @throws AppError `USAGE_INVALID` when it is not there, or when there are several and none is named
 */
export async function openPresentWorkspace(
  wanted: string | undefined,
  { config, terminal }: CommandContext,
): Promise<PresentWorkspace> {
  const { dataDir } = config;
  const running = readRunningStart(dataDir);
  const postgres = await openPresentPostgres(config, terminal);
  if (postgres === null) throw wanted === undefined ? workspaceUnnamed([]) : workspaceUnknown(wanted, []);
  try {
    const { names, chosen } = await chooseWorkspace(postgres, { wanted, running });
    if (chosen === null) throw workspaceUnnamed(names);
    const workspace = await findWorkspace(postgres, { name: chosen, dataDir });
    if (workspace === null) throw workspaceUnknown(chosen, names);
    return {
      postgres,
      workspace,
      async close() {
        await workspace.close();
        await postgres.close();
      },
    };
  } catch (error) {
    await postgres.close();
    throw error;
  }
}
