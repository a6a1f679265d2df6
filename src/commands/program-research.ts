import { Option, type Command } from 'commander';
import { PLANT_NAMES } from '../audit/index.ts';
import { CALIBRATION_NAMES, SEARCH_METHODS, WEIGHTINGS } from '../models/index.ts';
import { auditLeaksCommand } from './audit-leaks.ts';
import { evaluateDirectionCommand } from './evaluate-direction.ts';
import { evaluateSentimentCommand } from './evaluate-sentiment.ts';
import { listHoldoutCommand, openHoldoutCommand } from './holdout.ts';
import {
  BAR_HELP,
  BAR_OPTION,
  HISTORY_OPTION,
  JSON_OPTION,
  seed,
  WORKSPACE_HELP,
} from './program-options.ts';
import type { Runner } from './program.ts';
import { reportDirectionCommand } from './report-direction.ts';
import { reportSentimentCommand } from './report-sentiment.ts';
import { searchDirectionCommand } from './search-direction.ts';
import {
  barArgument,
  groupsArgument,
  horizonsArgument,
  integerArgument,
  labelArgument,
  listArgument,
  momentArgument,
  positiveArgument,
} from './usage.ts';

/** What is asked of history: how good models are, what parameters would be, and whether anything leaks. */
export function addResearch(program: Command, run: Runner): void {
  addEvaluation(program, run);
  addSearch(program, run);
  addReports(program, run);
  addAudit(program, run);
}
function addEvaluation(program: Command, run: Runner): void {
  const evaluate = program
    .command('evaluate')
    .description('how good a model is, with intervals and baselines');
  evaluate
    .command('direction')
    .description('purged walk-forward of a price family over a history folder')
    .requiredOption(...HISTORY_OPTION)
    .requiredOption('--horizon <minutes>', 'how far ahead', integerArgument(1, 100_000))
    .option(
      '--label <what>',
      'sign, dead-zone:BP, triple-barrier:K or large-move:Q (docs/validation.md); default: sign',
      labelArgument,
    )
    .option('--family <name>', 'price family: trees, logistic, or a baseline', 'trees')
    .addOption(
      new Option(
        '--calibration <how>',
        'correct trees or logistic by held-back training rows; default: none',
      ).choices(CALIBRATION_NAMES),
    )
    .option('--scorer <name>', 'a family or family@version, or none for prices alone', 'vader')
    .option('--from <moment>', 'test windows after this moment', momentArgument)
    .option('--to <moment>', 'test windows up to this moment', momentArgument)
    .option('--test-from <moment>', 'one split: all before trains, all after tests', momentArgument)
    .option(
      '--folds <n>',
      'this many fits, each for as many windows; default: weekly',
      integerArgument(1, 10_000),
    )
    .option('--refit-days <n>', 'a fit every so many days', integerArgument(1, 10_000))
    .option(
      '--train-days <n>',
      'learn from the newest days alone; default: all before',
      integerArgument(1, 100_000),
    )
    .addOption(
      new Option('--weights <how>', 'weigh rows by how unique their labels are; default: none').choices(
        WEIGHTINGS,
      ),
    )
    .option(
      '--paths <N,K>',
      'also combinatorial purged cross-validation: N groups, K tested together',
      groupsArgument,
    )
    .option(BAR_OPTION, BAR_HELP, barArgument)
    .option('--seed <n>', 'the only randomness', seed, 1)
    .option(...JSON_OPTION)
    .action(run(evaluateDirectionCommand, { isCalculation: true }));
  evaluate
    .command('sentiment')
    .description('a scorer against labelled texts')
    .requiredOption('--data <file>', 'lines {text, label} or {text, score}, plain or gzip')
    .option(
      '--families <list>',
      'families, with @version if wanted; default: all that are ready',
      listArgument,
    )
    .option('--out <file>', 'one JSON line a text and family')
    .option(...JSON_OPTION)
    .action(run(evaluateSentimentCommand, { isCalculation: true }));
}

function addSearch(program: Command, run: Runner): void {
  program
    .command('search')
    .description('parameters searched inside a walk-forward, so that what they foretell is out of sample')
    .command('direction')
    .description('the parameters of a price family over a history folder; the same command resumes')
    .requiredOption(...HISTORY_OPTION)
    .requiredOption('--horizon <minutes>', 'how far ahead', integerArgument(1, 100_000))
    .option('--family <name>', 'price family: trees or logistic', 'trees')
    .option('--scorer <name>', 'a family or family@version, or none for prices alone', 'vader')
    .addOption(
      new Option('--method <name>', 'how settings are proposed').choices(SEARCH_METHODS).default('tpe'),
    )
    .option(
      '--trials <n>',
      'trials a fold; default: 30, or as many as --seconds lets',
      integerArgument(1, 100_000),
    )
    .option('--seconds <n>', 'begin no trial after so long', positiveArgument)
    .option('--folds <n>', 'outer folds, each searched for by itself', integerArgument(1, 1_000), 6)
    .option('--halving', 'successive halving: only the best of nine are judged on all of the resource')
    .option('--from <moment>', 'test windows after this moment', momentArgument)
    .option('--to <moment>', 'test windows up to this moment', momentArgument)
    .option(BAR_OPTION, BAR_HELP, barArgument)
    .option('--seed <n>', 'the only randomness', seed, 1)
    .option('--out <file>', 'every trial, one JSON line each; default: searches/ in the data folder')
    .option(...JSON_OPTION)
    .action(run(searchDirectionCommand, { isCalculation: true }));
}

function addReports(program: Command, run: Runner): void {
  const reports = program.command('report').description('pages of results, made from data');
  reports
    .command('direction')
    .description('judge a price family out of sample against everything it has to beat, and write one page')
    .requiredOption(...HISTORY_OPTION)
    .requiredOption('--out <file>', 'the page, in HTML; it needs no other file')
    .option('--markdown <file>', 'the same page in Markdown')
    .option('--pictures <dir>', 'the pictures as SVG files, which the Markdown then shows')
    .option('--horizon <minutes>', 'one or several, by commas', horizonsArgument, [60, 1_440])
    .addOption(new Option('--family <name>').choices(['trees', 'logistic']).default('trees'))
    .option('--scorer <family>', 'whose sentiment it reads; none for no sentiment', 'vader')
    .option('--from <moment>', 'windows after this moment; default: the last three quarters', momentArgument)
    .option('--to <moment>', 'windows up to this moment', momentArgument)
    .option(BAR_OPTION, BAR_HELP, barArgument)
    .option('--every-days <n>', 'days between two fits', integerArgument(1, 3_650), 7)
    .option(
      '--trials <n>',
      'settings that are drawn at random, to tell what having looked costs',
      integerArgument(2, 1_000),
      24,
    )
    .option('--folds <n>', 'folds in which each of these is fitted', integerArgument(1, 1_000), 6)
    .option('--seed <n>', 'the only randomness', seed, 1)
    .option(...JSON_OPTION)
    .action(run(reportDirectionCommand, { isCalculation: true }));
  reports
    .command('sentiment')
    .description('train scorers on parts of labelled sets, test them on the rest, and write the page')
    .requiredOption('--data <dir>', 'folder of labelled sets (docs/results/sentiment.md names them)')
    .requiredOption('--out <file>', 'the page, in Markdown')
    .option('--picture <file>', 'reliability diagrams, as an SVG that the page shows')
    .option('--seed <n>', 'the only randomness', seed, 1)
    .option(...JSON_OPTION)
    .action(run(reportSentimentCommand, { isCalculation: true }));
}

/** What looks for faults of the program itself. */
function addAudit(program: Command, run: Runner): void {
  program
    .command('audit')
    .description('attacks on the program itself; exit 1 when one succeeds')
    .command('leaks')
    .description('does anything enter a feature, a label, a fit or a figure before it could have been known?')
    .requiredOption(...HISTORY_OPTION)
    .option('--plant <name>', `build this leak in first: ${PLANT_NAMES.join(', ')}`)
    .option('--horizon <minutes>', 'how far ahead; default: an hour', integerArgument(1, 100_000))
    .option('--family <name>', 'price family: trees, logistic, or a baseline', 'trees')
    .option('--scorer <name>', 'a family or family@version, or none for prices alone', 'vader')
    .option(BAR_OPTION, BAR_HELP, barArgument)
    .option('--seed <n>', 'the only randomness', seed, 1)
    .option(...JSON_OPTION)
    .action(run(auditLeaksCommand, { isCalculation: true }));
  const holdout = program
    .command('holdout')
    .description('the range that BELLWETHER_HOLDOUT keeps back from training and evaluation');
  holdout
    .command('open')
    .description('show the range to one registered version, once; it goes into a ledger')
    .requiredOption('--version <version>', 'family and version, such as trees@1.0.3')
    .option('--history <dir>', 'rows from a history folder; default: what the workspace has decided')
    .option('--workspace <name>', WORKSPACE_HELP)
    .option('--seed <n>', 'the only randomness', seed, 1)
    .option(...JSON_OPTION)
    .action(run(openHoldoutCommand));
  holdout
    .command('list')
    .description('every opening, with its result')
    .option(...JSON_OPTION)
    .action(run(listHoldoutCommand));
}
