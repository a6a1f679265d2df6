import { expect, it } from 'vitest';
import { amount } from './amount.ts';

it('one is one, everything else is many', () => {
  expect([0, 1, 2].map((count) => amount(count, 'window'))).toEqual(['0 windows', '1 window', '2 windows']);
});
