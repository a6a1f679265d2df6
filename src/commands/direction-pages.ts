import { isoUtc } from '../core/index.ts';
import { PAST_RETURN } from '../models/index.ts';
import type { DirectionReport, ReportedPair } from '../prediction/index.ts';
import { percent } from './amount.ts';
import type { Block } from './report-blocks.ts';
import { chance } from './sentiment-tables.ts';
import { drawBars, drawLines } from './svg-charts.ts';

/** What the page was made with, besides the history. */
export interface ReportFacts {
  family: string;
  rival: string;
  scorer: string;
  folder: string;
  refit: string;
  seed: number;
  trialFolds: number;
  /** `FROM/TO`, or null. */
  holdout: string | null;
}

/** Accuracy that people ask for. */
const WANTED = 0.65;
const SIGNIFICANT = 0.05;

/** All blocks of one bar length and several horizons. */
export function describeReports(reports: readonly DirectionReport[], facts: ReportFacts): Block[] {
  const [first] = reports;
  if (first === undefined) return [];
  return [
    { kind: 'heading', level: 1, text: `Direction, measured: bars of ${first.barMinutes} minutes` },
    {
      kind: 'text',
      text: `${facts.family}+${facts.scorer} on ${facts.folder}, ${isoUtc(first.from).slice(0, 10)} to ${isoUtc(first.to).slice(0, 10)}, seed ${facts.seed}. A purged walk-forward over an expanding past, fits ${facts.refit}, embargo of one horizon; every arm answers the same windows. Intervals are 95 %, circular block bootstrap, 2,000 draws, blocks of max(24 h, 3 x horizon). Nothing here is investment advice.`,
    },
    ...describeCare(facts),
    { kind: 'heading', level: 2, text: 'In short' },
    { kind: 'list', lines: reports.flatMap(conclude) },
    ...reports.flatMap((report) => describeReport(report, facts)),
  ];
}

/** What a reader has to know before the first figure. */
function describeCare({ family, holdout }: ReportFacts): Block[] {
  const care = [
    ...(family === 'trees'
      ? [
          'The parameters of the trees were chosen on hours of 2020-11 to 2021-12, out of 24 settings (docs/results/trees.md). Windows of that time are no test of them, and the trials below do not count those 24.',
        ]
      : []),
    ...(holdout === null
      ? []
      : [`Held out: ${holdout}. Nothing of it is learnt from, tested, traded or drawn.`]),
  ];
  return care.map((text) => ({ kind: 'text', text }));
}

function conclude(report: DirectionReport): string[] {
  const head = `${hours(report)} ahead`;
  const own = report.arms[0];
  if (own === undefined) return [];
  const benchmark = report.pairs.find(({ against }) => against === report.trials.benchmark.name);
  const all = report.ablation.at(-1);
  const followed = report.pastCoverage.filter(({ n }) => n > 0).filter(isNews);
  // Where there are too few windows for an interval, nothing is reached.
  const reached = followed.filter(({ accuracy, low }) => accuracy >= WANTED && !Number.isNaN(low));
  const best = followed
    .filter(({ low }) => !Number.isNaN(low))
    .reduce<(typeof followed)[number] | null>(
      (one, other) => (one !== null && one.accuracy >= other.accuracy ? one : other),
      null,
    );
  const { superior, overfitting, sharpe } = report.trials;
  return [
    `${head}: accuracy ${percent(own.scores.accuracy)} (${between(own.intervals.accuracy)}), n = ${own.scores.n}; entered one bar later ${percent(own.scores.accuracyOneBarLater)}. ${benchmark === undefined ? '' : `Against ${benchmark.against}: ${ahead(benchmark)}.`}`,
    ...(all === undefined ? [] : [`${head}: all columns against the price alone: ${ahead(all)}.`]),
    `${head}: 65 % is reached at ${reached.length > 0 ? reached.map(surest).join('; ') : `no share of windows${best === null ? '' : `; the best is ${surest(best)}`}`} (thresholds known beforehand; ${report.pastCoverage.length} shares were looked at).`,
    `${head}: ${superior.consistent < SIGNIFICANT ? 'at least one' : 'no one'} of ${report.trials.trials} trials is shown to be better than ${report.trials.benchmark.name} (Hansen, p ${drawn(superior, 'consistent')}); probability of overfitting ${percent(overfitting.probability)}; deflated Sharpe ${percent(sharpe.deflated)} before costs.`,
    `${head}: ${concludeTrading(report)}`,
  ];
}

/** Equal probabilities make several shares one. */
function isNews({ n }: { n: number }, place: number, all: readonly { n: number }[]): boolean {
  return n !== all[place - 1]?.n;
}

function surest({ target, accuracy, low, high, n }: DirectionReport['pastCoverage'][number]): string {
  return `the surest ${percent(target)}: ${percent(accuracy)} (${between({ low, high })}), n = ${n}`;
}

function concludeTrading({ trading }: DirectionReport): string {
  const paying = trading.costs.filter(({ total }) => total > 0);
  const dearest = paying.at(-1);
  if (dearest === undefined) return 'followed on paper it loses even without costs.';
  const next = trading.costs[trading.costs.indexOf(dearest) + 1];
  const until = next === undefined ? ', the dearest of the grid' : ` and loses at ${next.costBasisPoints}`;
  return `followed on paper it gains at a cost of ${dearest.costBasisPoints} basis points a unit of turnover${until}.`;
}

function describeReport(report: DirectionReport, facts: ReportFacts): Block[] {
  const rows = report.trainingRows;
  return [
    { kind: 'heading', level: 2, text: `${hours(report)} ahead` },
    {
      kind: 'text',
      text: `n = ${report.windows} windows with a truth, ${percent(report.baseRate)} of them up; ${report.fits} fits, on ${rows.first} to ${rows.last} rows.`,
    },
    ...describeArms(report),
    ...describePairs(report),
    ...describeConfidence(report),
    ...describeTrading(report),
    ...describeTrials(report, facts),
    ...describeRegimes(report),
    ...describeColumns(report),
  ];
}

function describeArms({ arms }: DirectionReport): Block[] {
  return [
    { kind: 'heading', level: 3, text: 'Every arm' },
    {
      kind: 'table',
      head: ['arm', 'accuracy', 'one bar later', 'balanced accuracy', 'MCC', 'AUC', 'Brier', 'log loss'],
      rows: arms.map(({ name, scores, intervals }) => [
        name,
        `${percent(scores.accuracy)} (${between(intervals.accuracy)})`,
        percent(scores.accuracyOneBarLater),
        `${percent(scores.balancedAccuracy)} (${between(intervals.balancedAccuracy)})`,
        figure(scores.mcc, intervals.mcc, 4),
        figure(scores.auc, intervals.auc, 4),
        figure(scores.brier, intervals.brier, 5),
        figure(scores.logLoss, intervals.logLoss, 5),
      ]),
    },
    { kind: 'text', text: 'A coin has a Brier score of 0.25 and a log loss of 0.69315 nats.' },
  ];
}

function describePairs({ arms, pairs, ablation, timing, groups }: DirectionReport): Block[] {
  const head = ['', 'against', 'points ahead', 'McNemar p', 'Diebold-Mariano p', 'n'];
  const rowsOf = (some: readonly ReportedPair[]) =>
    some.map(({ name, against, paired }) => [
      name,
      against,
      points(paired),
      paired.mcnemar === null ? 'overlap' : chance(paired.mcnemar),
      chance(paired.dieboldMariano),
      String(paired.n),
    ]);
  return [
    { kind: 'heading', level: 3, text: 'Held against others, window by window' },
    { kind: 'table', head, rows: rowsOf(pairs) },
    {
      kind: 'text',
      text: `McNemar's test is exact and takes windows for independent, so it stays away where they overlap; Diebold-Mariano compares Brier scores with a correction for overlap and small samples. Market timing (Pesaran-Timmermann) of ${arms[0]?.name ?? ''} on ${timing.n} windows that do not overlap: ${Number.isNaN(timing.statistic) ? 'not defined, one side never changes' : `statistic ${timing.statistic.toFixed(2)}, one-sided p ${chance(timing.p)}`}.`,
    },
    ...(ablation.length === 0
      ? [
          {
            kind: 'text' as const,
            text: `Whether sentiment helps cannot be asked: columns with values are those of ${groups.join(' and ')}.`,
          },
        ]
      : [
          { kind: 'heading', level: 3, text: 'Does sentiment help?' } as const,
          { kind: 'table', head, rows: rowsOf(ablation) } as const,
        ]),
  ];
}

function describeConfidence(report: DirectionReport): Block[] {
  const { ece, reliability: bins } = report.calibration;
  const id = `${report.barMinutes}m-${report.horizonMinutes}`;
  // Without an interval a point shows chance.
  const judged = report.pastCoverage.filter(({ low }) => !Number.isNaN(low));
  return [
    { kind: 'heading', level: 3, text: 'How sure, how right' },
    {
      kind: 'picture',
      name: `calibration-${id}`,
      about: `Ten bins of equal mass: mean P(up) to the right, share that went up upwards. Expected calibration error ${percent(ece)}.`,
      svg: drawLines({
        title: `Calibration, ${hours(report)} ahead`,
        x: { label: 'P(up)', format: percentShort },
        y: { label: 'share up', format: percentShort },
        lines: [
          {
            name: 'answers',
            points: bins.map(({ probability, share }) => [probability, share]),
            hasDots: true,
          },
          { name: 'ideal', points: bins.map(({ probability }) => [probability, probability]) },
        ],
      }),
    },
    {
      kind: 'picture',
      name: `coverage-${id}`,
      about:
        'Accuracy on the windows on which it is surest, with 95 % intervals: by thresholds of the past alone, which could have been followed, and by those of the whole tested span, which nobody knows beforehand.',
      svg: drawLines({
        title: `Accuracy over coverage, ${hours(report)} ahead`,
        x: {
          label: 'share of windows that are answered (logarithmic)',
          from: -2,
          to: 0,
          format: (log) => percentShort(10 ** log),
        },
        y: { label: 'accuracy', format: percentShort },
        lines: [
          {
            name: 'by the past',
            points: judged.map(({ target, accuracy }) => [Math.log10(target), accuracy]),
            bounds: judged.map(({ low, high }) => [low, high]),
            hasDots: true,
          },
          {
            name: 'looking back',
            points: report.coverage
              .filter(({ low }) => !Number.isNaN(low))
              .map(({ coverage, accuracy }) => [Math.log10(coverage), accuracy]),
            hasDots: true,
          },
        ],
      }),
    },
    ...describeCoverage(report),
  ];
}

function describeCoverage(report: DirectionReport): Block[] {
  return [
    {
      kind: 'table',
      head: ['surest', 'accuracy, thresholds of the past', 'answered', 'n'],
      rows: report.pastCoverage
        .filter(isNews)
        .map(({ target, coverage, accuracy, low, high, n }) => [
          percent(target),
          `${percent(accuracy)} (${between({ low, high })})`,
          percent(coverage),
          String(n),
        ]),
    },
    {
      kind: 'table',
      head: ['answered', 'accuracy, looking back', 'distance of P(up) from 0.5, at least', 'n'],
      rows: report.coverage
        .filter(isNews)
        .map(({ coverage, accuracy, low, high, threshold, n }) => [
          percent(coverage),
          `${percent(accuracy)} (${between({ low, high })})`,
          threshold.toFixed(4),
          String(n),
        ]),
    },
  ];
}

function describeTrading(report: DirectionReport): Block[] {
  const { trading } = report;
  const shown = trading.costs.filter(({ costBasisPoints }) => [0, 5, 10].includes(costBasisPoints));
  return [
    { kind: 'heading', level: 3, text: 'After costs' },
    {
      kind: 'text',
      text: `Each direction is followed on paper from its close to the horizon; where positions overlap, an equal part of the capital enters at each bar and only differences are traded: ${trading.turnoverPerYear.toFixed(0)} times the capital a year. Returns are log returns, added up; a missing bar counts as no move. The mean absolute move over the horizon is ${(10_000 * trading.meanAbsoluteMove).toFixed(0)} basis points. The accuracy that breaks even takes a position to be opened and closed by itself, and hits and misses to be equally large.`,
    },
    {
      kind: 'picture',
      name: `equity-${report.barMinutes}m-${report.horizonMinutes}`,
      about: 'Sum of log returns after costs a unit of turnover, beside holding.',
      svg: drawLines({
        title: `Equity on paper, ${hours(report)} ahead`,
        x: { label: 'end of the window', format: (at) => isoUtc(at).slice(0, 10) },
        y: { label: 'sum of log returns', format: (value) => value.toFixed(1) },
        lines: [
          ...shown.map(({ costBasisPoints, equity }) => ({
            name: `${costBasisPoints} bp`,
            points: equity.map((value, place) => [trading.places[place] ?? NaN, value] as const),
          })),
          {
            name: 'holding',
            points: trading.holding.map((value, place) => [trading.places[place] ?? NaN, value] as const),
          },
        ],
      }),
    },
    {
      kind: 'table',
      head: ['cost', 'sum of log returns', 'Sharpe a year', 'accuracy that breaks even'],
      rows: trading.costs.map(({ costBasisPoints, total, annualSharpe, breakEven }) => [
        `${costBasisPoints} bp`,
        total.toFixed(2),
        annualSharpe.toFixed(2),
        breakEven > 1 ? 'none' : percent(breakEven),
      ]),
    },
  ];
}

function describeTrials({ trials, ...report }: DirectionReport, { trialFolds }: ReportFacts): Block[] {
  const { superior, overfitting, sharpe, losses, benchmark } = trials;
  return [
    { kind: 'heading', level: 3, text: 'What having looked costs' },
    {
      kind: 'text',
      text: `${trials.trials} settings drawn at random, each fitted anew in ${trialFolds} folds and judged on the same ${trials.windows} windows. Log loss out of sample ${(losses[0] ?? NaN).toFixed(5)} to ${(losses.at(-1) ?? NaN).toFixed(5)} nats; ${benchmark.name} ${benchmark.logLoss.toFixed(5)}.`,
    },
    {
      kind: 'table',
      head: ['question', 'answer'],
      rows: [
        [
          "Is no trial better than the benchmark? (Hansen's test, p: lower, consistent, upper)",
          `${drawn(superior, 'lower')}, ${drawn(superior, 'consistent')}, ${drawn(superior, 'upper')}`,
        ],
        [
          'Chosen by its Sharpe ratio without costs: how often is the best of one half no better than the median in the other? (probability of overfitting)',
          percent(overfitting.probability),
        ],
        [
          'How often does the best of one half lose money in the other?',
          percent(overfitting.probabilityOfLoss),
        ],
        [
          'Best Sharpe ratio a bar without costs; what the best of as many without skill would show',
          `${sharpe.best.toFixed(4)}; ${sharpe.expectedMaximum.toFixed(4)}`,
        ],
        [
          'Probability that it is above 0: alone; as the best of so many (deflated)',
          `${percent(sharpe.probabilistic)}; ${percent(sharpe.deflated)}`,
        ],
      ],
    },
    {
      kind: 'picture',
      name: `overfitting-${report.barMinutes}m-${report.horizonMinutes}`,
      about:
        'Log-odds of the rank that the best trial of one half has in the other half, over all 12,870 ways to halve 16 parts; below 0 it is worse than the median.',
      svg: drawBars({
        title: 'Rank of the chosen trial where it was not chosen',
        bars: histogramOf(overfitting.logits),
        format: percentShort,
      }),
    },
  ];
}

/** A share of draws: none of them is less than one in so many. */
function drawn(
  superior: DirectionReport['trials']['superior'],
  which: 'lower' | 'consistent' | 'upper',
): string {
  return superior[which] > 0 ? superior[which].toFixed(4) : `< ${1 / superior.resamples}`;
}

/** Shares of values a bin, from the least to the largest. */
function histogramOf(values: readonly number[]): { name: string; value: number }[] {
  const edges = [-Infinity, -3, -2, -1, 0, 1, 2, 3, Infinity];
  return edges.slice(1).map((to, place) => {
    const from = edges[place] ?? -Infinity;
    const name = from === -Infinity ? `up to ${to}` : to === Infinity ? `above ${from}` : `${from} to ${to}`;
    return { name, value: values.filter((value) => value > from && value <= to).length / values.length };
  });
}

function describeRegimes({ regimes, trials }: DirectionReport): Block[] {
  return [
    { kind: 'heading', level: 3, text: 'By regime' },
    {
      kind: 'table',
      head: ['part', 'accuracy', trials.benchmark.name, 'n'],
      rows: regimes.map(({ kind, name, accuracy, low, high, benchmark, n }) => [
        kind === 'year' ? name : `${kind}: ${name}`,
        `${percent(accuracy)} (${between({ low, high })})`,
        percent(benchmark),
        String(n),
      ]),
    },
  ];
}

function describeColumns({ contributions, permutation, ...report }: DirectionReport): Block[] {
  // What only baselines read moves nothing here.
  const read = permutation.columns.filter(({ column }) => column !== PAST_RETURN);
  const rises = read.map(({ column, rise, spread }) => [
    column,
    `${signedNats(rise)} ± ${spread.toFixed(5)}`,
    (contributions?.find((each) => each.column === column)?.size ?? NaN).toFixed(4),
  ]);
  return [
    { kind: 'heading', level: 3, text: 'What it leans on' },
    ...(contributions === null
      ? []
      : [
          {
            kind: 'picture' as const,
            name: `shap-${report.barMinutes}m-${report.horizonMinutes}`,
            about:
              'Mean size of the contribution (SHAP) of each column to the log-odds, on tested windows, each taken apart by the fit that answered it.',
            svg: drawBars({
              title: `Mean |SHAP|, ${hours(report)} ahead`,
              bars: contributions.map(({ column, size }) => ({ name: column, value: size })),
              format: (value) => value.toFixed(4),
            }),
          },
        ]),
    {
      kind: 'table',
      head: ['column', 'log loss without it (shuffled in blocks)', 'mean size of its contribution'],
      rows: rises,
    },
  ];
}

const hours = ({ horizonMinutes }: { horizonMinutes: number }) =>
  horizonMinutes % 60 === 0 ? `${horizonMinutes / 60} h` : `${horizonMinutes} min`;

const percentShort = (share: number) => `${(100 * share).toFixed(Math.abs(share) < 0.02 ? 1 : 0)} %`;

const signedNats = (value: number) => `${value < 0 ? '-' : '+'}${Math.abs(value).toFixed(5)}`;

function between({ low, high }: { low: number; high: number }): string {
  return Number.isNaN(low) ? 'too few' : `${(100 * low).toFixed(2)} to ${(100 * high).toFixed(2)}`;
}

function figure(value: number, { low, high }: { low: number; high: number }, digits: number): string {
  const interval = Number.isNaN(low) ? 'too few' : `${low.toFixed(digits)} to ${high.toFixed(digits)}`;
  return `${value.toFixed(digits)} (${interval})`;
}

/** `+1.01 (0.51 to 1.49)` */
function points({ accuracyDifference, low, high }: ReportedPair['paired']): string {
  const sign = accuracyDifference < 0 ? '-' : '+';
  return `${sign}${Math.abs(100 * accuracyDifference).toFixed(2)} (${between({ low, high })})`;
}

function ahead({ paired }: ReportedPair): string {
  const isShown = paired.low > 0 || paired.high < 0;
  return `${points(paired)} points${isShown ? '' : ', which is nothing that could be told from chance'}`;
}
