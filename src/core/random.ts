/** Seeded dice: the same seed gives the same throws on every machine. */
export interface Random {
  /** Uniform in [0, 1), 32 bits of resolution. */
  uniform(): number;
  /** Standard normal (Box-Muller). */
  normal(): number;
  /** Uniform integer in 0..count-1. */
  integer(count: number): number;
  /** An independent generator for a named purpose; does not advance this one. */
  fork(label: string): Random;
}

/**
 * Seeded generator (sfc32, state filled from the seed by splitmix32).
 * @param seed - any finite integer
 * @throws RangeError when the seed is not an integer
 * @see Doty-Humphrey, PractRand (sfc32); Steele, Lea, Flood (2014), Fast splittable pseudorandom number generators
 */
export function createRandom(seed: number): Random {
  if (!Number.isInteger(seed)) throw new RangeError(`a seed is an integer, got ${seed}`);
  return generatorFrom(seed | 0);
}

function generatorFrom(seed: number): Random {
  const fill = splitmix32(seed);
  let a = fill();
  let b = fill();
  let c = fill();
  let counter = 1;
  let spare = NaN;

  function next(): number {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }
  // The first throws still resemble the seed; sfc32's author advises twelve rounds of mixing.
  for (let round = 0; round < 12; round += 1) next();

  const uniform = () => next() / 4_294_967_296;
  return {
    uniform,
    normal() {
      if (!Number.isNaN(spare)) {
        const kept = spare;
        spare = NaN;
        return kept;
      }
      const radius = Math.sqrt(-2 * Math.log(1 - uniform()));
      const angle = 2 * Math.PI * uniform();
      spare = radius * Math.sin(angle);
      return radius * Math.cos(angle);
    },
    integer: (count) => Math.floor(uniform() * count),
    fork: (label) => generatorFrom(hashLabel(seed, label)),
  };
}

function splitmix32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = state ^ (state >>> 16);
    mixed = Math.imul(mixed, 0x21f0aaad);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed, 0x735a2d97);
    return mixed ^ (mixed >>> 15);
  };
}

/** FNV-1a over the label, started from the seed. */
function hashLabel(seed: number, label: string): number {
  let hash = (0x811c9dc5 ^ seed) | 0;
  for (let place = 0; place < label.length; place += 1) {
    hash = Math.imul(hash ^ label.charCodeAt(place), 0x01000193);
  }
  return hash;
}
