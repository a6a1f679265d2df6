import type { CompareAnswer, ExplainAnswer, ScorerAnswer } from '../../src/serving/contract.ts';
import { isBaselineArm } from './accuracy.ts';
import type { Answer } from './api.ts';
import type { Failure } from './feed.ts';
import { MISSING, percentText, signed } from './format.ts';

/** What one arm says without the headline and with it. Probabilities 0..1. */
export interface ArmEffect {
  arm: string;
  modelVersion: string;
  isChampion: boolean;
  degraded: boolean;
  readsNews: boolean;
  direction: CompareAnswer['arms'][number]['price_direction'];
  /** null where the arm did not answer without the headline. */
  before: number | null;
  after: number;
  /** after - before. */
  change: number | null;
}

/** What a headline would do. */
export interface HeadlineEffect {
  text: string;
  horizonMinutes: number;
  windowEnd: string | null;
  scorers: CompareAnswer['scorers'];
  /** Scorers that did not answer, and why. */
  unavailable: CompareAnswer['unavailable'];
  agreement: CompareAnswer['agreement'];
  /** Which words carried each scorer's score. */
  explanations: ExplainAnswer['explanations'];
  /** Scorers that cannot tell, and why. */
  unexplained: ExplainAnswer['unexplained'];
  /** The champion, or who stands in for it; null while no arm answers. */
  main: ArmEffect | null;
  arms: ArmEffect[];
  degraded: boolean;
}

export interface HeadlineQuestion {
  text: string;
  horizonMinutes: number;
}

/** Asks the API once each. */
export interface HeadlineAsking {
  compare(body: { text?: string[]; horizon_minutes: number }): Promise<Answer>;
  explain(body: { text: string; horizon_minutes: number }): Promise<Answer>;
}

/** A window may close, or a model change, between two requests; rarely twice in a row. */
const TRIES = 3;
const NOTHING_POINTS = 0.005;

const EXAMPLES = [
  'Central bank adds Bitcoin to its reserves, markets cheer',
  'Large exchange halts withdrawals after a devastating hack',
  'Bitcoin difficulty adjusts by half a percent',
] as const;

/** Headlines to try: one good, one bad, one plain. */
export const HEADLINE_EXAMPLES: readonly string[] = EXAMPLES;

/** A text as one line: what was pasted from a page brings breaks and runs of spaces. */
export function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

/**
 * Asks what the models say without a headline and with it, of the same window and the same models: an effect that was
 * none of the headline's would otherwise be shown as one. Which words carried the score is asked beside; without that
 * there is an answer all the same.
 */
export async function askHeadline(
  question: HeadlineQuestion,
  { compare, explain }: HeadlineAsking,
): Promise<{ ok: true; effect: HeadlineEffect } | { ok: false; failure: Failure }> {
  const horizon = { horizon_minutes: question.horizonMinutes };
  const explaining = explain({ text: question.text, ...horizon });
  for (let tried = 0; tried < TRIES; tried += 1) {
    const [plain, told] = await Promise.all([
      compare(horizon),
      compare({ text: [question.text], ...horizon }),
    ]);
    if (!told.ok) return told;
    if (!plain.ok) return plain;
    const before = plain.data as CompareAnswer;
    const after = told.data as CompareAnswer;
    if (isSameState(before, after)) {
      const words = await explaining;
      const explained = words.ok ? (words.data as ExplainAnswer) : null;
      return { ok: true, effect: headlineEffect({ text: question.text, before, after, explained }) };
    }
  }
  const message = 'Windows or models kept changing between two questions. Try again.';
  return { ok: false, failure: { kind: 'refused', code: null, message } };
}

/** The two answers side by side, the champion first, then the arms that a headline moves most, baselines last. */
export function headlineEffect({
  text,
  before,
  after,
  explained,
}: {
  text: string;
  before: CompareAnswer;
  after: CompareAnswer;
  /** null where nobody told. */
  explained: ExplainAnswer | null;
}): HeadlineEffect {
  const arms = after.arms.map((arm): ArmEffect => {
    const was = before.arms.find((other) => other.arm === arm.arm)?.probability_up ?? null;
    return {
      arm: arm.arm,
      modelVersion: arm.model_version,
      isChampion: arm.is_champion,
      degraded: arm.degraded,
      readsNews: arm.sentiment !== null,
      direction: arm.price_direction,
      before: was,
      after: arm.probability_up,
      change: was === null ? null : arm.probability_up - was,
    };
  });
  arms.sort(byInterest);
  return {
    text,
    horizonMinutes: after.horizon_minutes,
    windowEnd: after.window_end,
    scorers: after.scorers,
    unavailable: after.unavailable,
    agreement: after.agreement,
    explanations: explained?.explanations ?? [],
    unexplained: explained?.unexplained ?? [],
    main: arms[0] ?? null,
    arms,
    degraded: after.degraded === true,
  };
}

/** A change of probability in percentage points: `+0.62 points`, `no change`. */
export function pointsText(change: number | null): string {
  if (change === null) return MISSING;
  return signOf(change) === 0 ? 'no change' : `${signed(change * 100)}\u00a0points`;
}

/** Why an arm said what it said, where its answer alone would puzzle. */
export function effectWords({ arm, change, readsNews }: ArmEffect): string {
  if (!readsNews) return `${arm} reads how many headlines there are, not what they say.`;
  if (change === null) return `${arm} gave no answer without the headline to compare with.`;
  if (signOf(change) === 0) {
    return `${arm} reads the news, but one headline among many does not move it here.`;
  }
  return `The headline moves ${arm} ${change > 0 ? 'up' : 'down'}.`;
}

/** 1 up, -1 down, 0 for a change that would be shown as none. */
export function signOf(change: number | null): -1 | 0 | 1 {
  if (change === null || Math.abs(change * 100) < NOTHING_POINTS) return 0;
  return change > 0 ? 1 : -1;
}

/** The scorer whose word counts for the answer: the one that the main arm reads, else the first. */
export function leadingScorer({ scorers, main }: HeadlineEffect): ScorerAnswer | null {
  const family = main?.arm.split('+')[1];
  return scorers.find(({ scorer }) => scorer === family) ?? scorers[0] ?? null;
}

/** The effect in a sentence or two, for those who listen. */
export function spokenEffect(effect: HeadlineEffect): string {
  const { main } = effect;
  const read = sentimentWords(effect);
  if (main === null) return `${read}No window has been decided yet.`;
  const before = main.before === null ? '' : `from ${percentText(main.before, 2)} `;
  return `${read}${main.arm}: probability up ${before}to ${percentText(main.after, 2)}, ${pointsText(main.change)}.`;
}

function isSameState(left: CompareAnswer, right: CompareAnswer): boolean {
  return left.window_end === right.window_end && left.deployment === right.deployment;
}

function byInterest(left: ArmEffect, right: ArmEffect): number {
  if (left.isChampion !== right.isChampion) return left.isChampion ? -1 : 1;
  const group = Number(isBaselineArm(left.arm)) - Number(isBaselineArm(right.arm));
  if (group !== 0) return group;
  return Math.abs(right.change ?? 0) - Math.abs(left.change ?? 0) || left.arm.localeCompare(right.arm);
}

function sentimentWords(effect: HeadlineEffect): string {
  const leading = leadingScorer(effect);
  if (leading === null || leading.sentiment === null) return '';
  return `Sentiment ${signed(leading.sentiment)}${leading.label === null ? '' : `, ${leading.label}`}. `;
}
