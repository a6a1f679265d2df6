import { describe, expect, it } from 'vitest';
import { createFeatureSet } from '../features/index.ts';
import { GRACE_SECONDS, troubledHistory } from '../features/inputs.contract.ts';
import { VOID_LABEL } from '../models/index.ts';
import { foldHistory } from './direction-study.ts';
import { relabel } from './relabel.ts';

const featureSet = createFeatureSet({ barMinutes: 60, scorer: 'vader@1.0.0' });
const inputs = troubledHistory(11, { bars: 24 * 50 });
const history = { featureSet, inputs, graceSeconds: GRACE_SECONDS, horizonMinutes: 240 };
const given = { inputs, graceSeconds: GRACE_SECONDS, horizonMinutes: 240, barMinutes: 60 };
const folded = foldHistory(history);

describe('relabel', () => {
  it('says of signs what the windows say in operation, bit for bit', () => {
    expect(relabel(folded.rows, { ...given, definition: { kind: 'sign' } })).toEqual(folded);
  });

  it('asks something else of the same windows', () => {
    const { rows } = foldHistory({ ...history, label: { kind: 'dead-zone', basisPoints: 50 } });
    expect(rows.values).toEqual(folded.rows.values);
    expect(rows.labelKnownAt).toEqual(folded.rows.labelKnownAt);
    rows.labels.forEach((label, row) => {
      const size = Math.abs(rows.futureReturns[row]!);
      expect(label).toBe(size <= 0.005 ? VOID_LABEL : folded.rows.labels[row]);
    });
  });

  it('knows a triple barrier no later than the horizon, and often before', () => {
    const { rows } = foldHistory({ ...history, label: { kind: 'triple-barrier', multiple: 0.5 } });
    const known = [...rows.labels.keys()].filter(
      (row) => rows.labels[row]! <= 1 && folded.rows.labels[row]! <= 1,
    );
    const early = known.filter((row) => rows.labelKnownAt[row]! < folded.rows.labelKnownAt[row]!);
    expect(early.length).toBeGreaterThan(known.length / 4);
  });
});
