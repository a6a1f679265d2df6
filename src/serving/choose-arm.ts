import type { ArmAnswerView, PricedView } from './views.ts';

/** The arm that answers, and whether it stands in for one that should have. */
export interface ChosenArm {
  answer: ArmAnswerView | null;
  isStandIn: boolean;
  /** True where nobody failed: the next request is answered by the same arm. */
  isLasting: boolean;
}

/**
 * The champion; while it is down, the next best: an arm with the same scorer, else one with the scorer that read the
 * text, else any that learns, else a baseline.
 * @param priced - arms in the order in which equals stand in for each other
 * @param usedScorer - family that read the text
 */
export function chooseChampion({ champion, arms }: PricedView, usedScorer: string): ChosenArm {
  const own = arms.find(({ arm }) => arm === champion);
  if (own !== undefined) return { answer: own, isStandIn: false, isLasting: true };
  const wantedScorer = scorerOf(champion ?? '');
  const best =
    arms.find(({ arm }) => wantedScorer !== null && scorerOf(arm) === wantedScorer) ??
    arms.find(({ arm }) => scorerOf(arm) === usedScorer) ??
    arms.find(({ arm }) => scorerOf(arm) !== null) ??
    arms[0];
  return { answer: best ?? null, isStandIn: true, isLasting: false };
}

/**
 * The arm of the champion's price family with that scorer, else any with it, else what answers for the champion.
 * @param liveArms - that read a scorer, whether they could answer or not
 */
export function chooseWithScorer(
  priced: PricedView,
  scorerFamily: string,
  liveArms: Iterable<string>,
): ChosenArm {
  const { champion, arms } = priced;
  const wanted = bestOf(liveArms, champion, scorerFamily);
  const able = bestOf(
    arms.map(({ arm }) => arm),
    champion,
    scorerFamily,
  );
  const answer = arms.find(({ arm }) => arm === able);
  if (answer !== undefined) {
    const isWanted = wanted === null || wanted === able;
    return { answer, isStandIn: !isWanted, isLasting: isWanted };
  }
  const standIn = chooseChampion(priced, scorerFamily);
  return { ...standIn, isStandIn: true, isLasting: wanted === null && standIn.isLasting };
}

/** Whether an arm's price model reads a family of scorers. */
export function readsScorer(arm: string, scorerFamily: string): boolean {
  return arm.endsWith(scorerFamily) && arm[arm.length - scorerFamily.length - 1] === '+';
}

/** The present four hours of news as an arm with that scorer sees them. */
export function aggregateOf(priced: PricedView | null, scorerFamily: string): number | null {
  const arm = priced?.arms.find((one) => readsScorer(one.arm, scorerFamily) && one.sentiment !== null);
  return arm?.sentiment ?? null;
}

function bestOf(arms: Iterable<string>, champion: string | null, scorerFamily: string): string | null {
  const sibling = `${priceFamilyOf(champion ?? '')}+${scorerFamily}`;
  let first: string | null = null;
  for (const arm of arms) {
    if (arm === sibling) return arm;
    if (first === null && readsScorer(arm, scorerFamily)) first = arm;
  }
  return first;
}

function priceFamilyOf(arm: string): string {
  const end = arm.indexOf('+');
  return end < 0 ? arm : arm.slice(0, end);
}

/** `none` is a scorer's name here too; null for a baseline. */
function scorerOf(arm: string): string | null {
  return arm.split('+')[1] ?? null;
}
