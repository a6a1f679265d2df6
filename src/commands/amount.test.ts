import { describe, expect, it } from 'vitest';
import { amount, percent } from './amount.ts';

it('one is one, everything else is many', () => {
  expect([0, 1, 2].map((count) => amount(count, 'window'))).toEqual(['0 windows', '1 window', '2 windows']);
});

describe('a share in percent', () => {
  it('has two digits, and a dash where it is not known', () => {
    expect([percent(0.53154), percent(1), percent(0), percent(null)]).toEqual([
      '53.15 %',
      '100.00 %',
      '0.00 %',
      '-',
    ]);
  });
});
