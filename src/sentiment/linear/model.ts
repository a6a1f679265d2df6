import { SENTIMENTS, type Explanation, type Score } from '../scorer.ts';
import { CHARACTER_SHARE, COUNT_FACTORS } from './corpus.ts';
import { ENTRY, explainText, type ColumnTable } from './explain.ts';
import { BUCKETS, NgramReader, WORD_BUCKETS } from './ngrams.ts';

/** What a training found. */
export interface LinearWeights {
  /** Buckets that count, each once, shape (n). */
  buckets: Uint32Array;
  /** What each is worth before the text is brought to length 1, shape (n). */
  scales: Float64Array;
  /** Log-odds by bucket and sentiment (n * 3), in the order of `SENTIMENTS`; 0 for a sentiment never seen. */
  weights: Float64Array;
  /** Shape (3); -Infinity for a sentiment that the training never saw. */
  intercepts: Float64Array;
  /** Log-odds are divided by it. */
  temperature: number;
}

/** Weights made ready for scoring. */
export interface LinearModel {
  score(text: string): Score;
  explain(text: string): Explanation;
}

export function createLinearModel(weights: LinearWeights): LinearModel {
  const columnOfBucket = new Int32Array(BUCKETS).fill(-1);
  weights.buckets.forEach((bucket, column) => (columnOfBucket[bucket] = column));
  const table = tableOf(weights);
  const intercepts = weights.intercepts.map((one) => one / weights.temperature);
  const reader = new NgramReader(columnOfBucket, weights.buckets.length);
  const odds = new Float64Array(SENTIMENTS.length);
  const score = (text: string) => {
    reader.read(text);
    odds.set(intercepts);
    addBlock({ reader, table, odds }, 0, reader.wordColumnCount);
    addBlock({ reader, table, odds }, reader.wordColumnCount, reader.columnCount);
    return scoreOf(odds);
  };
  return {
    score,
    // What the reader found for the score is what is explained.
    explain: (text) => explainText(text, { score: score(text), reader, table }),
  };
}

function tableOf({ buckets, scales, weights, temperature }: LinearWeights): ColumnTable {
  const table = new Float32Array(buckets.length * ENTRY);
  scales.forEach((scale, column) => {
    table[column * ENTRY] = scale * scale;
    const share = (buckets[column] ?? 0) < WORD_BUCKETS ? 1 : CHARACTER_SHARE;
    for (let k = 0; k < SENTIMENTS.length; k += 1) {
      table[column * ENTRY + 1 + k] =
        (share * scale * (weights[column * SENTIMENTS.length + k] ?? 0)) / temperature;
    }
  });
  return table;
}

/** Adds what a range of the columns says, brought to length 1. */
function addBlock(
  { reader, table, odds }: { reader: NgramReader; table: ColumnTable; odds: Float64Array },
  from: number,
  to: number,
): void {
  const { columns, counts } = reader;
  let squares = 0;
  let a = 0;
  let b = 0;
  let c = 0;
  for (let place = from; place < to; place += 1) {
    const column = columns[place] ?? 0;
    const entry = column * ENTRY;
    const factor = COUNT_FACTORS[counts[column] ?? 0] ?? 0;
    squares += factor * factor * (table[entry] ?? 0);
    a += factor * (table[entry + 1] ?? 0);
    b += factor * (table[entry + 2] ?? 0);
    c += factor * (table[entry + 3] ?? 0);
  }
  if (squares === 0) return;
  const length = Math.sqrt(squares);
  odds[0] = (odds[0] ?? 0) + a / length;
  odds[1] = (odds[1] ?? 0) + b / length;
  odds[2] = (odds[2] ?? 0) + c / length;
}

/** The softmax of three log-odds; -Infinity is a sentiment that cannot be. */
function scoreOf(odds: Float64Array): Score {
  const [down = 0, flat = 0, up = 0] = odds;
  const most = Math.max(down, flat, up);
  const shares = [Math.exp(down - most), Math.exp(flat - most), Math.exp(up - most)] as const;
  const total = shares[0] + shares[1] + shares[2];
  const probabilities = {
    negative: shares[0] / total,
    neutral: shares[1] / total,
    positive: shares[2] / total,
  };
  return {
    sentiment: probabilities.positive - probabilities.negative,
    confidence: 1 / total,
    label: flat === most ? 'neutral' : up === most ? 'positive' : 'negative',
    probabilities,
  };
}
