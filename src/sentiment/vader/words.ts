import { caseBits, PUNCTUATION, SPACE } from './characters.ts';

/** A word of a text as the tokenizer counts them, spelled out. */
export interface Word {
  /** Without the punctuation around it, in lower case, emoji written out. */
  word: string;
  /** Where it stands in the given text, in UTF-16 code units. */
  from: number;
  to: number;
}

/** What is left of a word must be longer than this, or its punctuation stays: it is probably an emoticon. */
const EMOTICON_LENGTH = 2;

/**
 * Cuts a text at the same places as the tokenizer, which keeps numbers instead of words because it has to be quick:
 * the word at place p here is the one that has number `ids[p]` there.
 * @param emoji - description by code point
 */
export function splitWords(text: string, emoji: ReadonlyMap<number, string>): Word[] {
  const { described, origins } = writeOut(text, emoji);
  const words: Word[] = [];
  let start = 0;
  for (let at = 0; at <= described.length; at += 1) {
    if (at < described.length && caseBits(described[at] ?? '') !== SPACE) continue;
    if (at > start) words.push(bareWord(described, start, at));
    start = at + 1;
  }
  return words.map(({ word, from, to }) => ({
    word,
    from: origins[from] ?? text.length,
    // The end of a described emoji is the end of the emoji: one behind the last unit that any of its letters stems from.
    to: endOf(text, origins[to - 1] ?? text.length),
  }));
}

/** A text with its emoji in words (see emoji.ts), and for each of its units the place that it stems from. */
function writeOut(
  text: string,
  emoji: ReadonlyMap<number, string>,
): { described: string; origins: number[] } {
  let described = '';
  const origins: number[] = [];
  let isAfterBlank = true;
  let at = 0;
  for (const character of text) {
    const description = emoji.get(character.codePointAt(0) ?? 0);
    const written = description === undefined ? character : isAfterBlank ? description : ` ${description}`;
    for (let unit = 0; unit < written.length; unit += 1)
      origins.push(description === undefined ? at + unit : at);
    described += written;
    isAfterBlank = description === undefined && character === ' ';
    at += character.length;
  }
  return { described, origins };
}

function bareWord(text: string, start: number, end: number): Word {
  let from = start;
  let to = end;
  while (from < to && caseBits(text[from] ?? '') === PUNCTUATION) from += 1;
  while (to > from && caseBits(text[to - 1] ?? '') === PUNCTUATION) to -= 1;
  const bare = text.slice(from, to);
  // Code points, as the reference counts.
  if (Array.from(bare).length > EMOTICON_LENGTH) return { word: bare.toLowerCase(), from, to };
  return { word: text.slice(start, end).toLowerCase(), from: start, to: end };
}

/** One behind the character that begins at, or has its second half at, a place. */
function endOf(text: string, at: number): number {
  const isPair = (text.codePointAt(at) ?? 0) > 0xffff;
  return at + (isPair ? 2 : 1);
}
