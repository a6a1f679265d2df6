import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createRandom, type Random } from '../core/index.ts';
import { decideGate, GATE_LEVEL, type GateQuestion } from './gate.ts';

const DOCS = resolve(import.meta.dirname, '../../docs');
const isFull = process.env.BELLWETHER_TEST_FULL === '1';

/** Eight weeks of hours. */
const EIGHT_WEEKS = 1_344;
const HOUR = 60;
const DAY = 1_440;
/** Standard deviation of what separates two fits of one recipe, in P(up). */
const REFRESH_DISTANCE = 0.01;
/** What a model errs by lasts: its correlation from hour to hour. */
const PERSISTENCE = 0.9;

const DIFFERENCES = [-0.02, -0.015, -0.01, -0.005, -0.002, 0, 0.002, 0.005, 0.01, 0.015, 0.02];
const TRIES = 1_000;
const SIZES = [
  { n: 336, horizonMinutes: HOUR },
  { n: 672, horizonMinutes: HOUR },
  { n: EIGHT_WEEKS, horizonMinutes: HOUR },
  { n: EIGHT_WEEKS, horizonMinutes: DAY },
] as const;
const KINDS = ['refresh', 'change'] as const;

interface PairOptions {
  n: number;
  horizonMinutes: number;
  /** By how much the candidate is truly better, nats a window. */
  gain: number;
}

type Pair = Pick<GateQuestion, 'candidate' | 'incumbent' | 'labels'>;

describe('the gate over eight weeks of hours, tried 200 times on simulated pairs', () => {
  const tried = new Map<string, Curve['rates'][number]>();
  const share = (kind: (typeof KINDS)[number], gain: number, horizonMinutes = HOUR): number => {
    const pair = { n: EIGHT_WEEKS, horizonMinutes, gain };
    const key = JSON.stringify(pair);
    const rates = tried.get(key) ?? tryGate(pair, { tries: 200, seed: 11 });
    tried.set(key, rates);
    return rates[kind];
  };

  it('promotes what is truly worse by 0.01 nats in at most 5 %, as a refresh and as a change', () => {
    expect(share('refresh', -0.01)).toBeLessThanOrEqual(0.05);
    expect(share('change', -0.01)).toBeLessThanOrEqual(0.05);
  });

  it('promotes a refresh that is as good in at least 80 %, and lets few changes of nothing through', () => {
    expect(share('refresh', 0)).toBeGreaterThanOrEqual(0.8);
    expect(share('change', 0)).toBeLessThanOrEqual(0.07);
  });

  it('promotes a change that is truly better by 0.01 nats in at least 75 %', () => {
    expect(share('change', 0.01)).toBeGreaterThanOrEqual(0.75);
  });

  it.runIf(isFull)('is as careful where labels of 24 h overlap, and sees much less', () => {
    expect(share('refresh', -0.01, DAY)).toBeLessThanOrEqual(0.05);
    expect(share('change', 0, DAY)).toBeLessThanOrEqual(0.09);
    expect(share('change', 0.01, DAY)).toBeLessThan(0.5);
  });
});

describe('the simulated pairs', () => {
  it('differ in their true log loss by what they say', () => {
    const random = createRandom(2);
    for (const gain of [-0.02, -0.01, 0, 0.01]) {
      let sum = 0;
      for (let done = 0; done < 100; done += 1) {
        const { candidate, incumbent } = simulatePair(random, { n: EIGHT_WEEKS, horizonMinutes: HOUR, gain });
        sum += meanLoss(incumbent) - meanLoss(candidate);
      }
      expect(Math.abs(sum / 100 - gain), `gain ${gain}`).toBeLessThan(0.0006);
    }
  });

  it('of one recipe differ by 0.01 in standard deviation', () => {
    const { candidate, incumbent } = simulatePair(createRandom(3), {
      n: 50_000,
      horizonMinutes: HOUR,
      gain: 0,
    });
    const squares = candidate.reduce((sum, up, row) => sum + (up - incumbent[row]!) ** 2, 0);
    expect(Math.sqrt(squares / 50_000)).toBeCloseTo(REFRESH_DISTANCE, 3);
  });
});

describe("the gate's power", () => {
  it.runIf(isFull)(
    'is what docs/results/gate.md and its picture show (again: BELLWETHER_TEST_FULL=1 vitest run --update src/retraining)',
    { timeout: 900_000 },
    async () => {
      const curves = SIZES.map((size, place) => ({
        size,
        rates: DIFFERENCES.map((gain, step) =>
          tryGate({ ...size, gain }, { tries: TRIES, seed: 1_000 * (place + 1) + step }),
        ),
      }));
      await expect(pictureOf(curves)).toMatchFileSnapshot(join(DOCS, 'images', 'gate-power.svg'));
      const page = readFileSync(join(DOCS, 'results', 'gate.md'), 'utf8');
      const lines = page.split('\n').map((line) => line.replaceAll(/ +/g, ' '));
      expect(lines.filter((line) => /^\| (refresh|change) /.test(line))).toEqual(tableOf(curves));
    },
  );
});

interface Curve {
  size: (typeof SIZES)[number];
  /** One a difference. */
  rates: Record<(typeof KINDS)[number], number>[];
}

/** Share of pairs that are promoted, by kind. A single challenger for champion is judged as a change is. */
function tryGate(
  pair: PairOptions,
  { tries, seed }: { tries: number; seed: number },
): Curve['rates'][number] {
  const random = createRandom(seed);
  let refreshes = 0;
  let changes = 0;
  for (let done = 0; done < tries; done += 1) {
    const question = {
      ...simulatePair(random, pair),
      barMinutes: 60,
      horizonMinutes: pair.horizonMinutes,
      agreement: 0,
      isExpired: false,
      level: GATE_LEVEL,
      seed: done,
    };
    if (decideGate({ ...question, kind: 'refresh' }).verdict === 'promoted') refreshes += 1;
    if (decideGate({ ...question, kind: 'change' }).verdict === 'promoted') changes += 1;
  }
  return { refresh: refreshes / tries, change: changes / tries };
}

/**
 * A market whose truth is a half in every window, and two models that err around it, each by its own lasting error.
 * Both err alike (together 0.01 of distance); the worse one errs by as much more as costs the difference in nats.
 */
function simulatePair(random: Random, { n, horizonMinutes, gain }: PairOptions): Pair {
  const common = REFRESH_DISTANCE ** 2 / 2;
  const candidateSpread = Math.sqrt(common + varianceCosting(Math.max(0, -gain)));
  const incumbentSpread = Math.sqrt(common + varianceCosting(Math.max(0, gain)));
  return {
    candidate: erringModel(random, n, candidateSpread),
    incumbent: erringModel(random, n, incumbentSpread),
    labels: coinLabels(random, n, horizonMinutes / 60),
  };
}

/** Variance v of an error in P(up) that costs so many nats: 2 v + 12 v^2, the mean of -ln(1 - 4 e^2) / 2 to that order. */
function varianceCosting(nats: number): number {
  return (-2 + Math.sqrt(4 + 48 * nats)) / 24;
}

function erringModel(random: Random, n: number, spread: number): Float64Array {
  let error = random.normal();
  return Float64Array.from({ length: n }, () => {
    error = PERSISTENCE * error + Math.sqrt(1 - PERSISTENCE ** 2) * random.normal();
    return 0.5 + spread * error;
  });
}

/** Signs of the sum of the next `reach` independent returns: with a reach of 24 neighbours share 23 of them. */
function coinLabels(random: Random, n: number, reach: number): Uint8Array {
  const returns = Float64Array.from({ length: n + reach }, () => random.normal());
  let ahead = returns.subarray(0, reach).reduce((sum, value) => sum + value, 0);
  return Uint8Array.from({ length: n }, (_, row) => {
    const label = ahead > 0 ? 1 : 0;
    ahead += returns[row + reach]! - returns[row]!;
    return label;
  });
}

/** Expected log loss where the truth is a half. */
function meanLoss(probabilities: Float64Array): number {
  return probabilities.reduce((sum, up) => sum - Math.log(up * (1 - up)) / 2, 0) / probabilities.length;
}

/** Wilson's 95 % interval of a share of `TRIES`. */
function wilson(share: number): [number, number] {
  const z2 = 1.959963984540054 ** 2;
  const centre = (share + z2 / 2 / TRIES) / (1 + z2 / TRIES);
  const half = (Math.sqrt(z2 / TRIES) * Math.sqrt(share * (1 - share) + z2 / 4 / TRIES)) / (1 + z2 / TRIES);
  return [centre - half, centre + half];
}

function nameOf({ n, horizonMinutes }: Curve['size']): string {
  return `${n.toLocaleString('en-US')} windows${horizonMinutes === DAY ? ', a day ahead' : ''}`;
}

/** Lines of the page's tables, single spaces: kind, difference, then a share with its interval per size. */
function tableOf(curves: readonly Curve[]): string[] {
  return KINDS.flatMap((kind) =>
    DIFFERENCES.map((gain, step) => {
      const cells = curves.map(({ rates }) => {
        const [low, high] = wilson(rates[step]![kind]).map((bound) => (100 * bound).toFixed(1));
        return `${(100 * rates[step]![kind]).toFixed(1)} (${low} to ${high})`;
      });
      return `| ${kind} | ${gain > 0 ? '+' : ''}${gain} | ${cells.join(' | ')} |`;
    }),
  );
}

const PANEL = { width: 340, height: 260, left: 56, top: 44, gap: 60 };
const STROKES = ['#9db4d0', '#5b86b8', '#1f4e85', '#c06a1c'];

/** Two panels, refresh and change: share promoted over the true difference, a line a size, bars for the intervals. */
function pictureOf(curves: readonly Curve[]): string {
  const width = PANEL.left + 2 * PANEL.width + PANEL.gap + 20;
  const height = PANEL.top + PANEL.height + 86;
  const panels = KINDS.map((kind, place) =>
    panelOf(kind, curves, PANEL.left + place * (PANEL.width + PANEL.gap)),
  );
  const legend = curves.map(({ size }, place) => {
    const x = PANEL.left + place * 185;
    const y = height - 18;
    return `<path d="M${x} ${y - 4}h24" stroke="${STROKES[place]}" stroke-width="2.5"${dashOf(size)}/><text x="${x + 30}" y="${y}">${nameOf(size)}</text>`;
  });
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="12" fill="#222">`,
    '<title>How often the gate promotes, over the true difference in log loss</title>',
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    ...panels,
    ...legend,
    '</svg>',
  ].join('\n')}\n`;
}

function panelOf(kind: (typeof KINDS)[number], curves: readonly Curve[], left: number): string {
  const x = (gain: number) => round(left + ((gain + 0.02) / 0.04) * PANEL.width);
  const y = (share: number) => round(PANEL.top + (1 - share) * PANEL.height);
  const grid = [0, 0.25, 0.5, 0.75, 1].map(
    (share) =>
      `<path d="M${left} ${y(share)}h${PANEL.width}" stroke="#ddd"/><text x="${left - 8}" y="${y(share) + 4}" text-anchor="end">${100 * share} %</text>`,
  );
  const ticks = [-0.02, -0.01, 0, 0.01, 0.02].map(
    (gain) =>
      `<path d="M${x(gain)} ${y(0)}v5" stroke="#888"/><text x="${x(gain)}" y="${y(0) + 18}" text-anchor="middle">${gain > 0 ? '+' : ''}${gain}</text>`,
  );
  const threshold = kind === 'refresh' ? -0.002 : 0;
  const lines = curves.map(({ size, rates }, place) => {
    const points = DIFFERENCES.map((gain, step) => `${x(gain)},${y(rates[step]![kind])}`).join(' ');
    const bars = DIFFERENCES.map((gain, step) => {
      const [low, high] = wilson(rates[step]![kind]);
      return `M${x(gain)} ${y(low)}V${y(high)}`;
    }).join('');
    return `<polyline points="${points}" fill="none" stroke="${STROKES[place]}" stroke-width="2.5"${dashOf(size)}/><path d="${bars}" stroke="${STROKES[place]}"/>`;
  });
  return [
    `<text x="${left}" y="24" font-size="14" font-weight="600">A ${kind} is promoted (needs above ${threshold})</text>`,
    ...grid,
    ...ticks,
    `<path d="M${x(threshold)} ${y(1)}V${y(0)}" stroke="#888" stroke-dasharray="2 3"/>`,
    ...lines,
    `<text x="${left + PANEL.width / 2}" y="${y(0) + 36}" text-anchor="middle">true gain of the candidate, nats a window</text>`,
  ].join('\n');
}

function dashOf({ horizonMinutes }: Curve['size']): string {
  return horizonMinutes === DAY ? ' stroke-dasharray="6 4"' : '';
}

function round(value: number): number {
  return Math.round(10 * value) / 10;
}
