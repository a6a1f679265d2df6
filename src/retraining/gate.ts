import { createRandom } from '../core/index.ts';
import { blockRows, VOID_LABEL } from '../models/index.ts';
import type { GateDecision } from '../registry/index.ts';
import { blockBootstrapBounds } from '../stats/index.ts';

/** A refresh may be worse by so much, nats a window: about what moving every P(up) by three points costs. */
export const REFRESH_MARGIN = 0.002;
/** What ships may differ from the fit that was judged by so much, mean |difference of P(up)|. */
export const LARGEST_DISAGREEMENT = 0.05;
/** Confidence of each bound where one comparison decides. */
export const GATE_LEVEL = 0.95;

/** Draws of a bootstrap. */
export const GATE_RESAMPLES = 2_000;
/**
 * Probabilities end this far from 0 and 1. No model knows an hour of Bitcoin to one in a thousand, and without an end
 * one window could outweigh eight weeks: now the dearest one costs ln 1000 = 6.9 nats, for either side.
 */
const CLIP = 0.001;

/** A candidate and what it would replace, on the same windows. */
export interface GateQuestion {
  /** `refresh`: same recipe, newer data. `change`: another recipe. `champion`: another arm. */
  kind: 'refresh' | 'change' | 'champion';
  /** P(up) of the candidate's gate fit, evenly spaced windows, NaN where there is none, shape (n). */
  candidate: Float64Array;
  /** P(up) of the incumbent's gate fit, the same windows, shape (n). */
  incumbent: Float64Array;
  /** 1 = up, 0 = down, `VOID_LABEL` = not scored, shape (n). */
  labels: Uint8Array;
  barMinutes: number;
  horizonMinutes: number;
  /** Mean |P(up) of what ships - P(up) of its gate fit|; NaN: not measured. */
  agreement: number;
  /** True when the incumbent's expiry has passed. */
  isExpired: boolean;
  /** Confidence of each bound, in (0.5, 1); 0.95, or more where several challengers try. */
  level: number;
  seed: number;
}

/** What the gate found and decided. */
export type GateFinding = Pick<
  GateDecision,
  'n' | 'gain' | 'low' | 'high' | 'threshold' | 'verdict' | 'reason'
>;

/**
 * Decides whether a candidate may replace what is live. Gain = incumbent's log loss - candidate's, mean over the windows
 * that both answered and whose label is up or down (P(up) ends at 0.001 and 0.999), with one-sided bounds by the block
 * bootstrap: blocks of max(24 h, 3 x horizon), 2,000 draws, widened for few blocks.
 *
 * A refresh has to exclude that it is 0.002 nats worse (`low` > -0.002), a change or another champion has to be shown to
 * be better (`low` > 0). What ships must agree with the fit that was judged (0.05). Too few windows: refused. An expired
 * incumbent is replaced by its own arm's candidate unless that is shown to be worse (`high` < -0.002).
 * @returns figures, verdict and a reason in whole sentences; the same for the same question
 * @throws RangeError when the arrays differ in length or the level is not in (0.5, 1)
 * @see docs/results/gate.md for how often it is right; Künsch (1989), Annals of Statistics 17, for the blocks
 */
export function decideGate(question: GateQuestion): GateFinding {
  const threshold = question.kind === 'refresh' ? -REFRESH_MARGIN : 0;
  const blockLength = blockRows(question);
  const { mean, low, high, observations } = blockBootstrapBounds({
    values: lossDifferences(question),
    blockLength,
    resamples: GATE_RESAMPLES,
    confidence: question.level,
    uniform: createRandom(question.seed).fork('gate').uniform,
  });
  const figures = { n: observations, gain: mean, low, high, threshold };
  return { ...figures, ...judge(question, figures) };
}

type Figures = Omit<GateFinding, 'verdict' | 'reason'>;
type Judgement = Pick<GateFinding, 'verdict' | 'reason'>;

function judge(question: GateQuestion, figures: Figures): Judgement {
  const { kind, agreement, isExpired } = question;
  const { low, high, threshold } = figures;
  const mustGo = isExpired && kind !== 'champion';
  if (agreement > LARGEST_DISAGREEMENT) {
    return refused(
      `What would ship differs from the fit that was judged by ${agreement.toFixed(4)} on average in P(up), and ${LARGEST_DISAGREEMENT} is allowed: the judgement does not hold for it. ${found(question, figures)}`,
    );
  }
  if (Number.isNaN(low)) {
    const few = tooFew(question, figures);
    return mustGo
      ? promoted(`The incumbent has expired, and nothing shows the candidate to be worse. ${few}`)
      : refused(`${few} What cannot be compared is not promoted.`);
  }
  // A champion that stays deployed was measured against its gate fit when it was deployed.
  if (Number.isNaN(agreement) && kind !== 'champion') {
    return refused(
      `It could not be measured how far what would ship differs from the fit that was judged. ${found(question, figures)}`,
    );
  }
  if (low > threshold) return promoted(`${shown(kind, threshold)} ${found(question, figures)}`);
  if (mustGo && !(high < -REFRESH_MARGIN)) {
    return promoted(
      `The incumbent has expired, and the candidate is not shown to be worse than it by ${REFRESH_MARGIN} nats. ${found(question, figures)}`,
    );
  }
  const expired = mustGo
    ? ` The incumbent has expired, but the candidate is shown to be worse than it by more than ${REFRESH_MARGIN} nats.`
    : '';
  return refused(`${notShown(kind, threshold)}${expired} ${found(question, figures)}`);
}

function promoted(reason: string): Judgement {
  return { verdict: 'promoted', reason };
}

function refused(reason: string): Judgement {
  return { verdict: 'refused', reason };
}

function shown(kind: GateQuestion['kind'], threshold: number): string {
  return kind === 'refresh'
    ? `The refresh is not worse by ${-threshold} nats a window.`
    : `The ${WORDS[kind]} is better than what is live.`;
}

function notShown(kind: GateQuestion['kind'], threshold: number): string {
  return kind === 'refresh'
    ? `It could not be excluded that the refresh is worse by ${-threshold} nats a window.`
    : `The ${WORDS[kind]} is not shown to be better than what is live.`;
}

const WORDS = { change: 'changed recipe', champion: 'challenger' } as const;

/** The comparison in one sentence. */
function found({ level }: GateQuestion, { n, gain, low, high, threshold }: Figures): string {
  if (Number.isNaN(low)) return `Only ${n} windows could be compared.`;
  return `Over ${n} windows it gains ${nats(gain)} nats a window (${percent(level)} % bounds ${nats(low)} and ${nats(high)}; the lower has to exceed ${threshold}).`;
}

function tooFew(question: GateQuestion, { n }: Figures): string {
  const hours = (blockRows(question) * question.barMinutes) / 60;
  return `Only ${n} windows can be compared, which is less than eight blocks of ${hours} h.`;
}

function nats(value: number): string {
  return `${value >= 0 ? '+' : ''}${value.toFixed(4)}`;
}

function percent(level: number): string {
  return String(Number((100 * level).toFixed(2)));
}

/** Incumbent's log loss less the candidate's, window by window; NaN where there is nothing to compare. */
export function lossDifferences({
  candidate,
  incumbent,
  labels,
}: Pick<GateQuestion, 'candidate' | 'incumbent' | 'labels'>): Float64Array {
  if (candidate.length !== labels.length || incumbent.length !== labels.length) {
    throw new RangeError(
      `${labels.length} labels, but ${candidate.length} answers of the candidate and ${incumbent.length} of the incumbent`,
    );
  }
  return Float64Array.from(labels, (label, row) => {
    if (label === VOID_LABEL) return NaN;
    return logScore(candidate[row], label) - logScore(incumbent[row], label);
  });
}

/** ln of the probability that was given to what came true. */
function logScore(probabilityUp = NaN, label: number): number {
  const within = Math.min(1 - CLIP, Math.max(CLIP, probabilityUp));
  return Math.log(label === 1 ? within : 1 - within);
}
