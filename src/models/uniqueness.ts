/**
 * How much of each label is its own. At a moment that c labels span, each owns 1 / c of it; a label's uniqueness is the
 * mean of that over its span. Spans are half open, so labels that only touch do not share anything. The sum of
 * uniqueness times length is the time that at least one label spans.
 * @param starts - where each label begins, ascending, shape (n), any unit
 * @param ends - where each label ends, in any order, shape (n)
 * @returns 0..1, shape (n)
 * @throws RangeError when the lengths differ, the starts do not ascend, or a label does not end after its start
 * @see López de Prado (2018), Advances in Financial Machine Learning, chapter 4 (4.3 and 4.4, over bars; here over time)
 * @example averageUniqueness(Float64Array.of(0, 1, 4), Float64Array.of(2, 3, 5)) // 0.75, 0.75, 1
 */
export function averageUniqueness(starts: Float64Array, ends: Float64Array): Float64Array {
  requireSpans(starts, ends);
  const byEnd = Uint32Array.from(starts.keys()).sort((left, right) => (ends[left] ?? 0) - (ends[right] ?? 0));
  const ownedAtStart = new Float64Array(starts.length);
  const uniqueness = new Float64Array(starts.length);
  /** What a label that spans everything so far would own, up to `now`. */
  let owned = 0;
  let now = NaN;
  let concurrent = 0;
  const advance = (moment: number) => {
    if (concurrent > 0) owned += (moment - now) / concurrent;
    now = moment;
  };
  let begun = 0;
  for (const row of byEnd) {
    const end = ends[row] ?? NaN;
    for (; (starts[begun] ?? Infinity) < end; begun += 1) {
      advance(starts[begun] ?? NaN);
      ownedAtStart[begun] = owned;
      concurrent += 1;
    }
    advance(end);
    concurrent -= 1;
    uniqueness[row] = (owned - (ownedAtStart[row] ?? 0)) / (end - (starts[row] ?? 0));
  }
  return uniqueness;
}

function requireSpans(starts: Float64Array, ends: Float64Array): void {
  if (starts.length !== ends.length) {
    throw new RangeError(`${starts.length} labels begin, but ${ends.length} end`);
  }
  const late = starts.findIndex((start, row) => row > 0 && !(start >= (starts[row - 1] ?? NaN)));
  if (late >= 0)
    throw new RangeError(`labels are in the order of their starts: ${late} begins before the last`);
  const empty = starts.findIndex((start, row) => !((ends[row] ?? NaN) > start));
  if (empty >= 0) {
    throw new RangeError(
      `label ${empty} begins at ${starts[empty]} and does not end after that: ${ends[empty]}`,
    );
  }
}
