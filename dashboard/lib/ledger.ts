import type { Deployment, LiveChange } from '../../src/serving/contract.ts';
import { horizon } from './format.ts';

/** Changes that read alike, in one line: `trees+none, trees+vader at 60 min`, from one version to another. */
export interface ChangeLine {
  what: string;
  from: string | null;
  to: string | null;
}

/** What an entry is, in words. */
export const KIND_WORDS: Record<Deployment['kind'], string> = {
  retraining: 'Retraining',
  deploy: 'Deployment',
  select: 'Champion chosen',
  rollback: 'Rollback',
};

interface Group {
  change: LiveChange;
  horizons: Map<number, string[]>;
}

/** An entry's changes, as few lines as tell them all; who answers comes first, because readers see that change. */
export function changeLines(changes: readonly LiveChange[]): ChangeLine[] {
  const groups = new Map<string, Group>();
  for (const change of changes) {
    const key = `${change.kind} ${change.from ?? ''} ${change.to ?? ''}`;
    const group = groups.get(key) ?? { change, horizons: new Map<number, string[]>() };
    const arms = group.horizons.get(change.horizon_minutes) ?? [];
    group.horizons.set(change.horizon_minutes, [...arms, change.kind === 'model' ? change.arm : 'Champion']);
    groups.set(key, group);
  }
  return [...groups.values()]
    .sort((left, right) => Number(left.change.kind === 'model') - Number(right.change.kind === 'model'))
    .flatMap(linesOf);
}

/** Horizons at which the same arms changed share a line. */
function linesOf({ change, horizons }: Group): ChangeLine[] {
  const byArms = new Map<string, number[]>();
  for (const [horizonMinutes, arms] of [...horizons].sort(([left], [right]) => left - right)) {
    const names = [...arms].sort().join(', ');
    byArms.set(names, [...(byArms.get(names) ?? []), horizonMinutes]);
  }
  return [...byArms].map(([names, minutes]) => ({
    what: `${names} at ${minutes.map(horizon).join(' and ')}`,
    from: change.from,
    to: change.to,
  }));
}
