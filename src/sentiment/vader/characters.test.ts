import { describe, expect, it } from 'vitest';
import { caseBits, CASELESS, LOWER, PUNCTUATION, SPACE, UPPER } from './characters.ts';

describe('caseBits', () => {
  it('knows the white space that Python splits at, and no other', () => {
    const spaces = Array.from({ length: 0x10000 }, (_, code) => code).filter(
      (code) => caseBits(String.fromCharCode(code)) === SPACE,
    );
    // Every code point c of CPython 3.11 with chr(c).isspace().
    const expected = [9, 10, 11, 12, 13, 28, 29, 30, 31, 32, 0x85, 0xa0, 0x1680];
    for (let code = 0x2000; code <= 0x200a; code += 1) expected.push(code);
    expect(spaces).toEqual([...expected, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000]);
  });

  it('takes only ASCII marks for punctuation', () => {
    expect(caseBits('~')).toBe(PUNCTUATION);
    expect(caseBits('’')).toBe(CASELESS);
  });

  it('counts title case as not upper, and styled capitals as upper', () => {
    expect(caseBits('ǅ')).toBe(LOWER);
    expect(caseBits('\u{1D400}')).toBe(UPPER);
    expect(caseBits('Ⅷ')).toBe(UPPER);
  });
});
