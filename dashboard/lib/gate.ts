import type { GateDecision } from '../../src/serving/contract.ts';
import { roundScale, type Scale } from './scale.ts';

/** All decisions of one horizon that were made at one moment, over one scale. */
export interface GatePanel {
  horizonMinutes: number;
  decisions: GateDecision[];
  /** null where nothing was compared. */
  scale: Scale | null;
}

/** All that the gate decided at one moment, which is one retraining. */
export interface GateRound {
  at: string;
  promoted: number;
  refused: number;
  panels: GatePanel[];
}

/** What was asked of the gate, in a word or two. */
export const KIND_WORDS: Record<GateDecision['kind'], string> = {
  first: 'first model',
  refresh: 'newer data',
  change: 'new recipe',
  champion: 'challenger',
};

const KIND_ORDER: GateDecision['kind'][] = ['champion', 'change', 'refresh', 'first'];
/** So wide is the narrowest scale, nats: on less, bars that differ by nothing would look far apart. */
const NARROWEST_NATS = 0.001;

/** The decisions by moment, newest first, and by horizon; those that would change who answers come first. */
export function gateRounds(decisions: readonly GateDecision[]): GateRound[] {
  const moments = [...new Set(decisions.map(({ at }) => at))].sort(
    (left, right) => Date.parse(right) - Date.parse(left),
  );
  return moments.map((at) => {
    const here = decisions.filter((decision) => decision.at === at);
    const promoted = here.filter(({ verdict }) => verdict === 'promoted').length;
    return { at, promoted, refused: here.length - promoted, panels: panelsOf(here) };
  });
}

/** What a round came to: `3 passed, 1 refused`; by hand, what passed waits to be deployed. */
export function roundWords({ promoted, refused }: Pick<GateRound, 'promoted' | 'refused'>): string {
  const words = [promoted > 0 ? `${promoted} passed` : '', refused > 0 ? `${refused} refused` : ''];
  return words.filter((word) => word !== '').join(', ');
}

/** True for a decision that has a bar to draw. */
export function isCompared(
  decision: GateDecision,
): decision is GateDecision & { gain: number; low: number; high: number } {
  return decision.gain !== null && decision.low !== null && decision.high !== null;
}

/** Candidate and incumbent by name: the arms are named only where they differ. */
export function contestants(decision: GateDecision): { candidate: string; incumbent: string | null } {
  const { arm, candidate, incumbent, incumbent_arm: incumbentArm } = decision;
  if (incumbent === null) return { candidate, incumbent: null };
  if (incumbentArm === null || incumbentArm === arm) return { candidate, incumbent };
  return { candidate: `${arm} ${candidate}`, incumbent: `${incumbentArm} ${incumbent}` };
}

/** One scale for bars that stand below each other: zero, every bar and every threshold inside, on round steps. */
export function gateScale(decisions: readonly GateDecision[]): Scale | null {
  const compared = decisions.filter(isCompared);
  if (compared.length === 0) return null;
  const values = compared.flatMap(({ gain, low, high, threshold }) => [gain, low, high, threshold]);
  return roundScale([0, ...values], NARROWEST_NATS);
}

function panelsOf(decisions: readonly GateDecision[]): GatePanel[] {
  const horizons = [...new Set(decisions.map((decision) => decision.horizon_minutes))].sort(
    (left, right) => left - right,
  );
  return horizons.map((horizonMinutes) => {
    const here = decisions
      .filter((decision) => decision.horizon_minutes === horizonMinutes)
      .sort(byWeightThenArm);
    return { horizonMinutes, decisions: here, scale: gateScale(here) };
  });
}

function byWeightThenArm(left: GateDecision, right: GateDecision): number {
  const weight = KIND_ORDER.indexOf(left.kind) - KIND_ORDER.indexOf(right.kind);
  return weight === 0 ? left.arm.localeCompare(right.arm) : weight;
}
