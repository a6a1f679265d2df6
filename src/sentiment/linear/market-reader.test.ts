import { describe, expect, it } from 'vitest';
import { MarketReader } from './market-reader.ts';
import { WordReader } from './words.ts';

const words = new WordReader();
const market = new MarketReader();

/** "up", "down" with what moved: good, bad or nothing named. */
function movementsOf(text: string): string[] {
  words.read(text);
  market.read(words);
  return [...market.movements.subarray(0, market.count)].map(
    (movement) => `${movement >= 3 ? 'up' : 'down'} ${['something', 'good', 'bad'][movement % 3]}`,
  );
}

describe('MarketReader', () => {
  it('says what went which way', () => {
    expect(movementsOf('Sales rose')).toEqual(['up good']);
    expect(movementsOf('costs plunged')).toEqual(['down bad']);
    expect(movementsOf('It soared')).toEqual(['up something']);
    expect(movementsOf('The office moved')).toEqual([]);
  });

  it('turns around behind a negation, and back behind two', () => {
    expect(movementsOf("Sales didn't rise")).toEqual(['down good']);
    expect(movementsOf('sales never not rise')).toEqual(['up good']);
    expect(movementsOf('No, in the end the sales did rise')).toEqual(['up good']);
  });

  it('takes the nearest thing', () => {
    expect(movementsOf('inflation soared while sales at the old shops in town did not')).toEqual(['up bad']);
    expect(movementsOf('jumped a whole very long way off sales')).toEqual(['up something']);
  });

  it('adds up rises and falls, to three on either side', () => {
    for (const [text, net] of [
      ['rose and fell', 0],
      ['rose', 1],
      ['fell fell fell fell fell', -3],
      ['up up up up', 3],
    ] as const) {
      movementsOf(text);
      expect(market.net).toBe(net);
    }
  });

  it('names the words that it judges by', () => {
    movementsOf('The price fell');
    expect(market.words[0]).toBe(2);
  });
});
