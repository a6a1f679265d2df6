import { describe, expect, it } from 'vitest';
import { AppError, isAppError, messageOf } from './errors.ts';

const facts = { code: 'CORE_EXAMPLE', message: 'It broke; mend it.', status: 503, retryable: true };

describe('an error of the catalogue', () => {
  it('carries what machines and people need', () => {
    const cause = new Error('deep down');
    const error = new AppError({ ...facts, details: { path: '/x' } }, { cause });
    expect(error).toMatchObject({ ...facts, name: 'AppError', details: { path: '/x' }, cause });
    expect(error.stack).toContain('It broke; mend it.');
  });

  it('has no details unless they are given', () => {
    expect(new AppError(facts).details).toEqual({});
  });

  it('is told from every other thing that can be thrown', () => {
    expect(isAppError(new AppError(facts))).toBe(true);
    for (const other of [new Error('x'), { ...facts }, 'x', undefined, null])
      expect(isAppError(other)).toBe(false);
  });
});

describe('the message of what was thrown', () => {
  it.each([
    [new RangeError('too far'), 'too far'],
    ['a string', 'a string'],
    [undefined, 'no reason given'],
    [null, 'null'],
    [42, '42'],
  ])('of %s is "%s"', (thrown, message) => {
    expect(messageOf(thrown)).toBe(message);
  });
});
