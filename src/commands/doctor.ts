import { findWorkspace, type Postgres } from '../core/index.ts';
import { chooseWorkspace, openPresentPostgres, readRunningStart, type RunningStart } from './data-folder.ts';
import { describeChecks, type Check } from './doctor-report.ts';
import { checkMachine } from './machine-checks.ts';
import type { CommandContext, ExitCode } from './program.ts';
import { checkDatabase, checkWorkspace } from './storage-checks.ts';

interface Options {
  workspace?: string;
  json?: boolean;
}

/** `doctor`: checks machine and data, says what to do about what is wrong. Makes nothing, repairs nothing. */
export async function doctor(options: Options, { config, terminal }: CommandContext): Promise<ExitCode> {
  const running = readRunningStart(config.dataDir);
  terminal.say('Checking this machine and the data folder');
  const checks = await checkMachine(config, running);
  const { check, postgres } = await checkDatabase(() => openPresentPostgres(config, terminal));
  checks.push(check);
  try {
    if (postgres !== null) {
      checks.push(
        ...(await checkWorkspaces(postgres, { ...options, dataDir: config.dataDir, running, terminal })),
      );
    }
  } finally {
    await postgres?.close();
  }
  terminal.result(describeChecks(checks), { checks });
  return checks.some(({ status }) => status === 'fail') ? 1 : 0;
}

/** The chosen workspace, or all of them where none is. */
async function checkWorkspaces(
  postgres: Postgres,
  {
    workspace,
    dataDir,
    running,
    terminal,
  }: Options & { dataDir: string; running: RunningStart | null; terminal: CommandContext['terminal'] },
): Promise<Check[]> {
  const { names, chosen } = await chooseWorkspace(postgres, { wanted: workspace, running });
  const wanted = chosen === null ? names : [chosen];
  const checks: Check[] = [];
  for (const [place, name] of wanted.entries()) {
    if (wanted.length > 1) terminal.progress('checking workspaces', place, wanted.length);
    const found = await findWorkspace(postgres, { name, dataDir });
    if (found === null) continue;
    try {
      const about = await checkWorkspace(found);
      checks.push(...about.map((check) => ({ ...check, workspace: name })));
    } finally {
      await found.close();
    }
  }
  if (wanted.length > 1) terminal.progress('checking workspaces', wanted.length, wanted.length);
  return checks;
}
