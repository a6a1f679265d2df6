/**
 * Words that everyday texts hardly use and texts about markets hardly do without. Only where one of them, or a ticker
 * such as $BTC, stands, do learnt terms count in full: "high" and "drop" mean something else in a review of a film.
 */
const SINGULAR =
  'altcoin analyst bitcoin blockchain bull coin crypto cryptocurrency dividend etf exchange hodler investor miner nft ' +
  'shareholder stablecoin stock token trader wallet';
const OTHERS =
  'airdrop altseason ath bearish bears binance bnb bonds btc bullish buyback cardano coinbase cryptocurrencies dao defi ' +
  'dex doge dogecoin dow downgrade downgraded earnings eps equities equity eth ether ethereum fomo ftx fud futures halving ' +
  'hodl ipo kraken litecoin memecoin memecoins merger metaverse mining mooning nasdaq puts quarterly rally ' +
  'revenue revenues ripple rug s&p satoshi satoshis sec shares shib solana staking tether tradfi trading upgraded ' +
  'usdc usdt web3 whales xrp yoy';

const APOSTROPHES = ["'", '’'];
const DOLLAR = '$';
const DOLLAR_CODE = 36;

/** In lower case, with their plurals and genitives. */
export const MARKET_WORDS: ReadonlySet<string> = new Set(
  [...SINGULAR.split(' ').flatMap((word) => [word, `${word}s`]), ...OTHERS.split(' ')].flatMap((word) => [
    word,
    ...APOSTROPHES.map((apostrophe) => `${word}${apostrophe}s`),
  ]),
);

/** Called through a constant for speed: see tokens.ts. */
const { charCodeAt } = String.prototype;

/** Whether a text names a ticker: a dollar sign that opens a word, with a letter behind it. */
export function namesTicker(text: string): boolean {
  for (let at = text.indexOf(DOLLAR); at >= 0; at = text.indexOf(DOLLAR, at + 1)) {
    if (isLetter(text, at + 1) && !isWordCharacter(text, at - 1)) return true;
  }
  return false;
}

function isLetter(text: string, at: number): boolean {
  const code = at < text.length ? charCodeAt.call(text, at) | 32 : 0;
  return code >= 97 && code <= 122;
}

function isWordCharacter(text: string, at: number): boolean {
  if (at < 0) return false;
  const code = charCodeAt.call(text, at);
  return isLetter(text, at) || (code >= 48 && code <= 57) || code === DOLLAR_CODE;
}
