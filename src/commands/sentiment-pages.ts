import type { SentimentEvaluation, StudyTest } from '../sentiment/index.ts';
import type { Study } from './report-sentiment.ts';
import {
  chance,
  fixed,
  gained,
  gainsOf,
  isTwoClass,
  labelOf,
  readingOf,
  REFERENCE,
  signed,
  table,
  within,
  type Gain,
} from './sentiment-tables.ts';

/**
 * The page of results in Markdown: every word and figure of docs/results/sentiment.md.
 * @param picture - where the reliability diagrams lie, seen from the page; null: there are none
 */
export function describeStudy(study: Study, picture: string | null): string {
  const parts = [
    describeMethod(study),
    ['## In short', ...conclude(study).map((line) => `- ${line}`)],
    [
      `## On texts that were not seen: ${study.folds} folds`,
      'Each row is answered by a version that was trained on the other folds; the answers of all folds are judged together.',
      ...study.unseen.flatMap(describeUnseen),
    ],
    picture === null ? [] : describePicture(picture),
    describeTogether(study),
    describeAcross(study),
    describeMaking(study),
  ];
  const blocks = parts.flat().filter((block) => block !== '');
  // Lines of one list or one table belong together; everything else is a paragraph of its own.
  const isJoined = (block: string, before: string | undefined) =>
    before !== undefined && ['| ', '- '].some((mark) => block.startsWith(mark) && before.startsWith(mark));
  return `${blocks.map((block, at) => (isJoined(block, blocks[at - 1]) ? block : `${at > 0 ? '\n' : ''}${block}`)).join('\n')}\n`;
}

function describeMethod({ seed, missing }: Study): string[] {
  return [
    '# Sentiment, measured',
    `How the scorers agree with labels and scores that they were not taught, seed ${seed}. Intervals are 95 %, from 1,000 resamples of whole groups of near-duplicates; differences are paired on the same rows. McNemar’s test is exact and takes every row for independent. ECE has 15 bins; its interval is the basic bootstrap’s, because resampling enlarges that error.`,
    `Folds follow from a hash of the text; near-duplicates (six in ten pairs of neighbouring words in common, numbers taken as equal) lie in one fold. "vader, retrained" and "linear" are what \`retrain\` trains; all that they choose, they choose within their training rows. ${REFERENCE} is the reference’s VADER and learns nothing.`,
    'Where a set knows good and bad alone, a scorer has said the larger of P(positive) and P(negative); equal ones are wrong.',
    'FinBERT and CryptoBERT are not in these tables: their weights could not be fetched where this page was made. `evaluate sentiment` measures them wherever they are there. ProsusAI/finbert was trained on PhraseBank, so that set would be no test of it.',
    ...(missing.length === 0
      ? []
      : [
          `Not there when this was made, so not measured: ${missing.map((file) => `\`${file}\``).join(', ')}.`,
        ]),
  ];
}

function describeUnseen({ name, about, evaluation }: Study['unseen'][number]): string[] {
  return [`### ${name}`, `${about} ${describeRows(evaluation)}`, ...describeEvaluation(evaluation)];
}

function describeRows(evaluation: SentimentEvaluation): string {
  const n = Object.values(evaluation.families)[0]?.n ?? 0;
  const classes = isTwoClass(evaluation) ? ' Two classes.' : '';
  return `n = ${n}, in ${evaluation.independentTexts} groups of near-duplicates.${classes}`;
}

/** Two tables: each scorer, and each pair of them. */
function describeEvaluation(evaluation: SentimentEvaluation): string[] {
  const isOfTwo = isTwoClass(evaluation);
  const scorers = Object.entries(evaluation.families).map(([key, figures]) => {
    const { accuracy, low, high, macroF1, macroF1Low, macroF1High } = readingOf(figures, isOfTwo);
    const { negative, neutral, positive } = figures.perClass ?? {};
    const { ece } = figures.intervals;
    return [
      labelOf(key, evaluation.families),
      within(accuracy, low, high),
      within(macroF1, macroF1Low, macroF1High),
      within(figures.ece, ece?.low ?? null, ece?.high ?? null),
      [negative, neutral, positive].map((each) => fixed(each?.f1 ?? null)).join(' / '),
    ];
  });
  const pairs = gainsOf(evaluation).map((gain) => [
    `${gain.newcomer} − ${gain.than}`,
    gained(gain.accuracyDifference, gain.low, gain.high),
    chance(gain.mcnemarP),
    gained(gain.macroF1Difference, gain.macroF1Low, gain.macroF1High),
  ]);
  const f1 = `F1 of negative / neutral / positive${isOfTwo ? ', by its own label' : ''}`;
  return [
    ...table(['scorer', 'accuracy', 'macro-F1', isOfTwo ? 'ECE of its own label' : 'ECE', f1], scorers),
    // A table ends where something else begins.
    'Paired:',
    ...table(['difference', 'accuracy', 'McNemar p', 'macro-F1'], pairs),
  ];
}

function describePicture(picture: string): string[] {
  return [
    '### How sure, how right',
    `![Share of right answers over confidence, by set and scorer](${picture})`,
    'Confidence to the right, share of right answers upwards; on the line a scorer is as often right as it says. Dots are bins with at least 20 rows.',
  ];
}

function describeTogether({ together, folds, about }: Study): string[] {
  if (together === null) return [];
  const { trainedOn, trainedRows, unseen, foreign } = together;
  const scored = foreign.map(({ testedOn, evaluation }) => {
    const gains = gainsOf(evaluation).filter(({ than }) => than === REFERENCE);
    return [
      testedOn,
      String(Object.values(evaluation.families)[0]?.n ?? 0),
      ...Object.values(evaluation.families).map(({ pearson, intervals }) =>
        within(pearson, intervals.pearson?.low ?? null, intervals.pearson?.high ?? null),
      ),
      ...gains.map(({ pearson }) => gained(pearson.value, pearson.low, pearson.high)),
    ];
  });
  const families = foreign[0]?.evaluation.families ?? {};
  const names = Object.keys(families).map((key) => labelOf(key, families));
  return [
    `## One version for all: ${trainedOn.join(' and ')}`,
    `One version per family, taught by ${trainedRows} rows: ${folds - 1} of ${folds} folds of ${trainedOn.join(' and ')} together. The very same version is tested on the fold that was kept out of each, and on scores that nothing here is ever trained on.`,
    ...unseen.flatMap(({ testedOn, evaluation }) => [
      `### ${testedOn}, the fold that was kept out`,
      describeRows(evaluation),
      ...describeEvaluation(evaluation),
    ]),
    ...(scored.length === 0
      ? []
      : [
          '### Scores of people',
          `Pearson’s correlation with people’s mean scores; a difference is against ${REFERENCE}. ${describeSets(about)}`,
          ...table(
            [
              'set',
              'n',
              ...names,
              ...names.filter((name) => name !== REFERENCE).map((name) => `${name} − 1.0.0`),
            ],
            scored,
          ),
        ]),
  ];
}

function describeSets(about: Study['about']): string {
  return Object.entries(about)
    .map(([name, what]) => `${name}: ${what.charAt(0).toLowerCase()}${what.slice(1)}`)
    .join(' ');
}

function describeAcross({ across, unseen }: Study): string[] {
  const sets = unseen.map(({ name }) => name);
  if (across.length === 0) return [];
  const rows = across.flatMap(({ trainedOn, tests }) => {
    const { families = {} } = tests[0]?.evaluation ?? {};
    const learnt = Object.keys(families).filter((key) => labelOf(key, families) !== REFERENCE);
    return learnt.map((key) => [
      `${labelOf(key, families)}, taught by ${trainedOn}`,
      ...sets.map((set) =>
        acrossCell(
          tests.find(({ testedOn }) => testedOn === set),
          key,
        ),
      ),
    ]);
  });
  const reference = unseen.map(({ evaluation }) => {
    const key = Object.keys(evaluation.families).find(
      (each) => labelOf(each, evaluation.families) === REFERENCE,
    );
    return key === undefined ? '-' : cell(evaluation, key);
  });
  const leftOut = across.flatMap(({ tests }) => tests.map((test) => test.leftOut));
  return [
    '## Taught by one set, tested on another',
    `Accuracy / macro-F1, over two classes where the column has two. Behind it the difference of accuracy to ${REFERENCE} on the same rows, in bold where its 95 % interval leaves out 0. The whole of the first set is trained on; rows of the second with a near-duplicate in it are left out of the test (at most ${Math.max(0, ...leftOut)}).`,
    ...table(['', ...sets], [[REFERENCE, ...reference], ...rows]),
  ];
}

function acrossCell(test: StudyTest | undefined, key: string): string {
  if (test === undefined) return 'see above';
  const { evaluation } = test;
  const name = labelOf(key, evaluation.families);
  const gain = gainsOf(evaluation).find((each) => each.newcomer === name && each.than === REFERENCE);
  const value = gain?.accuracyDifference ?? null;
  if (gain === undefined || value === null) return cell(evaluation, key);
  const mark = verdictOn(gain) === 0 ? '' : '**';
  return `${cell(evaluation, key)}, ${mark}${signed(value)}${mark}`;
}

function cell(evaluation: SentimentEvaluation, key: string): string {
  const figures = evaluation.families[key];
  if (figures === undefined) return '-';
  const { accuracy, macroF1 } = readingOf(figures, isTwoClass(evaluation));
  return `${fixed(accuracy)} / ${fixed(macroF1)}`;
}

/** Above 0: the interval of the accuracy's difference lies above 0; below: below; 0: it holds 0, or there is none. */
function verdictOn({ low, high }: Gain): number {
  if (low !== null && low > 0) return 1;
  return high !== null && high < 0 ? -1 : 0;
}

/** Where an arm wins and where it loses, in words made from the intervals. */
function conclude({ unseen, across, together }: Study): string[] {
  const within = unseen.flatMap(({ name, evaluation }) =>
    gainsOf(evaluation).map((gain) => {
      const verb = ['is less often right than', 'cannot be told from', 'is more often right than'];
      return `${name}, unseen folds: ${gain.newcomer} ${verb[verdictOn(gain) + 1] ?? ''} ${gain.than} (accuracy ${gained(gain.accuracyDifference, gain.low, gain.high)}).`;
    }),
  );
  const losses = across.flatMap(({ trainedOn, tests }) =>
    tests.flatMap(({ testedOn, evaluation }) =>
      gainsOf(evaluation)
        .filter((gain) => gain.than === REFERENCE && verdictOn(gain) < 0)
        .map(
          (gain) =>
            `${gain.newcomer}, taught by ${trainedOn}, loses to ${REFERENCE} on ${testedOn} (accuracy ${gained(gain.accuracyDifference, gain.low, gain.high)}).`,
        ),
    ),
  );
  const scores = (together?.foreign ?? []).flatMap(({ testedOn, evaluation }) =>
    gainsOf(evaluation)
      .filter(({ than, pearson }) => than === REFERENCE && (pearson.high ?? 0) < 0)
      .map(
        ({ newcomer, pearson }) =>
          `${newcomer}, taught by ${together?.trainedOn.join(' and ') ?? ''}, follows people’s scores of ${testedOn} worse than ${REFERENCE} (Pearson ${gained(pearson.value, pearson.low, pearson.high)}).`,
      ),
  );
  return [...within, ...losses, ...scores];
}

function describeMaking({ seed }: Study): string[] {
  return [
    '## Making this page again',
    'The sets are not part of the project, because their licences do not allow it. With them in one folder, under the names that `src/sentiment/study-sets.ts` gives them, and VADER’s ground truth in a folder `vader` beside it:',
    `    npm run bellwether -- report sentiment --data ../shared/data/labelled --out docs/results/sentiment.md --picture docs/images/sentiment-reliability.svg --seed ${seed}`,
    'Same files, same seed, same page: no figure in it is a time. `evaluate sentiment --data FILE.jsonl` gives the same figures for a single file and whatever scorers there are, with confusion matrix and reliability bins under `--json`.',
  ];
}
