import type { SentimentEvaluation, SentimentFigures } from '../sentiment/index.ts';
import type { Study } from './report-sentiment.ts';

const REFERENCE = 'vader@1.0.0';
const LEARNT = ['vader retrained', 'linear'];
const SEEN: Readonly<Record<string, string>> = {
  PhraseBank:
    'Financial PhraseBank, sentences of company news, three labels by people. ProsusAI/finbert was trained on this corpus: figures of FinBERT on it would be no test.',
  Twitter: 'Twitter financial news, three labels.',
  StockEmotions: "Traders' posts with their own bullish and bearish tags: two labels, no neutral.",
  'Bitcoin headlines':
    'Bitcoin headlines with scores recorded from ProsusAI/finbert (at least 0.33 positive, at most -0.33 negative). They are a model’s opinions, not people’s: what learns from them is a distilled student.',
};

/** The page of results in Markdown: every word and figure of docs/results/sentiment.md. */
export function describeStudy(study: Study): string {
  return [
    '# Sentiment, measured',
    '',
    'Made by `npm run bellwether -- report sentiment --data DIR --out docs/results/sentiment.md`, on the labelled sets in',
    `\`../shared/data/labelled\` (none of which is part of the project); seed ${study.seed}. Intervals are 95 %, from a bootstrap over`,
    'groups of near-duplicates; differences are paired, McNemar’s test is exact. Splits are by a hash of the text, and',
    'near-duplicates of a text lie in its own fold. "vader retrained" and "linear" are the very trainings of',
    '`retrain --family vader` and `retrain --family linear`; their hyper-parameters are chosen inside the training rows.',
    ...(study.missing.length === 0
      ? []
      : ['', `Not there, so not measured: ${study.missing.map((file) => `\`${file}\``).join(', ')}.`]),
    '',
    'FinBERT and CryptoBERT are not in these tables: their weights come from the hub at first use, and no machine that made',
    'this page could reach it. `evaluate sentiment` adds them where they are there.',
    '',
    `## On texts that were not seen (${study.folds} folds)`,
    ...study.unseen.flatMap(describeUnseen),
    '',
    '## Trained on one set, tested on another',
    '',
    ...describeAcross(study),
    '',
    '## Against scores of people',
    '',
    ...describeScored(study),
    '',
    '## What it says',
    '',
    ...conclude(study).map((line) => `- ${line}`),
    '',
  ].join('\n');
}

function describeUnseen({ name, n, evaluation }: Study['unseen'][number]): string[] {
  const labels = namesOf(evaluation);
  return [
    '',
    `### ${name}`,
    '',
    `${SEEN[name] ?? ''} n = ${n}, ${evaluation.independentTexts} independent.`,
    '',
    ...table(
      ['scorer', 'accuracy', 'macro F1', 'ECE', 'two classes', 'F1 negative / neutral / positive'],
      labels.map(({ label, figures }) => [
        label,
        withInterval(figures.accuracy, figures.intervals.accuracy, percent),
        withInterval(figures.macroF1, figures.intervals.macroF1, fixed),
        fixed(figures.ece),
        figures.twoClass === null ? '-' : percent(figures.twoClass.accuracy),
        ['negative', 'neutral', 'positive']
          .map((each) => fixed(figures.perClass?.[each as 'neutral']?.f1 ?? null))
          .join(' / '),
      ]),
    ),
    '',
    ...table(['less', 'accuracy', 'McNemar p', 'macro F1'], describePairs(evaluation)),
  ];
}

function describePairs({ comparisons, families }: SentimentEvaluation): string[][] {
  const label = labeller(families);
  return comparisons.map((each) => [
    `${label(each.b)} − ${label(each.a)}`,
    withInterval(negated(each.accuracyDifference), swapped(each.low, each.high), percent),
    each.mcnemarP === null ? '-' : each.mcnemarP < 1e-4 ? '< 0.0001' : each.mcnemarP.toFixed(4),
    withInterval(negated(each.macroF1Difference), swapped(each.macroF1Low, each.macroF1High), fixed),
  ]);
}

function describeAcross({ across, unseen }: Study): string[] {
  const tested = unseen.map(({ name }) => name);
  const rows = tested.flatMap((trainedOn) =>
    LEARNT.map((scorer) => [
      `${scorer}, on ${trainedOn}`,
      ...tested.map((testedOn) => {
        const found = across.find((each) => each.trainedOn === trainedOn && each.testedOn === testedOn);
        if (found === undefined) return '(unseen folds above)';
        const figures = namesOf(found.evaluation).find(({ label }) => label === scorer)?.figures;
        return cell(figures);
      }),
    ]),
  );
  const reference = tested.map((testedOn) => {
    const found = unseen.find(({ name }) => name === testedOn);
    return cell(found && namesOf(found.evaluation).find(({ label }) => label === REFERENCE)?.figures);
  });
  return [
    'Accuracy / macro F1; for StockEmotions accuracy over its two classes. Columns are what was tested.',
    '',
    ...table(['trained', ...tested], [[REFERENCE, ...reference], ...rows]),
  ];
}

function cell(figures: SentimentFigures | undefined): string {
  if (figures === undefined) return '-';
  if (figures.perClass?.neutral.support === 0) return `${percent(figures.twoClass?.accuracy ?? null)} (two)`;
  return `${percent(figures.accuracy)} / ${fixed(figures.macroF1)}`;
}

function describeScored({ scored }: Study): string[] {
  const [first] = scored;
  if (first === undefined) return ['No set with scores was there.'];
  return [
    `Pearson correlation of \`sentiment\` with people’s scores; the versions were trained on ${first.trainedOn}, never on these.`,
    '',
    ...table(
      ['set', 'n', REFERENCE, ...LEARNT, 'vader retrained − 1.0.0'],
      scored.map(({ name, evaluation }) => {
        const named = namesOf(evaluation);
        const of = (label: string) => named.find((each) => each.label === label)?.figures;
        const pair = evaluation.comparisons.find(({ a, b }) => a === 'vader' && b === 'vader-retrained');
        return [
          name,
          String(of(REFERENCE)?.n ?? 0),
          ...[REFERENCE, ...LEARNT].map((label) =>
            withInterval(of(label)?.pearson ?? null, of(label)?.intervals.pearson ?? null, fixed),
          ),
          withInterval(
            negated(pair?.pearsonDifference ?? null),
            swapped(pair?.pearsonLow ?? null, pair?.pearsonHigh ?? null),
            fixed,
          ),
        ];
      }),
    ),
  ];
}

/** Where an arm wins or loses beyond doubt, in words; made from the intervals. */
function conclude({ unseen, scored }: Study): string[] {
  const lines = unseen.flatMap(({ name, evaluation }) => {
    const label = labeller(evaluation.families);
    return evaluation.comparisons.map((each) => {
      const { low, high } = swapped(each.low, each.high);
      const verdict =
        low !== null && low > 0
          ? 'is more often right than'
          : high !== null && high < 0
            ? 'is less often right than'
            : 'cannot be told from';
      return `${name}: ${label(each.b)} ${verdict} ${label(each.a)} (${percent(negated(each.accuracyDifference))}).`;
    });
  });
  const losses = scored.flatMap(({ name, evaluation }) =>
    evaluation.comparisons
      .filter(({ a }) => a === 'vader')
      .flatMap(({ b, pearsonDifference, pearsonLow }) =>
        pearsonDifference !== null && pearsonLow !== null && pearsonLow > 0
          ? [
              `${name}: ${b === 'linear' ? b : LEARNT[0]} follows people’s scores worse than ${REFERENCE} (${fixed(-pearsonDifference)}).`,
            ]
          : [],
      ),
  );
  return [...lines, ...losses];
}

/** Names as the page shows them: the reference with its version, what was trained as such. */
function labeller(families: SentimentEvaluation['families']): (key: string) => string {
  return (key) => {
    const [family] = key.split('@');
    if (family === 'vader-retrained') return 'vader retrained';
    if (family !== 'vader') return family ?? key;
    return families[key]?.version === '1.0.0' ? REFERENCE : 'vader retrained';
  };
}

function namesOf({ families }: SentimentEvaluation): { label: string; figures: SentimentFigures }[] {
  const label = labeller(families);
  return Object.entries(families).map(([key, figures]) => ({ label: label(key), figures }));
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)];
}

function withInterval(
  value: number | null,
  interval: { low: number | null; high: number | null } | null,
  tell: (value: number | null) => string,
): string {
  if (value === null) return '-';
  if (interval === null || interval.low === null || interval.high === null) return tell(value);
  return `${tell(value)} (${tell(interval.low)} to ${tell(interval.high)})`;
}

const negated = (value: number | null) => (value === null ? null : 0 - value);

/** Of a difference turned round. */
function swapped(low: number | null, high: number | null): { low: number | null; high: number | null } {
  return { low: negated(high), high: negated(low) };
}

function percent(value: number | null): string {
  return value === null ? '-' : `${(100 * value).toFixed(2)} %`;
}

function fixed(value: number | null): string {
  return value === null ? '-' : value.toFixed(4);
}
