import { createHash } from 'node:crypto';
import { expect } from 'vitest';
import type { EpochMs } from '../core/index.ts';

/** Something that was decided: a feature row, a prediction. */
export interface Decision {
  /** What it is about, so that a failure names it; unique among the decisions. */
  name: string;
  /** Nothing that became known later may have entered. */
  asOf: EpochMs;
  /** Its content, equal only when it is equal bit for bit; see `bitsOf`. */
  content: string;
}

/**
 * Known time, tested by deleting the future: for each of the given moments everything with `knownAt` after it is
 * deleted, all is produced anew, and every decision up to that moment must be what it was with the future there.
 * @param options.inputs - in the order of folding
 * @param options.moments - where to cut; choose moments that have both decisions before and inputs after them
 * @param options.produce - from inputs to all decisions; it sees nothing but these inputs
 * @throws AssertionError naming the first decision that the future has changed
 */
export async function assertKnownTime<Input extends { knownAt: EpochMs }>(options: {
  inputs: readonly Input[];
  moments: readonly EpochMs[];
  produce: (inputs: readonly Input[]) => readonly Decision[] | Promise<readonly Decision[]>;
}): Promise<void> {
  const { inputs, moments, produce } = options;
  const whole = await produce(inputs);
  for (const moment of moments) {
    const past = inputs.filter(({ knownAt }) => knownAt <= moment);
    const wanted = whole.filter(({ asOf }) => asOf <= moment);
    if (past.length === inputs.length || wanted.length === 0) {
      throw new RangeError(`cutting at ${moment} tests nothing: no input after it, or no decision before it`);
    }
    const found = new Map((await produce(past)).map((decision) => [decision.name, decision.content]));
    for (const { name, content } of wanted) {
      expect(found.get(name), `${name} knew something of the time after ${moment}`).toBe(content);
    }
  }
}

/** A digest of every bit of some doubles: 0 differs from -0; all NaN are one, since JavaScript cannot tell them apart. */
export function bitsOf(values: Float64Array): string {
  const canonical = values.map((value) => (Number.isNaN(value) ? NaN : value));
  return createHash('sha256').update(new Uint8Array(canonical.buffer)).digest('hex');
}
