import type { LabelDefinition } from '../features/index.ts';
import type { BASELINE_NAMES } from '../models/index.ts';

type BaselineName = (typeof BASELINE_NAMES)[number];

/** A label as it is written on the command line. */
export function inWords(label: LabelDefinition): string {
  switch (label.kind) {
    case 'sign':
      return 'sign';
    case 'dead-zone':
      return `dead-zone:${label.basisPoints}`;
    case 'triple-barrier':
      return `triple-barrier:${label.multiple}`;
    case 'large-move':
      return `large-move:${label.quantile}`;
  }
}

/** What a probability answers. */
export function questionOf(label: LabelDefinition, horizonMinutes: number): string {
  switch (label.kind) {
    case 'sign':
      return `does the price rise within ${horizonMinutes} minutes?`;
    case 'dead-zone':
      return `does the price rise within ${horizonMinutes} minutes, where it moves by more than ${label.basisPoints} basis points?`;
    case 'triple-barrier':
      return `does a close come to ${label.multiple} times the volatility above before one comes as far below, or is it higher after ${horizonMinutes} minutes?`;
    case 'large-move':
      return `does the price move further within ${horizonMinutes} minutes, up or down, than ${label.quantile} of the moves of the last 30 days?`;
  }
}

/** The baselines that have nothing to say about a label, and why. */
export function leftOut(label: LabelDefinition): { names: readonly BaselineName[]; reason: string } {
  if (label.kind !== 'large-move') return { names: [], reason: '' };
  return {
    names: ['last-sign', 'sign-table', 'always-up', 'ar1'],
    reason:
      'they foretell a direction, and what is asked is whether the move is large, whichever way it goes',
  };
}
