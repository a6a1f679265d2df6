import type { Manifest } from './manifest.ts';
import type { LiveChange, LiveModel, LiveState, ModelVersion } from './records.ts';
import { modelVersionOf } from './version-name.ts';

/** Before the first entry of a ledger. */
export const NOTHING_LIVE: LiveState = { models: [], champions: [] };

/** A change that does not begin at what is live. */
export interface Mismatch {
  /** `trees+vader at 60 minutes`, or `the champion at 60 minutes`. */
  place: string;
  expected: string | null;
  found: string | null;
}

/**
 * Carries changes out one after the other; the given state stays as it is.
 * @returns the state after them, or the first change whose `from` is not what stands there
 * @throws RangeError for a change that changes nothing
 */
export function applyChanges(
  state: LiveState,
  changes: readonly LiveChange[],
): { state: LiveState } | { mismatch: Mismatch } {
  let present = state;
  for (const change of changes) {
    const place = placeOf(change);
    if (change.from === change.to) throw new RangeError(`a change of ${place} that changes nothing`);
    const found =
      change.kind === 'model' ? liveVersion(present, change) : championArm(present, change.horizonMinutes);
    if (found !== change.from) return { mismatch: { place, expected: change.from, found } };
    present = change.kind === 'model' ? withModel(present, change) : withChampion(present, change);
  }
  return { state: present };
}

/** `trees+vader at 60 minutes is trees@1.0.1 and not trees@1.0.0`. */
export function describeMismatch({ place, expected, found }: Mismatch): string {
  return `${place} is ${found ?? 'nothing'} and not ${expected ?? 'nothing'}`;
}

/** The changes that lead back, in the order in which they have to be carried out. */
export function reverseChanges(changes: readonly LiveChange[]): LiveChange[] {
  return changes.toReversed().map((change) => ({ ...change, from: change.to, to: change.from }));
}

/**
 * What has to change for a version to be live for all its arms and horizons. A horizon without a champion gets one.
 * @param options.firstChampion - the arm that such a horizon prefers; else the version's first arm there
 * @returns none when the version is live already; models by horizon and arm, then champions by horizon
 */
export function changesToDeploy(
  state: LiveState,
  manifest: Manifest,
  { firstChampion }: { firstChampion: string },
): LiveChange[] {
  const to = modelVersionOf(manifest);
  const models = manifest.models
    .toSorted(byPlace)
    .map(({ arm, horizonMinutes }): LiveChange => {
      const from = liveVersion(state, { arm, horizonMinutes });
      return { kind: 'model', arm, horizonMinutes, from, to };
    })
    .filter(({ from }) => from !== to);
  const horizons = [...new Set(manifest.models.map(({ horizonMinutes }) => horizonMinutes))];
  const champions = horizons
    .filter((horizonMinutes) => championArm(state, horizonMinutes) === null)
    .sort((left, right) => left - right)
    .map((horizonMinutes): LiveChange => {
      const arms = manifest.models
        .filter((one) => one.horizonMinutes === horizonMinutes)
        .map(({ arm }) => arm);
      const chosen = arms.includes(firstChampion) ? firstChampion : (arms[0] ?? null);
      return { kind: 'champion', horizonMinutes, from: null, to: chosen };
    });
  return [...models, ...champions];
}

/** The version that is live for an arm at a horizon; null: none. */
export function liveVersion(
  state: LiveState,
  { arm, horizonMinutes }: { arm: string; horizonMinutes: number },
): ModelVersion | null {
  const live = state.models.find((one) => one.arm === arm && one.horizonMinutes === horizonMinutes);
  return live?.modelVersion ?? null;
}

/** The arm that answers for a horizon; null: none. */
export function championArm(state: LiveState, horizonMinutes: number): string | null {
  return state.champions.find((one) => one.horizonMinutes === horizonMinutes)?.arm ?? null;
}

function placeOf(change: LiveChange): string {
  const who = change.kind === 'model' ? change.arm : 'the champion';
  return `${who} at ${change.horizonMinutes} minutes`;
}

function withModel(
  state: LiveState,
  { arm, horizonMinutes, to }: { arm: string; horizonMinutes: number; to: ModelVersion | null },
): LiveState {
  const others = state.models.filter((one) => one.arm !== arm || one.horizonMinutes !== horizonMinutes);
  const models = to === null ? others : [...others, { arm, horizonMinutes, modelVersion: to }].sort(byPlace);
  return { ...state, models };
}

function withChampion(
  state: LiveState,
  { horizonMinutes, to }: { horizonMinutes: number; to: string | null },
): LiveState {
  const others = state.champions.filter((one) => one.horizonMinutes !== horizonMinutes);
  const champions = to === null ? others : [...others, { horizonMinutes, arm: to }];
  return { ...state, champions: champions.sort((left, right) => left.horizonMinutes - right.horizonMinutes) };
}

type Place = Pick<LiveModel, 'arm' | 'horizonMinutes'>;

function byPlace(left: Place, right: Place): number {
  if (left.horizonMinutes !== right.horizonMinutes) return left.horizonMinutes - right.horizonMinutes;
  return left.arm < right.arm ? -1 : left.arm > right.arm ? 1 : 0;
}
