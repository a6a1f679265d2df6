import { describe, expect, it } from 'vitest';
import type { LiveChange } from '../../src/serving/contract.ts';
import { changeLines } from './ledger.ts';

function model(arm: string, horizonMinutes: number, to: string | null = 'trees@1.0.3'): LiveChange {
  return { kind: 'model', arm, horizon_minutes: horizonMinutes, from: 'trees@1.0.2', to };
}

describe('changeLines', () => {
  it('tells arms and horizons that changed alike in one line, the champion before models', () => {
    const lines = changeLines([
      model('trees+vader', 60),
      model('trees+none', 60),
      model('trees+none', 1_440),
      model('trees+vader', 1_440),
      { kind: 'champion', horizon_minutes: 60, from: 'logistic+vader', to: 'trees+vader' },
    ]);
    expect(lines).toEqual([
      { what: 'Champion at 60 min', from: 'logistic+vader', to: 'trees+vader' },
      { what: 'trees+none, trees+vader at 60 min and 24 h', from: 'trees@1.0.2', to: 'trees@1.0.3' },
    ]);
  });

  it('claims no change at a horizon where an arm stayed as it was', () => {
    const lines = changeLines([
      model('trees+vader', 60),
      model('trees+none', 60),
      model('trees+vader', 1_440),
    ]);
    expect(lines.map(({ what }) => what)).toEqual([
      'trees+none, trees+vader at 60 min',
      'trees+vader at 24 h',
    ]);
  });

  it('keeps different versions apart, and nothing stays nothing', () => {
    expect(changeLines([model('trees+vader', 60), model('trees+none', 60, null)])).toHaveLength(2);
    expect(changeLines([])).toEqual([]);
  });
});
