import { describe, expect, it } from 'vitest';
import { alignColumns } from './align-columns.ts';

describe('a table', () => {
  it('has its first column to the left and the others to the right', () => {
    const rows = [
      ['arm', 'n'],
      ['logistic', '1,000'],
      ['x', '9'],
    ];
    expect(alignColumns(rows)).toEqual(['arm           n', 'logistic  1,000', 'x             9']);
  });

  it('may be empty', () => {
    expect(alignColumns([])).toEqual([]);
  });
});
