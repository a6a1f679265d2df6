import { setImmediate as yieldToOthers } from 'node:timers/promises';
import type { SparseRows } from '../../stats/index.ts';
import { BUCKETS, everyBucket, NgramReader } from './ngrams.ts';

/** Texts as counted buckets: text t holds places starts[t] .. starts[t + 1], those of words up to wordEnds[t]. */
export interface Corpus {
  starts: Uint32Array;
  wordEnds: Uint32Array;
  buckets: Uint32Array;
  counts: Uint8Array;
}

/** What the buckets are worth. */
export interface BucketScales {
  /** 0: it says nothing and is left out. Shape (BUCKETS). */
  scales: Float32Array;
  /**
   * The bucket of each column: all that count, those of most texts first. What is used together then lies together in
   * memory, and few columns of many fill the cache.
   */
  bucketOfColumn: Uint32Array;
}

/** Texts that are read before others may work. */
const AT_ONCE = 512;
/** A bucket of fewer texts tells of those texts alone. */
const FEWEST_TEXTS = 2;
/** Added to every count of texts, as if each class had seen each bucket once more. */
const SMOOTHING = 1;
/** What a bucket is worth that all classes share alike. */
const LEAST_CONTRAST = 0.5;

/** Length of a text's character part beside that of its words, which is 1. */
export const CHARACTER_SHARE = 0.6;

/** 1 + ln(count): the tenth time says little more than the first. */
export const COUNT_FACTORS = Float64Array.from({ length: 256 }, (_, count) =>
  count === 0 ? 0 : 1 + Math.log(count),
);

/** Reads all texts once; every fit works on the result. */
export async function readCorpus(texts: readonly string[]): Promise<Corpus> {
  const reader = new NgramReader(everyBucket(), BUCKETS);
  const starts = new Uint32Array(texts.length + 1);
  const wordEnds = new Uint32Array(texts.length);
  let buckets = new Uint32Array(texts.length * 256);
  let counts = new Uint8Array(buckets.length);
  let filled = 0;
  for (const [row, text] of texts.entries()) {
    if (row % AT_ONCE === AT_ONCE - 1) await yieldToOthers();
    reader.read(text);
    const found = reader.columnCount;
    if (filled + found > buckets.length) {
      const room = 2 * (filled + found);
      [buckets, counts] = [grown(buckets, new Uint32Array(room)), grown(counts, new Uint8Array(room))];
    }
    for (let place = 0; place < found; place += 1) {
      const bucket = reader.columns[place] ?? 0;
      buckets[filled + place] = bucket;
      counts[filled + place] = reader.counts[bucket] ?? 0;
    }
    wordEnds[row] = filled + reader.wordColumnCount;
    filled += found;
    starts[row + 1] = filled;
  }
  return { starts, wordEnds, buckets: buckets.subarray(0, filled), counts: counts.subarray(0, filled) };
}

/**
 * Weighs every bucket by how rare it is and by how differently the classes use it:
 * (ln((1 + n) / (1 + texts)) + 1) * (0.5 + largest |log ratio| of its share in a class and outside of it).
 * @param rows - of the corpus, those to learn from alone
 * @param labels - 0 .. classes - 1 by row of the corpus
 * @see Wang, Manning (2012), Baselines and Bigrams, for the log ratio; Salton, Buckley (1988) for the rareness
 */
export function weighBuckets(
  corpus: Corpus,
  rows: Uint32Array,
  { labels, classes }: { labels: Uint8Array; classes: number },
): BucketScales {
  const texts = new Uint32Array(BUCKETS * classes);
  const totals = new Uint32Array(BUCKETS);
  const ofClass = new Float64Array(classes);
  for (const row of rows) {
    const label = labels[row] ?? 0;
    ofClass[label] = (ofClass[label] ?? 0) + 1;
    const to = corpus.starts[row + 1] ?? 0;
    for (let place = corpus.starts[row] ?? 0; place < to; place += 1) {
      const bucket = corpus.buckets[place] ?? 0;
      const cell = bucket * classes + label;
      totals[bucket] = (totals[bucket] ?? 0) + 1;
      texts[cell] = (texts[cell] ?? 0) + 1;
    }
  }
  const scales = new Float32Array(BUCKETS);
  const counting: number[] = [];
  for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
    const total = totals[bucket] ?? 0;
    if (total < FEWEST_TEXTS) continue;
    counting.push(bucket);
    const counts = texts.subarray(bucket * classes, (bucket + 1) * classes);
    const rareness = Math.log((1 + rows.length) / (1 + total)) + 1;
    scales[bucket] = rareness * (LEAST_CONTRAST + contrastOf(counts, { total, ofClass, rows: rows.length }));
  }
  counting.sort((left, right) => (totals[right] ?? 0) - (totals[left] ?? 0) || left - right);
  return { scales, bucketOfColumn: Uint32Array.from(counting) };
}

function contrastOf(
  counts: Uint32Array,
  { total, ofClass, rows }: { total: number; ofClass: Float64Array; rows: number },
): number {
  let most = 0;
  for (let k = 0; k < counts.length; k += 1) {
    const within = counts[k] ?? 0;
    const size = ofClass[k] ?? 0;
    const inside = (within + SMOOTHING) / (size + 2 * SMOOTHING);
    const outside = (total - within + SMOOTHING) / (rows - size + 2 * SMOOTHING);
    most = Math.max(most, Math.abs(Math.log(inside / outside)));
  }
  return most;
}

/** Rows of a corpus as a solver takes them: scaled, words of length 1 and characters of length 0.6, unused buckets gone. */
export function scaleRows(
  corpus: Corpus,
  rows: Uint32Array,
  { scales, bucketOfColumn }: BucketScales,
): SparseRows {
  const columnOfBucket = new Int32Array(BUCKETS).fill(-1);
  bucketOfColumn.forEach((bucket, column) => (columnOfBucket[bucket] = column));
  const most = rows.reduce((sum, row) => sum + (corpus.starts[row + 1] ?? 0) - (corpus.starts[row] ?? 0), 0);
  const starts = new Uint32Array(rows.length + 1);
  const columns = new Uint32Array(most);
  const values = new Float32Array(most);
  let filled = 0;
  function addPart(from: number, to: number, share: number): void {
    const first = filled;
    let squares = 0;
    for (let place = from; place < to; place += 1) {
      const bucket = corpus.buckets[place] ?? 0;
      const column = columnOfBucket[bucket] ?? -1;
      if (column < 0) continue;
      const value = (COUNT_FACTORS[corpus.counts[place] ?? 0] ?? 0) * (scales[bucket] ?? 0);
      squares += value * value;
      columns[filled] = column;
      values[filled++] = value;
    }
    const length = Math.sqrt(squares) / share;
    for (let place = first; place < filled; place += 1) values[place] = (values[place] ?? 0) / length;
  }
  rows.forEach((row, place) => {
    const middle = corpus.wordEnds[row] ?? 0;
    addPart(corpus.starts[row] ?? 0, middle, 1);
    addPart(middle, corpus.starts[row + 1] ?? 0, CHARACTER_SHARE);
    starts[place + 1] = filled;
  });
  return {
    starts,
    columns: columns.slice(0, filled),
    values: values.slice(0, filled),
    columnCount: bucketOfColumn.length,
  };
}

function grown<Kind extends Uint32Array | Uint8Array>(from: Kind, into: Kind): Kind {
  into.set(from);
  return into;
}
