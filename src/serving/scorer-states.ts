import type { ScorerState } from '../sentiment/index.ts';
import { readsScorer } from './choose-arm.ts';
import type { ServingContext } from './context.ts';
import type { ScorerStateView } from './views.ts';

const NOTHING = { version: null, note: null, progress: null, reason: null, remedy: null };

/** Every family of scorers as it stands now, with the live arms that read it at any horizon. */
export function describeScorers({ ports, options }: ServingContext, asset: string): ScorerStateView[] {
  const arms = new Set(
    options.horizonsMinutes.flatMap((horizonMinutes) => [
      ...ports.readersOf({ asset, horizonMinutes }).byArm.keys(),
    ]),
  );
  return ports.scorers.all().map((state) => ({
    ...NOTHING,
    family: state.family,
    state: state.state,
    ...detailsOf(state),
    readBy: [...arms].filter((arm) => readsScorer(arm, state.family)).sort(),
  }));
}

function detailsOf(state: ScorerState): Partial<ScorerStateView> {
  switch (state.state) {
    case 'ready':
      return { version: `v${state.scorer.version}`, note: state.note };
    case 'loading':
      return { progress: state.progress };
    case 'unavailable':
      return { reason: state.reason, remedy: state.remedy };
  }
}
