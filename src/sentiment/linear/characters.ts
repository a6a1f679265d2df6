/** What a character is to the word reader. */
export const BREAK = 1;
export const LETTER = 2;
export const DIGIT = 3;
/** A word by itself: it says something alone, such as % or a heart. */
export const MARK = 4;
/** Read over as if it were not there: accents on their own, joiners, zero-width characters. */
export const NOTHING = 5;
export const HIGH_SURROGATE = 6;

const ASCII_END = 0x80;
const ASCII_MARKS = '%$!?+-';

/** Kind and lower case of the UTF-16 code units, found out as they turn up; a kind of 0 was not asked for yet. */
const kinds = new Uint8Array(0x10000);
const lowered = new Uint16Array(0x10000);

/** @param code - a UTF-16 code unit, or NaN from beyond the end of a text */
export function kindOf(code: number): number {
  const kind = kinds[code] ?? BREAK;
  return kind === 0 ? learn(code) : kind;
}

/** Lower case of a character whose kind was asked for; characters whose lower case is two stay as they are. */
export function lowerOf(code: number): number {
  return lowered[code] ?? code;
}

function learn(code: number): number {
  const character = String.fromCharCode(code);
  const lower = character.toLowerCase();
  lowered[code] = lower.length === 1 ? lower.charCodeAt(0) : code;
  const kind = findKind(character, code);
  kinds[code] = kind;
  return kind;
}

function findKind(character: string, code: number): number {
  if (code >= 0xd800 && code <= 0xdbff) return HIGH_SURROGATE;
  if (/\p{L}/u.test(character)) return LETTER;
  if (/\p{Nd}/u.test(character)) return DIGIT;
  if (code < ASCII_END) return ASCII_MARKS.includes(character) ? MARK : BREAK;
  if (/[\p{Mn}\p{Me}\p{Cf}]/u.test(character)) return NOTHING;
  return /[\p{So}\p{Sc}\p{Sm}]/u.test(character) ? MARK : BREAK;
}
