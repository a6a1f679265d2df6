const BYTES = 4;

/** Keys with the rows they belong to; the first `count` are in use. */
export interface KeyedRows {
  readonly keys: Uint32Array;
  readonly rows: Uint32Array;
}

/**
 * A number that orders float32 values as unsigned integers: the sign bit is turned over, and for negative values all
 * the others too, since there a larger pattern means a smaller value.
 * @param bits - the pattern of a float32, read as an unsigned or signed 32-bit integer; not that of a NaN
 */
export function orderedKey(bits: number): number {
  return (bits ^ ((bits >> 31) | 0x80000000)) >>> 0;
}

/**
 * Sorts the first `count` keys in place, rows along with them; equal keys keep their order. Byte by byte from the lowest
 * (radix sort): several times faster than a comparison sort, and it carries the rows.
 */
export function sortKeyed(keyed: KeyedRows, count: number): void {
  let from = keyed;
  let to: KeyedRows = { keys: new Uint32Array(count), rows: new Uint32Array(count) };
  for (let byte = 0; byte < BYTES; byte += 1) {
    scatter({ from, to, count, shift: 8 * byte });
    [from, to] = [to, from];
  }
}

function scatter({
  from,
  to,
  count,
  shift,
}: {
  from: KeyedRows;
  to: KeyedRows;
  count: number;
  shift: number;
}) {
  const ends = new Uint32Array(257);
  for (let place = 0; place < count; place += 1) {
    const digit = (((from.keys[place] as number) >>> shift) & 255) + 1;
    ends[digit] = (ends[digit] as number) + 1;
  }
  for (let digit = 1; digit < ends.length; digit += 1) {
    ends[digit] = (ends[digit] as number) + (ends[digit - 1] as number);
  }
  for (let place = 0; place < count; place += 1) {
    const key = from.keys[place] as number;
    const digit = (key >>> shift) & 255;
    const target = ends[digit] as number;
    ends[digit] = target + 1;
    to.keys[target] = key;
    to.rows[target] = from.rows[place] as number;
  }
}
