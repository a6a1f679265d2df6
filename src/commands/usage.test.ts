import { InvalidArgumentError } from 'commander';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isoUtc, parseUtc } from '../core/index.ts';
import {
  barArgument,
  groupsArgument,
  integerArgument,
  labelArgument,
  listArgument,
  momentArgument,
  positiveArgument,
} from './usage.ts';

describe('a moment on the command line', () => {
  it('is a day or a time with its zone', () => {
    expect(momentArgument('2021-11-05')).toBe(parseUtc('2021-11-05T00:00:00Z'));
    expect(isoUtc(momentArgument('2021-11-05T06:00:00+01:00'))).toBe('2021-11-05T05:00:00Z');
  });

  it.each(['yesterday', '2021-02-30', '2021-11-05T06:00:00', ''])('is not "%s"', (text) => {
    expect(() => momentArgument(text)).toThrow(InvalidArgumentError);
  });
});

describe('a whole number on the command line', () => {
  it('is taken exactly when it lies within its bounds', () => {
    const parse = integerArgument(-5, 5);
    fc.assert(
      fc.property(fc.integer({ min: -20, max: 20 }), (number) => {
        if (Math.abs(number) <= 5) expect(parse(String(number))).toBe(number);
        else expect(() => parse(String(number))).toThrow('from -5 to 5');
      }),
      { numRuns: 100, seed: 1 },
    );
  });

  it.each(['1.5', 'many', '', ' ', 'NaN', 'Infinity'])('is not "%s"', (text) => {
    expect(() => integerArgument(-10, 10)(text)).toThrow(InvalidArgumentError);
  });
});

describe('a positive number on the command line', () => {
  it('may have a fraction', () => {
    expect(positiveArgument('0.25')).toBe(0.25);
  });

  it.each(['0', '-1', 'fast', 'Infinity', ''])('is not "%s"', (text) => {
    expect(() => positiveArgument(text)).toThrow(InvalidArgumentError);
  });
});

describe('a list on the command line', () => {
  it('is split at commas and trimmed', () => {
    expect(listArgument('vader, linear@1.0.0')).toEqual(['vader', 'linear@1.0.0']);
  });

  it.each(['', 'a,', ',a', 'a,,b'])('is not "%s"', (text) => {
    expect(() => listArgument(text)).toThrow(InvalidArgumentError);
  });
});

describe('a bar length on the command line', () => {
  it('is whole minutes that divide a day', () => {
    expect(barArgument('15')).toBe(15);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_440 }), (minutes) => {
        if (1_440 % minutes === 0) expect(barArgument(String(minutes))).toBe(minutes);
        else expect(() => barArgument(String(minutes))).toThrow(InvalidArgumentError);
      }),
    );
  });

  it.each(['7', '0', '1441', '1.5', 'hour', ''])('refuses %j', (text) => {
    expect(() => barArgument(text)).toThrow(InvalidArgumentError);
  });
});

describe('a label on the command line', () => {
  it('is a kind with its number', () => {
    expect(labelArgument('sign')).toEqual({ kind: 'sign' });
    expect(labelArgument('dead-zone:25')).toEqual({ kind: 'dead-zone', basisPoints: 25 });
    expect(labelArgument('triple-barrier:1.5')).toEqual({ kind: 'triple-barrier', multiple: 1.5 });
    expect(labelArgument('large-move:0.8')).toEqual({ kind: 'large-move', quantile: 0.8 });
  });

  it.each([
    ...['', 'sign:1', 'dead-zone', 'dead-zone:-1', 'dead-zone:', 'triple-barrier:0', 'triple-barrier:1:2'],
    ...['large-move:1', 'large-move:0', 'large-move:many', 'barrier:1'],
  ])('is not "%s"', (text) => {
    expect(() => labelArgument(text)).toThrow('dead-zone:BP');
  });
});

describe('groups on the command line', () => {
  it('are two whole numbers, the second below the first', () => {
    expect(groupsArgument('6,2')).toEqual({ groups: 6, testGroups: 2 });
  });

  it.each(['6', '6,6', '6,0', '1,1', '16,2', '6,2,1', '6,1.5', 'six,two', ''])('are not "%s"', (text) => {
    expect(() => groupsArgument(text)).toThrow('such as 6,2');
  });
});
