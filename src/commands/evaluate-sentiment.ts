import { withInstalledScorers } from '../compose-scorers.ts';
import { createLog } from '../core/index.ts';
import type { OpenScorers } from '../scorers.ts';
import {
  runSentimentEvaluation,
  SCORER_FAMILIES,
  scorerName,
  type Scorer,
  type SentimentEvaluation,
  type SentimentFigures,
} from '../sentiment/index.ts';
import { alignColumns } from './align-columns.ts';
import { percent } from './amount.ts';
import { scorerUnknown } from './errors.ts';
import type { CommandContext, ExitCode } from './program.ts';

interface Options {
  data: string;
  families?: readonly string[];
  out?: string;
  json?: boolean;
}

/** A family that was not evaluated because nobody asked for it by name and it is not there. */
interface Absent {
  family: string;
  reason: string;
  remedy: string;
}

/** `evaluate sentiment`: how well scorers agree with people on one file of rated texts, each and in pairs. */
export async function evaluateSentimentCommand(
  options: Options,
  { config, terminal }: CommandContext,
): Promise<ExitCode> {
  const log = createLog(config.logLevel);
  const isNamed = options.families !== undefined;
  return withInstalledScorers<ExitCode>(config, { log, isLazy: isNamed }, async ({ scorers: installed }) => {
    const scorers = await chooseScorers(options.families, installed);
    const unavailable = isNamed ? [] : absentFrom(installed);
    terminal.say(`Reading ${options.data}`);
    const evaluation = await runSentimentEvaluation({
      dataFile: options.data,
      scorers,
      outFile: options.out,
      stopwatch: () => performance.now(),
      onProgress: (scorer, done, total) => {
        terminal.progress(`scoring with ${scorerName(scorer)}`, done, total);
      },
    });
    terminal.result(describe(evaluation, { ...options, unavailable }), { ...evaluation, unavailable });
    return 0;
  });
}

/**
 * The scorers that were asked for, each once, in the order asked; without a wish all that are ready.
 * @param wanted - `family` (what is deployed, else its newest version) or `family@version`
 * @throws AppError `USAGE_INVALID` for a family that nobody knows, `SENTIMENT_UNAVAILABLE`, `REGISTRY_...`
 */
export async function chooseScorers(
  wanted: readonly string[] | undefined,
  installed: Pick<OpenScorers, 'all' | 'find'>,
): Promise<Scorer[]> {
  if (wanted === undefined) {
    return installed.all().flatMap((state) => (state.state === 'ready' ? [state.scorer] : []));
  }
  const chosen: Scorer[] = [];
  for (const name of wanted) {
    const family = name.split('@', 1)[0] ?? '';
    if (!SCORER_FAMILIES.some((known) => known === family)) throw scorerUnknown(name, SCORER_FAMILIES);
    const scorer = await installed.find(name);
    if (!chosen.some((each) => scorerName(each) === scorerName(scorer))) chosen.push(scorer);
  }
  return chosen;
}

function absentFrom(installed: Pick<OpenScorers, 'all'>): Absent[] {
  return installed.all().flatMap((state) => {
    if (state.state === 'ready') return [];
    if (state.state === 'unavailable')
      return [{ family: state.family, reason: state.reason, remedy: state.remedy }];
    return [{ family: state.family, reason: 'It is being opened.', remedy: 'Try again.' }];
  });
}

function describe(
  { families, comparisons, independentTexts, resamples }: SentimentEvaluation,
  { data, out, unavailable }: Options & { unavailable: readonly Absent[] },
): string {
  const named = Object.entries(families).map(([key, figures]) => ({
    name: key.includes('@') ? key : `${key}@${figures.version}`,
    figures,
  }));
  const [first] = named;
  return [
    `Against the ratings in ${data}: ${first?.figures.n ?? 0} texts, ${independentTexts} of them independent; 95 % intervals from ${resamples} resamples`,
    '',
    ...describeFigures(named),
    ...(named.some(({ figures }) => figures.perClass !== null) ? ['', ...describeClasses(named)] : []),
    ...(comparisons.length === 0 ? [] : ['', ...describeComparisons(comparisons)]),
    ...(unavailable.length === 0 ? [] : ['', 'Not evaluated']),
    ...unavailable.map(({ family, reason, remedy }) => `  ${family}: ${reason} ${remedy}`),
    ...(out === undefined ? [] : ['', `One line a text and scorer: ${out}`]),
  ].join('\n');
}

interface Named {
  name: string;
  figures: SentimentFigures;
}

function describeFigures(named: readonly Named[]): string[] {
  const head = ['scorer', 'accuracy', '', 'macro F1', '', 'ECE', 'two classes', 'Pearson', 'n', 'texts/s'];
  const rows = named.map(({ name, figures }) => [
    name,
    percent(figures.accuracy),
    between(figures.intervals.accuracy, percent),
    fixed(figures.macroF1, 4),
    between(figures.intervals.macroF1, (value) => fixed(value, 4)),
    fixed(figures.ece, 4),
    figures.twoClass === null ? '-' : `${percent(figures.twoClass.accuracy)} of ${figures.twoClass.n}`,
    fixed(figures.pearson, 4),
    String(figures.n),
    fixed(figures.textsPerSecond, 0),
  ]);
  return alignColumns([head, ...rows]).map((line) => `  ${line}`);
}

function describeClasses(named: readonly Named[]): string[] {
  const head = ['by label', 'label', 'precision', 'recall', 'F1', 'texts'];
  const rows = named.flatMap(({ name, figures }) =>
    Object.entries(figures.perClass ?? {}).map(([label, { precision, recall, f1, support }]) => [
      name,
      label,
      fixed(precision, 3),
      fixed(recall, 3),
      fixed(f1, 3),
      String(support),
    ]),
  );
  return alignColumns([head, ...rows]).map((line) => `  ${line}`);
}

function describeComparisons(comparisons: SentimentEvaluation['comparisons']): string[] {
  const head = ['first less second', 'accuracy', '', 'McNemar p', 'macro F1', ''];
  const rows = comparisons.map((each) => [
    `${each.a} - ${each.b}`,
    percent(each.accuracyDifference),
    between(each, percent),
    each.mcnemarP === null ? '-' : each.mcnemarP.toPrecision(2),
    fixed(each.macroF1Difference, 4),
    between({ low: each.macroF1Low, high: each.macroF1High }, (value) => fixed(value, 4)),
  ]);
  return alignColumns([head, ...rows]).map((line) => `  ${line}`);
}

function between(
  interval: { low: number | null; high: number | null } | null,
  tell: (value: number) => string,
): string {
  if (interval === null || interval.low === null || interval.high === null) return '';
  return `${tell(interval.low)} .. ${tell(interval.high)}`;
}

function fixed(value: number | null, digits: number): string {
  return value === null ? '-' : value.toFixed(digits);
}
