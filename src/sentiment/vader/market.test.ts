import { describe, expect, it } from 'vitest';
import { MARKET_WORDS, namesTicker } from './market.ts';

describe('namesTicker', () => {
  it.each(['$BTC up', 'long ($eth)', 'sold my $TSLA!', '$5 for $X'])('finds one in %j', (text) => {
    expect(namesTicker(text)).toBe(true);
  });

  it.each(['', '$', '$100 off', 'US$ and A$AP', '$$$ money', 'a$b', '5$x'])('finds none in %j', (text) => {
    expect(namesTicker(text)).toBe(false);
  });
});

describe('MARKET_WORDS', () => {
  it('holds plurals and genitives with either apostrophe', () => {
    for (const word of ['bitcoin', 'investors', "binance's", 'ethereum’s'])
      expect(MARKET_WORDS.has(word)).toBe(true);
  });

  it('has no word in capitals, because texts are compared in lower case', () => {
    for (const word of MARKET_WORDS) expect(word).toBe(word.toLowerCase());
  });
});
