import { createVader, runSentimentEvaluation, scorerName, type Scorer } from '../sentiment/index.ts';
import type { SentimentFigures } from '../sentiment/index.ts';
import { alignColumns } from './align-columns.ts';
import { percent } from './amount.ts';
import { scorerUnknown } from './errors.ts';
import type { CommandContext, ExitCode } from './program.ts';
import type { Terminal } from './terminal.ts';

interface Options {
  data: string;
  families: readonly string[];
  out?: string;
  json?: boolean;
}

/** `evaluate sentiment`: how well scorers agree with people on one file of rated texts. */
export async function evaluateSentimentCommand(
  options: Options,
  { terminal }: CommandContext,
): Promise<ExitCode> {
  const scorers = chooseScorers(options.families, [createVader()]);
  terminal.say(`Reading ${options.data}`);
  const evaluation = await runSentimentEvaluation({
    dataFile: options.data,
    scorers: scorers.map((scorer) => announcing(scorer, terminal)),
    outFile: options.out,
    stopwatch: () => performance.now(),
  });
  terminal.result(describe(evaluation.families, options), evaluation);
  return 0;
}

/**
 * The scorers that were asked for, each once, in the order asked.
 * @param wanted - `family` or `family@version`
 * @throws AppError `USAGE_INVALID` naming those that there are
 */
export function chooseScorers(wanted: readonly string[], present: readonly Scorer[]): Scorer[] {
  const chosen = wanted.map((name) => {
    const scorer = present.find((one) => name === one.family || name === scorerName(one));
    if (scorer === undefined) throw scorerUnknown(name, present.map(scorerName));
    return scorer;
  });
  return [...new Set(chosen)];
}

/** The scorer, telling how many texts it has seen. */
function announcing(scorer: Scorer, terminal: Terminal): Scorer {
  let seen = 0;
  return {
    family: scorer.family,
    version: scorer.version,
    score(texts) {
      seen += texts.length;
      terminal.count(`scoring with ${scorerName(scorer)}`, `${seen} texts`);
      return scorer.score(texts);
    },
  };
}

function describe(families: Record<string, SentimentFigures>, options: Options): string {
  const head = ['scorer', 'accuracy', 'macro F1', 'ECE', 'Pearson', 'n', 'texts/s'];
  const rows = Object.entries(families).map(([family, figures]) => [
    `${family}@${figures.version}`,
    percent(figures.accuracy),
    fixed(figures.macroF1, 4),
    fixed(figures.ece, 4),
    fixed(figures.pearson, 4),
    String(figures.n),
    fixed(figures.textsPerSecond, 0),
  ]);
  return [
    `Against the ratings in ${options.data}`,
    '',
    ...alignColumns([head, ...rows]).map((line) => `  ${line}`),
    ...(options.out === undefined ? [] : ['', `One line a text and scorer: ${options.out}`]),
  ].join('\n');
}

function fixed(value: number | null, digits: number): string {
  return value === null ? '-' : value.toFixed(digits);
}
