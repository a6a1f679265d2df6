/**
 * What a word of market language does: which way something went, and whether that something is good to have more of.
 * Written for this project from the vocabulary of market news; a stem stands for itself with any of `SUFFIXES`.
 */
export const RISES = 1;
export const FALLS = 2;
export const WELCOME = 4;
export const UNWELCOME = 8;
export const NEGATES = 16;

const LISTS: readonly (readonly [kind: number, words: string, stems: string])[] = [
  [
    RISES,
    `rose risen gain gains gained gaining grow grows grew growing growth grown up higher upside strong stronger strongest
     robust record high highs best win wins won winning positive upbeat bull bulls bullish buy buys bought buying
     momentum breakout breakthrough solid healthy attractive undervalued overweight reward rewards pop pops popped
     beat beats beating top tops topped hike hikes hiked`,
    `ris climb jump soar surg rall rally ralli rebound recover advanc increas improv boost lift rais expand expans
     strengthen accelerat doubl tripl spik skyrocket rocket exceed outperform upgrad award approv success profit optim
     outpac surpass resilien`,
  ],
  [
    FALLS,
    `fall falls fell falling fallen slip slips slipped slipping slid slide slides sliding sink sinks sank sinking shrink
     shrinks shrank shrunk shrinking contract contracts contracted contraction weak weaker weakness low lower lowers
     lowered lowest lows down downside downbeat cut cuts cutting lose loses loss losses lost losing miss misses missed
     missing bear bears bearish worst worse negative fire fires fired debt debts fine fines fined crisis virus outbreak
     sue sues sued sell sells sold selling selloff short underweight hit hits drag drags hurt hurts dip dips dipped trim
     trims trimmed tank tanks tanked overvalued shut shuts unprofitable slow slows slowed slowing slower slowdown`,
    `drop declin tumbl plung plummet crash collaps decreas weaken downgrad slash reduc worsen warn slump stall halt
     suspend delay cancel layoff bankrupt bankruptc default fraud prob investigat lawsuit penalt penalti recall threat
     threaten fear worr worri concern risk tariff strik protest dump underperform pessim disappoint fail reject
     pressur retreat pullback struggl troubl clos clo narrow eas par`,
  ],
  [
    WELCOME,
    `sales sale revenue revenues earnings income ebit ebitda turnover cash eps rating guidance outlook backlog gdp economy
     jobs dow nasdaq confidence sentiment value`,
    `profit margin shar stock pric demand order volum dividend forecast target market index futur output production traffic
     subscriber user customer deliver deliveri`,
  ],
  [
    UNWELCOME,
    `loss losses debt debts unemployment jobless inflation short shorts death deaths volatility delinquencies
     delinquency uncertainty uncertainties fears inventories inventory`,
    `cost expens claim deficit default tariff cas infect risk layoff charg impairment spread tax`,
  ],
  [
    NEGATES,
    `not no never without isn't aren't wasn't don't doesn't didn't won't can't couldn't cannot cant dont didnt doesnt isnt
     wont nor neither hardly`,
    '',
  ],
];
const SUFFIXES = [
  '', 's', 'e', 'es', 'ed', 'ing', 'ings', 'er', 'ers', 'ion', 'ions', 'ment', 'ments', 'ism', 'istic', 'ful', 'able',
  'ability', 'y', 'al', 'als', 'd', 'ent', 'ive', 'ped', 'ping', 'led', 'ling', 'ic',
]; // prettier-ignore

/** Every form of every word with what it does. */
export function listMarketWords(): Map<string, number> {
  const kinds = new Map<string, number>();
  const add = (word: string, kind: number) => kinds.set(word, (kinds.get(word) ?? 0) | kind);
  for (const [kind, words, stems] of LISTS) {
    for (const word of split(words)) add(word, kind);
    for (const stem of split(stems)) for (const suffix of SUFFIXES) add(stem + suffix, kind);
  }
  return kinds;
}

function split(list: string): string[] {
  return list.split(/\s+/).filter((word) => word !== '');
}
