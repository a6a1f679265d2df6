import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeDraft, type DraftFacts } from '../../test/version-draft.ts';
import {
  applyChanges,
  championArm,
  changesToDeploy,
  liveVersion,
  NOTHING_LIVE,
  reverseChanges,
} from './live-state.ts';
import type { Manifest } from './manifest.ts';
import type { LiveChange, LiveState } from './records.ts';

function manifestOf(facts: DraftFacts): Manifest {
  return { ...makeDraft(facts).manifest, files: [] };
}

function after(state: LiveState, changes: readonly LiveChange[]): LiveState {
  const applied = applyChanges(state, changes);
  if ('mismatch' in applied) throw new Error(JSON.stringify(applied.mismatch));
  return applied.state;
}

const FIRST = { firstChampion: 'trees+vader' };
const someVersion = fc.record({
  family: fc.constantFrom('trees', 'logistic'),
  version: fc.constantFrom('1.0.0', '1.0.1', '1.1.0'),
  horizonsMinutes: fc.subarray([60, 240, 1_440], { minLength: 1 }),
});

describe('deploying a version', () => {
  it('makes it live for each of its arms and horizons, in order, and gives each horizon a champion', () => {
    const changes = changesToDeploy(NOTHING_LIVE, manifestOf({ arms: ['trees+vader', 'trees+none'] }), FIRST);
    const to = 'trees@1.0.0';
    expect(changes).toEqual([
      { kind: 'model', arm: 'trees+none', horizonMinutes: 60, from: null, to },
      { kind: 'model', arm: 'trees+vader', horizonMinutes: 60, from: null, to },
      { kind: 'model', arm: 'trees+none', horizonMinutes: 1_440, from: null, to },
      { kind: 'model', arm: 'trees+vader', horizonMinutes: 1_440, from: null, to },
      { kind: 'champion', horizonMinutes: 60, from: null, to: 'trees+vader' },
      { kind: 'champion', horizonMinutes: 1_440, from: null, to: 'trees+vader' },
    ]);
    expect(after(NOTHING_LIVE, changes)).toEqual({
      models: [
        { arm: 'trees+none', horizonMinutes: 60, modelVersion: to },
        { arm: 'trees+vader', horizonMinutes: 60, modelVersion: to },
        { arm: 'trees+none', horizonMinutes: 1_440, modelVersion: to },
        { arm: 'trees+vader', horizonMinutes: 1_440, modelVersion: to },
      ],
      champions: [
        { horizonMinutes: 60, arm: 'trees+vader' },
        { horizonMinutes: 1_440, arm: 'trees+vader' },
      ],
    });
  });

  it('takes its first arm as champion where it has not the preferred one', () => {
    const changes = changesToDeploy(
      NOTHING_LIVE,
      manifestOf({ family: 'logistic', horizonsMinutes: [60] }),
      FIRST,
    );
    expect(changes.at(-1)).toEqual({
      kind: 'champion',
      horizonMinutes: 60,
      from: null,
      to: 'logistic+vader',
    });
  });

  it('leaves a champion that is there, and changes nothing for a version that is live already', () => {
    const state = after(
      NOTHING_LIVE,
      changesToDeploy(NOTHING_LIVE, manifestOf({ family: 'logistic' }), FIRST),
    );
    const changes = changesToDeploy(state, manifestOf({}), FIRST);
    expect(changes.map(({ kind }) => kind)).toEqual(['model', 'model', 'model', 'model']);
    expect(championArm(after(state, changes), 60)).toBe('logistic+vader');
    expect(changesToDeploy(state, manifestOf({ family: 'logistic' }), FIRST)).toEqual([]);
  });

  it('always ends with all of it live and a champion for each of its horizons', () => {
    fc.assert(
      fc.property(fc.array(someVersion, { minLength: 1, maxLength: 6 }), (versions) => {
        let state = NOTHING_LIVE;
        for (const facts of versions) {
          const manifest = manifestOf(facts);
          state = after(state, changesToDeploy(state, manifest, FIRST));
          expect(changesToDeploy(state, manifest, FIRST)).toEqual([]);
          for (const { arm, horizonMinutes } of manifest.models) {
            expect(liveVersion(state, { arm, horizonMinutes })).toBe(`${facts.family}@${facts.version}`);
            expect(championArm(state, horizonMinutes)).not.toBeNull();
          }
        }
      }),
    );
  });
});

describe('changes', () => {
  it('lead back when they are reversed', () => {
    fc.assert(
      fc.property(someVersion, someVersion, (first, second) => {
        const before = after(NOTHING_LIVE, changesToDeploy(NOTHING_LIVE, manifestOf(first), FIRST));
        const changes = changesToDeploy(before, manifestOf(second), FIRST);
        expect(after(after(before, changes), reverseChanges(changes))).toEqual(before);
      }),
    );
  });

  it('leave the state that they begin with as it is', () => {
    const state = Object.freeze({
      models: Object.freeze([]),
      champions: Object.freeze([]),
    }) as unknown as LiveState;
    after(state, changesToDeploy(state, manifestOf({}), FIRST));
    expect(state).toEqual(NOTHING_LIVE);
  });

  it('are refused where something else stands, which is said', () => {
    const change = { kind: 'model', arm: 'trees+vader', horizonMinutes: 60 } as const;
    const mismatch = { place: 'trees+vader at 60 minutes', expected: 'trees@1.0.0', found: null };
    expect(applyChanges(NOTHING_LIVE, [{ ...change, from: 'trees@1.0.0', to: 'trees@1.0.1' }])).toEqual({
      mismatch,
    });
    expect(
      applyChanges(NOTHING_LIVE, [{ kind: 'champion', horizonMinutes: 60, from: 'trees+none', to: null }]),
    ).toEqual({ mismatch: { place: 'the champion at 60 minutes', expected: 'trees+none', found: null } });
  });

  it('that change nothing are refused', () => {
    const change = { kind: 'champion', horizonMinutes: 60, from: 'trees+none', to: 'trees+none' } as const;
    expect(() => applyChanges(NOTHING_LIVE, [change])).toThrow(RangeError);
  });
});
