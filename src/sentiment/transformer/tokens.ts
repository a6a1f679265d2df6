import { Tokenizer } from '@huggingface/tokenizers';

/** Turns texts into token ids. */
export interface Tokens {
  /** Ids with the opening and the closing one, at most `maxTokens`; the same as the reference library's. */
  encode(text: string): number[];
}

export interface TokensOptions {
  /** The parsed `tokenizer.json`: WordPiece, or byte-level BPE. */
  tokenizer: object;
  /** The parsed `tokenizer_config.json`, or an empty object. */
  settings: object;
  /** The most ids of a text, opening and closing one included. */
  maxTokens: number;
  /** A first look at a text goes so far; another one only in tests. */
  windowCharacters?: number;
}

/** English has four characters a token; a look that was too short is followed by one of twice the length. */
const CHARACTERS_A_TOKEN = 16;
/** What stands right before a cut may be read otherwise than with what follows; so many ids are not relied upon. */
const UNSURE_TOKENS = 64;

/**
 * Reads texts as a model's own tokenizer does. What has no place in Unicode (half a surrogate pair) is read as U+FFFD,
 * since the reference cannot even be given it. A text that is longer than the model takes keeps its first ids and the
 * closing one. Of a very long text only as much is read as can matter.
 * @throws Error when `tokenizer.json` is none that the library understands
 */
export function createTokens({
  tokenizer,
  settings,
  maxTokens,
  windowCharacters = CHARACTERS_A_TOKEN * maxTokens,
}: TokensOptions): Tokens {
  const library = new Tokenizer(tokenizer, settings);
  const truncate = (ids: number[]) =>
    ids.length <= maxTokens ? ids : [...ids.slice(0, maxTokens - 1), ...ids.slice(-1)];
  return {
    encode(given) {
      const text = given.toWellFormed();
      for (let window = windowCharacters; window < text.length; window *= 2) {
        const { ids } = library.encode(text.slice(0, cutBefore(text, window)));
        if (ids.length >= maxTokens + UNSURE_TOKENS) return truncate(ids);
      }
      return truncate(library.encode(text).ids);
    },
  };
}

/** The last place in the second half of the window where a word has ended, else one between two characters. */
function cutBefore(text: string, window: number): number {
  for (let place = window; place > window / 2; place -= 1) {
    if (/\s/.test(text[place] ?? '') && /\S/.test(text[place - 1] ?? '')) return place;
  }
  const isWithinPair = (text.codePointAt(window - 1) ?? 0) > 0xffff;
  return isWithinPair ? window - 1 : window;
}
