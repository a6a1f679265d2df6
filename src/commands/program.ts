import { Command, CommanderError, Option } from 'commander';
import { isAppError, messageOf, readProcessConfig, type Config } from '../core/index.ts';
import { databaseAway, isConnectionLost } from '../database-away.ts';
import { KEY_ROLES, type KeyRole } from '../serving/index.ts';
import { storageRefused } from '../storage-refused.ts';
import { VERSION } from '../version.ts';
import { backup } from './backup.ts';
import { deployCommand, rollbackCommand } from './deploy.ts';
import { deploymentsCommand } from './deployments.ts';
import { doctor } from './doctor.ts';
import { exportModel } from './export-model.ts';
import { exportSignals } from './export-signals.ts';
import { importHistory } from './import.ts';
import { interruptible } from './interruption.ts';
import { createKeyCommand, keyNameArgument, listKeysCommand, revokeKeyCommand } from './keys.ts';
import {
  BAR_HELP,
  BAR_OPTION,
  HISTORY_OPTION,
  JSON_OPTION,
  seed,
  WORKSPACE_HELP,
} from './program-options.ts';
import { addResearch } from './program-research.ts';
import { registryList } from './registry-list.ts';
import { replay } from './replay.ts';
import { reset } from './reset.ts';
import { retrainCommand } from './retrain.ts';
import { fetchScorer, listScorers } from './scorers.ts';
import { restore } from './restore.ts';
import { SIGNAL_FORMATS } from './signal-files.ts';
import { start } from './start.ts';
import { status } from './status.ts';
import { createTerminal, type Terminal } from './terminal.ts';
import { barArgument, integerArgument, listArgument, momentArgument, positiveArgument } from './usage.ts';

/** What every command is given. */
export interface CommandContext {
  config: Config;
  terminal: Terminal;
}

/** Ends with this exit code: 0 done; 1 failed, or a check that found what it looks for; 2 wrong usage. */
export type ExitCode = 0 | 1 | 2;

/**
 * Parses a command line and runs the command.
 * @param args - without the program's own name
 */
export async function runProgram(args: readonly string[]): Promise<ExitCode> {
  let exit: ExitCode = 0;
  const run =
    <Options extends { json?: boolean }>(
      command: (options: Options, context: CommandContext) => Promise<ExitCode>,
      nature: Nature = {},
    ) =>
    async (options: Options) => {
      exit = await runCommand(command, options, nature);
    };
  const program = buildProgram(run);
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? 0 : 2;
  }
  return exit;
}

/** What a command is like, as far as ending it early goes. */
interface Nature {
  /** True for one that opens no database and calculates for long without a break: a signal simply ends it. */
  isCalculation?: boolean;
}

export type Runner = <Options extends { json?: boolean }>(
  command: (options: Options, context: CommandContext) => Promise<ExitCode>,
  nature?: Nature,
) => (options: Options) => Promise<void>;

async function runCommand<Options extends { json?: boolean }>(
  command: (options: Options, context: CommandContext) => Promise<ExitCode>,
  options: Options,
  { isCalculation = false }: Nature,
): Promise<ExitCode> {
  const terminal = createTerminal(
    { out: process.stdout, err: process.stderr, stopwatch: () => performance.now() },
    { json: options.json === true },
  );
  try {
    const config = readProcessConfig();
    const work = () => command(options, { config, terminal });
    return await (isCalculation ? work() : interruptible(work, terminal));
  } catch (error) {
    terminal.settle();
    const told = catalogued(error);
    if (!isAppError(told)) throw error;
    terminal.say(`${told.code}: ${told.message}`);
    return told.code === 'USAGE_INVALID' ? 2 : 1;
  }
}

/** What a library threw, in the words of the catalogue where it is the world's fault. */
function catalogued(error: unknown): unknown {
  if (isAppError(error)) return error;
  return isConnectionLost(error) ? databaseAway(error) : (storageRefused(error) ?? error);
}

function buildProgram(run: Runner): Command {
  const program = new Command('bellwether')
    .description('Bitcoin sentiment and price direction, point in time. Nothing here is investment advice.')
    .version(VERSION, '-V, --version', 'print the version')
    // Or `deploy --version 1.0.3` would print the program's own.
    .enablePositionalOptions()
    .exitOverride()
    .showHelpAfterError('(--help shows what there is)');
  addStart(program, run);
  addHistoryCommands(program, run);
  addResearch(program, run);
  addScorers(program, run);
  addKeeping(program, run);
  addModels(program, run);
  addKeys(program, run);
  addCare(program, run);
  return program;
}

function addStart(program: Command, run: Runner): void {
  program
    .command('start')
    .description('the whole system in one process; without --history on a simulated market')
    .option(...HISTORY_OPTION)
    .option('--simulate', 'the simulated market (what happens without --history)')
    .option(
      '--from <moment>',
      'with --history: play from here instead of standing at the end',
      momentArgument,
    )
    .option('--speed <n>', 'windows a second on a virtual clock', positiveArgument)
    .option(BAR_OPTION, BAR_HELP, barArgument)
    .option('--port <port>', 'port of API and page; default 8080', integerArgument(0, 65_535))
    .action(run(start));
}

function addHistoryCommands(program: Command, run: Runner): void {
  program
    .command('import')
    .description('bring a history folder into the lake of the live workspace')
    .requiredOption(...HISTORY_OPTION)
    .option(BAR_OPTION, BAR_HELP, barArgument)
    .option(...JSON_OPTION)
    .action(run(importHistory));
  program
    .command('replay')
    .description('run the whole system over history on a virtual clock')
    .requiredOption(...HISTORY_OPTION)
    .requiredOption('--from <moment>', 'windows after this moment', momentArgument)
    .requiredOption('--to <moment>', 'windows up to this moment', momentArgument)
    .option(BAR_OPTION, BAR_HELP, barArgument)
    .option('--seed <n>', 'the only randomness', seed, 1)
    .option('--fresh', "delete this replay's own workspace first")
    .option('--out <file>', 'one JSON line a prediction')
    .option(...JSON_OPTION)
    .action(run(replay));
}

/** What takes data out of a workspace and brings it back. */
function addKeeping(program: Command, run: Runner): void {
  const leaving = program.command('export').description('take figures and models out for other programs');
  leaving
    .command('model')
    .description('boosted trees of the registry, as ONNX or as XGBoost JSON')
    .requiredOption('--out <file>', 'file.onnx or file.json')
    .option('--arm <name>', 'such as trees+vader; needed where a version has several')
    .option('--horizon <minutes>', 'needed where a version has several', integerArgument(1, 100_000))
    .option('--version <version>', 'default: the newest of the trees')
    .option('--workspace <name>', WORKSPACE_HELP)
    .option(...JSON_OPTION)
    .action(run(exportModel));
  leaving
    .command('signals')
    .description('every prediction with its outcome, as CSV or Parquet')
    .requiredOption('--out <file>', 'file.csv or file.parquet')
    .addOption(new Option('--format <format>', 'whatever the file is called').choices([...SIGNAL_FORMATS]))
    .option('--from <moment>', 'windows after this moment', momentArgument)
    .option('--to <moment>', 'windows up to this moment', momentArgument)
    .option('--horizon <minutes>', 'this horizon alone', integerArgument(1, 100_000))
    .option('--arm <list>', 'these arms alone', listArgument)
    .option('--workspace <name>', WORKSPACE_HELP)
    .option(...JSON_OPTION)
    .action(run(exportSignals));
  program
    .command('backup')
    .description('one workspace as a folder: tables, models, raw records; also while it runs')
    .requiredOption('--out <dir>', 'a folder that is not there yet, or empty')
    .option('--workspace <name>', WORKSPACE_HELP)
    .option(...JSON_OPTION)
    .action(run(backup));
  program
    .command('restore')
    .description('bring a backup back; every part is checked before anything is touched')
    .requiredOption('--from <dir>', 'folder that backup made')
    .option('--workspace <name>', 'under this name; default: the one that was backed up')
    .option('--replace', 'in place of what the workspace holds')
    .option(...JSON_OPTION)
    .action(run(restore));
}

/** What is in the registry, what is live, and changing it. */
function addModels(program: Command, run: Runner): void {
  program
    .command('registry')
    .description('the versions of the models')
    .command('list')
    .description('every version, what became of it, and folders that nobody knows')
    .option('--workspace <name>', WORKSPACE_HELP)
    .option(...JSON_OPTION)
    .action(run(registryList));
  program
    .command('deployments')
    .description('the ledger of what was live when')
    .option('--at <moment>', 'what was live at this moment', momentArgument)
    .option('--limit <n>', 'the newest entries', integerArgument(1, 100_000), 20)
    .option('--workspace <name>', WORKSPACE_HELP)
    .option(...JSON_OPTION)
    .action(run(deploymentsCommand));
  program
    .command('retrain')
    .description('train a new version of a price family, or of a scorer, as a candidate')
    .option('--family <name>', 'price family (trees, logistic) or scorer (vader, linear, …)', 'trees')
    .option('--data <list>', 'scorers: files of rated texts, separated by commas', listArgument)
    .option('--base <version>', 'scorers: learn on top of this version, where the family can')
    .option('--workspace <name>', 'price families; default: live')
    .option('--seed <n>', 'the only randomness', seed, 1)
    .option(...JSON_OPTION)
    .action(run(retrainCommand));
  program
    .command('deploy')
    .description('make a version live, after every file of it was checked')
    .requiredOption('--family <name>', 'price family or scorer')
    .option('--version <version>', 'default: the newest of the family')
    .option('--workspace <name>', 'default: live')
    .option(...JSON_OPTION)
    .action(run(deployCommand));
  program
    .command('rollback')
    .description('take the newest deployment of price models back, or that of a scorer')
    .option('--family <name>', 'a scorer; default: the price models, all together')
    .option('--workspace <name>', WORKSPACE_HELP)
    .option(...JSON_OPTION)
    .action(run(rollbackCommand));
}

function addScorers(program: Command, run: Runner): void {
  const scorers = program.command('scorers').description('the families that score texts');
  scorers
    .command('list')
    .description('how each family stands and why, and every version that was trained here')
    .option(...JSON_OPTION)
    .action(run(listScorers));
  scorers
    .command('fetch')
    .description('bring a pretrained family here: files, hashes, int8')
    .argument('<family>', 'finbert or cryptobert')
    .option(...JSON_OPTION)
    .action((family: string, options: { json?: boolean }) => run(fetchScorer)({ ...options, family }));
}

function addKeys(program: Command, run: Runner): void {
  const keys = program.command('keys').description('API keys for what changes the models');
  keys
    .command('create')
    .description('make a key; it is shown once')
    .requiredOption('--name <name>', 'what the ledger and the audit log call its holder', keyNameArgument)
    .addOption(new Option('--role <role>', 'what it may do').choices(KEY_ROLES).makeOptionMandatory())
    .option('--workspace <name>', WORKSPACE_HELP)
    .option(...JSON_OPTION)
    .action(run<{ name: string; role: KeyRole; workspace?: string; json?: boolean }>(createKeyCommand));
  keys
    .command('list')
    .description('all keys, without their secrets')
    .option('--workspace <name>', WORKSPACE_HELP)
    .option(...JSON_OPTION)
    .action(run(listKeysCommand));
  keys
    .command('revoke')
    .description('take a key out of use')
    .argument('<id>', 'as `keys list` shows it')
    .option('--workspace <name>', WORKSPACE_HELP)
    .option(...JSON_OPTION)
    .action((id: string, options: { workspace?: string; json?: boolean }) =>
      run(revokeKeyCommand)({ ...options, id }),
    );
}

function addCare(program: Command, run: Runner): void {
  program
    .command('status')
    .description('what runs, and what each workspace holds')
    .option('--workspace <name>', WORKSPACE_HELP)
    .option(...JSON_OPTION)
    .action(run(status));
  program
    .command('doctor')
    .description('checks this machine and this data folder; exit 1 when something is wrong')
    .option('--workspace <name>', WORKSPACE_HELP)
    .option(...JSON_OPTION)
    .action(run(doctor));
  program
    .command('reset')
    .description('delete everything in the data folder')
    .option('--workspace <name>', 'delete this workspace alone')
    .option('--yes', 'do it; without it only says what would be deleted')
    .option(...JSON_OPTION)
    .action(run(reset));
}

/** The last words of a process that met a bug: the stack, and that it is one. */
export function describeCrash(error: unknown): string {
  const stack = error instanceof Error ? (error.stack ?? error.message) : messageOf(error);
  return `This is a bug in Bellwether, not in your input:\n${stack}`;
}
