import type { EpochMs } from '../core/index.ts';

/** What is new about a bar: nothing was there, the same record was, or another version of it was. */
export type BarNews = 'first' | 'same' | 'other';

/** A run of bars that are not there. */
export interface Gap {
  /** First missing bar, the moment under which it would have been placed. */
  from: EpochMs;
  /** Last missing bar. */
  to: EpochMs;
  bars: number;
}

/** Remembers which bars of one series have come, and in which first version. */
export interface BarLedger {
  /** Notes a bar and says whether it was there already. */
  place(moment: EpochMs, id: string): BarNews;
  /** True when a later bar has been placed before this one. */
  isLate(moment: EpochMs): boolean;
  /** Missing bars between the first and the last, in time order. */
  gaps(): Gap[];
}

/** Bars per block. A year of minutes is 129 blocks of 32 KB; a map entry per bar would take ten times as much. */
const BLOCK = 4_096;

/** 48 bits of an id: exact in a double, and enough to tell two versions of one and the same bar apart. */
const FINGERPRINT_DIGITS = 12;

/**
 * @param stepMs - length of a bar; moments are multiples of it
 */
export function createBarLedger(stepMs: number): BarLedger {
  const blocks = new Map<number, Float64Array>();
  let latest = -Infinity;

  function place(moment: EpochMs, id: string): BarNews {
    latest = Math.max(latest, moment);
    const bar = moment / stepMs;
    const block = blockOf(blocks, Math.floor(bar / BLOCK));
    // One is added because zero marks a bar that has not come.
    const fingerprint = Number.parseInt(id.slice(0, FINGERPRINT_DIGITS), 16) + 1;
    const known = block[bar % BLOCK] ?? 0;
    if (known === fingerprint) return 'same';
    if (known !== 0) return 'other';
    block[bar % BLOCK] = fingerprint;
    return 'first';
  }

  return {
    place,
    isLate: (moment) => moment < latest,
    gaps: () =>
      findGaps(blocks).map(({ from, to, bars }) => ({ from: from * stepMs, to: to * stepMs, bars })),
  };
}

function blockOf(blocks: Map<number, Float64Array>, number: number): Float64Array {
  const known = blocks.get(number);
  if (known !== undefined) return known;
  const fresh = new Float64Array(BLOCK);
  blocks.set(number, fresh);
  return fresh;
}

function findGaps(blocks: ReadonlyMap<number, Float64Array>): Gap[] {
  const gaps: Gap[] = [];
  let previous = NaN;
  for (const [number, block] of [...blocks].sort(([left], [right]) => left - right)) {
    for (let slot = 0; slot < BLOCK; slot += 1) {
      if (block[slot] === 0) continue;
      const bar = number * BLOCK + slot;
      if (bar > previous + 1) gaps.push({ from: previous + 1, to: bar - 1, bars: bar - previous - 1 });
      previous = bar;
    }
  }
  return gaps;
}
