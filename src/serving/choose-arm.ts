import type { ArmAnswerView, PricedView } from './views.ts';

/** The arm that answers, and whether it stands in for one that should have. */
export interface ChosenArm {
  answer: ArmAnswerView | null;
  isStandIn: boolean;
}

/**
 * The champion; while it is down, the next best: an arm with the same scorer, else any that learns, else a baseline.
 * @param priced - arms in the order in which equals stand in for each other
 */
export function chooseChampion({ champion, arms }: PricedView): ChosenArm {
  const own = arms.find(({ arm }) => arm === champion);
  if (own !== undefined) return { answer: own, isStandIn: false };
  const wantedScorer = scorerOf(champion ?? '');
  const best =
    arms.find(({ arm }) => wantedScorer !== null && scorerOf(arm) === wantedScorer) ??
    arms.find(({ arm }) => scorerOf(arm) !== null) ??
    arms[0];
  return { answer: best ?? null, isStandIn: true };
}

/** The arm of the champion's price family with that scorer, else any with it, else what answers for the champion. */
export function chooseWithScorer(priced: PricedView, scorerFamily: string): ChosenArm {
  const { champion, arms } = priced;
  const sibling = `${priceFamilyOf(champion ?? '')}+${scorerFamily}`;
  const answer =
    arms.find(({ arm }) => arm === sibling) ?? arms.find(({ arm }) => scorerOf(arm) === scorerFamily);
  if (answer === undefined) return { ...chooseChampion(priced), isStandIn: true };
  return { answer, isStandIn: arms.every(({ arm }) => arm !== champion) };
}

function priceFamilyOf(arm: string): string {
  return arm.split('+', 1)[0] ?? arm;
}

/** `none` is a scorer's name here too; null for a baseline. */
function scorerOf(arm: string): string | null {
  return arm.split('+')[1] ?? null;
}
