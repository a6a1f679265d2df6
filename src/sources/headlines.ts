import type { Random } from '../core/index.ts';

/** Which way a text leans: 1 good for the price, -1 bad, 0 neither. */
export type Lean = -1 | 0 | 1;

/** Where invented articles are said to come from; each name says what it is. */
export const SIMULATED_PUBLISHERS = [
  'Simulated Wire',
  'Simulated Ledger',
  'Simulated Markets Daily',
] as const;

/**
 * Sentence patterns by lean. Their charged words stand in VADER's lexicon with the right sign, the fillers below are
 * in none, so that the lean of a text can be read from it and from nothing else.
 */
const HEADLINES: Readonly<Record<Lean, readonly string[]>> = {
  1: [
    '{asset} gains {pct} as {firm} reports strong demand from {place}',
    '{firm} is optimistic on {asset} after a successful quarter',
    'Traders in {place} welcome {asset} approval',
    '{asset} climbs past {level} on growing confidence',
    '{firm} wins licence in {place}, a boost for {asset}',
    'Analysts at {firm} see a bright outlook for {asset}',
    '{asset} benefits as {place} supports clear rules',
    '{firm} is happy to add {asset}, {pct} of its reserves',
    'Good week for {asset}: volume in {place} up {pct}',
    '{asset} network sets an impressive record, says {firm}',
    'Good results at {firm} lift {asset} near {level}',
    'Banks in {place} trust {asset} enough to offer custody',
    '{asset} shows solid strength around {level}',
    '{firm} celebrates {asset} milestone with clients in {place}',
  ],
  0: [
    '{asset} trades near {level} in early {place} hours',
    '{firm} publishes its {asset} report for the quarter',
    'What {firm} says about {asset} at {level}',
    '{place} to discuss {asset} rules next month',
    '{asset} volume moves {pct} from a week ago',
    '{firm} moves {asset} between its wallets',
    'The week ahead: {asset}, rates and {place}',
    '{firm} names new head of {asset} desk in {place}',
    'How miners in {place} set their {asset} budgets',
    '{asset} holds around {level} before data from {place}',
  ],
  [-1]: [
    '{asset} loses {pct} as {firm} warns of weak demand from {place}',
    '{firm} is pessimistic on {asset} after a terrible quarter',
    'Traders in {place} fear an {asset} ban',
    '{asset} falls below {level} on growing panic',
    '{firm} faces fraud lawsuit in {place}, a blow for {asset}',
    'Analysts at {firm} see a terrible outlook for {asset}',
    '{asset} suffers as {place} threatens new limits',
    '{firm} is worried and sells {asset}, {pct} of its reserves',
    'Bad week for {asset}: volume in {place} down {pct}',
    '{asset} exchange hit by a serious attack, says {firm}',
    'Horrible results at {firm} drag {asset} to {level}',
    'Banks in {place} reject {asset} over crime concerns',
    '{asset} in trouble around {level}',
    '{firm} fails to pay {asset} clients in {place}',
  ],
};

const POSTS: Readonly<Record<Lean, readonly string[]>> = {
  1: [
    'Love how {asset} looks right now, {level} next',
    'So happy I kept my {asset}',
    '{asset} up {pct}, great day',
    'Feeling good about {asset} this week',
    'Best {asset} chart in a while, {level} is close',
    'Quite impressed by {asset} today',
  ],
  0: [
    'Anyone else watching {asset} at {level}?',
    'Moved some {asset} to another wallet',
    'Reading about {asset} in {place}',
    'What is your {asset} plan for this week',
    '{asset} moved {pct} since morning',
    'Which wallet for {asset} do you use',
  ],
  [-1]: [
    'Hate how {asset} looks right now, {level} next',
    'So sad I bought {asset} here',
    '{asset} down {pct}, awful day',
    'Feeling bad about {asset} this week',
    'Worst {asset} chart in a while, {level} is close',
    'Quite disappointed by {asset} today',
  ],
};

const FIRMS = [
  'Northgate Capital',
  'Halden Bank',
  'Orrin Funds',
  'Kestrel Group',
  'Lumen Row',
  'Tessel Partners',
  'Quayside Research',
  'Marlow Street',
] as const;
const PLACES = ['Lisbon', 'Seoul', 'Toronto', 'Nairobi', 'Oslo', 'Singapore', 'Lima', 'Zurich'] as const;

const WHOLE_NUMBER = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** Every pattern with its lean, for checks against a lexicon. */
export function textPatterns(): { lean: Lean; pattern: string }[] {
  const leans: readonly Lean[] = [1, 0, -1];
  return [HEADLINES, POSTS].flatMap((set) =>
    leans.flatMap((lean) => set[lean].map((pattern) => ({ lean, pattern }))),
  );
}

/** Writes a headline of a lean. */
export function writeHeadline(random: Random, lean: Lean, subject: { asset: string; price: number }): string {
  return fill(random, HEADLINES[lean], subject);
}

/** Writes a social post of a lean. */
export function writePost(random: Random, lean: Lean, subject: { asset: string; price: number }): string {
  return fill(random, POSTS[lean], subject);
}

/** How texts about an asset call it. */
export function spokenName(asset: string): string {
  const base = asset.split('-')[0] ?? asset;
  return base === 'BTC' ? 'Bitcoin' : base;
}

function fill(
  random: Random,
  patterns: readonly string[],
  subject: { asset: string; price: number },
): string {
  const pattern = choose(random, patterns);
  return pattern.replace(/\{(\w+)\}/g, (_, slot: string) => {
    if (slot === 'asset') return subject.asset;
    if (slot === 'firm') return choose(random, FIRMS);
    if (slot === 'place') return choose(random, PLACES);
    if (slot === 'pct') return `${((1 + random.integer(90)) / 10).toFixed(1)}%`;
    return roundLevel(subject.price);
  });
}

/** The price to two significant digits, as people speak of it: 43,000. It says nothing about the next bar. */
function roundLevel(price: number): string {
  const step = 10 ** Math.max(0, Math.floor(Math.log10(price)) - 1);
  return WHOLE_NUMBER.format(Math.round(price / step) * step);
}

function choose<Item>(random: Random, items: readonly Item[]): Item {
  return items[random.integer(items.length)] as Item;
}
