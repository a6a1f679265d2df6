/** Rows worked on at once: a block of 32 columns then fits the second-level cache. */
const BLOCK_ROWS = 128;
/** A pivot below this share of its diagonal is rounding: its column is made up of those before it. */
const RANK_TOLERANCE = 1e-11;

/** Lower Cholesky factor, row-major (size, size), with the reciprocals of its diagonal (0 = column left out). */
export interface Factor {
  size: number;
  lower: Float64Array;
  reciprocals: Float64Array;
}

/**
 * X'WX for columns X and row weights W: blocks of rows that stay in the cache, tiles of two by two columns whose sums
 * stay in registers.
 * @param columns - each of shape (n)
 * @param weights - not negative, shape (n)
 * @returns shape (columns, columns), row-major; only its upper triangle is meant to be read
 */
export function gram(columns: readonly Float64Array[], weights: Float64Array): Float64Array {
  const size = columns.length;
  const even = size + (size % 2);
  const sums = new Float64Array(even * even);
  // The block's columns one after the other, scaled by the roots of the weights; one column of zeros makes them even.
  const block = new Float64Array(even * BLOCK_ROWS);
  const roots = weights.map(Math.sqrt);
  for (let first = 0; first < weights.length; first += BLOCK_ROWS) {
    const rows = Math.min(BLOCK_ROWS, weights.length - first);
    const blockRoots = roots.subarray(first, first + rows);
    columns.forEach((column, place) => {
      scaleInto(block.subarray(place * BLOCK_ROWS), column.subarray(first, first + rows), blockRoots);
    });
    for (let left = 0; left < even; left += 2) {
      for (let right = left; right < even; right += 2) addTile(sums, block, { left, right, rows, even });
    }
  }
  return even === size ? sums : withoutPadding(sums, size, even);
}

function scaleInto(target: Float64Array, column: Float64Array, roots: Float64Array): void {
  for (let row = 0; row < column.length; row += 1) target[row] = (column[row] ?? 0) * (roots[row] ?? 0);
}

interface Tile {
  left: number;
  right: number;
  rows: number;
  even: number;
}

function addTile(sums: Float64Array, block: Float64Array, { left, right, rows, even }: Tile): void {
  let topLeft = 0;
  let topRight = 0;
  let bottomLeft = 0;
  let bottomRight = 0;
  const leftStart = left * BLOCK_ROWS;
  const rightStart = right * BLOCK_ROWS;
  for (let row = 0; row < rows; row += 1) {
    const a = block[leftStart + row] ?? 0;
    const b = block[leftStart + BLOCK_ROWS + row] ?? 0;
    const c = block[rightStart + row] ?? 0;
    const d = block[rightStart + BLOCK_ROWS + row] ?? 0;
    topLeft += a * c;
    topRight += a * d;
    bottomLeft += b * c;
    bottomRight += b * d;
  }
  const top = left * even + right;
  const bottom = top + even;
  sums[top] = (sums[top] ?? 0) + topLeft;
  sums[top + 1] = (sums[top + 1] ?? 0) + topRight;
  sums[bottom] = (sums[bottom] ?? 0) + bottomLeft;
  sums[bottom + 1] = (sums[bottom + 1] ?? 0) + bottomRight;
}

function withoutPadding(sums: Float64Array, size: number, even: number): Float64Array {
  const packed = new Float64Array(size * size);
  for (let row = 0; row < size; row += 1)
    packed.set(sums.subarray(row * even, row * even + size), row * size);
  return packed;
}

/**
 * Cholesky factor of a symmetric matrix without negative eigenvalues. Columns that those before them make up are left
 * out, so that a singular matrix has a factor too.
 * @param matrix - shape (size, size), row-major; only its upper triangle is read
 * @see Golub, Van Loan (2013), Matrix Computations, 4.2
 */
export function factorise(matrix: Float64Array, size: number): Factor {
  const lower = new Float64Array(size * size);
  const reciprocals = new Float64Array(size);
  for (let column = 0; column < size; column += 1) {
    const diagonal = matrix[column * size + column] ?? 0;
    const pivot = diagonal - rowProduct(lower, { size, first: column, second: column, length: column });
    if (!(pivot > RANK_TOLERANCE * diagonal)) continue;
    const reciprocal = 1 / Math.sqrt(pivot);
    reciprocals[column] = reciprocal;
    for (let row = column + 1; row < size; row += 1) {
      const rest =
        (matrix[column * size + row] ?? 0) -
        rowProduct(lower, { size, first: row, second: column, length: column });
      lower[row * size + column] = rest * reciprocal;
    }
  }
  return { size, lower, reciprocals };
}

/** Product of the beginnings of two rows of the factor. */
function rowProduct(
  lower: Float64Array,
  { size, first, second, length }: { size: number; first: number; second: number; length: number },
): number {
  let sum = 0;
  for (let place = 0; place < length; place += 1) {
    sum += (lower[first * size + place] ?? 0) * (lower[second * size + place] ?? 0);
  }
  return sum;
}

/**
 * Solves (L L') x = b.
 * @returns x, shape (size), 0 for the columns that the factor left out
 */
export function solve({ size, lower, reciprocals }: Factor, right: Float64Array): Float64Array {
  const solution = new Float64Array(size);
  for (let row = 0; row < size; row += 1) {
    let rest = right[row] ?? 0;
    for (let place = 0; place < row; place += 1) {
      rest -= (lower[row * size + place] ?? 0) * (solution[place] ?? 0);
    }
    solution[row] = rest * (reciprocals[row] ?? 0);
  }
  for (let row = size - 1; row >= 0; row -= 1) {
    let rest = solution[row] ?? 0;
    for (let below = row + 1; below < size; below += 1) {
      rest -= (lower[below * size + row] ?? 0) * (solution[below] ?? 0);
    }
    solution[row] = rest * (reciprocals[row] ?? 0);
  }
  return solution;
}
