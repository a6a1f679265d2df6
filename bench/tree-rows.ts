import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createRandom } from '../src/core/index.ts';

/** As many columns as feature set v1 has. */
export const WIDTH = 15;
const MISSING_SHARE = 0.1;

/** Rows with labels, in memory and as files for a peer. */
export interface TreeRows {
  values: Float32Array;
  labels: Uint8Array;
  count: number;
  width: number;
  valuesFile: string;
  labelsFile: string;
}

/**
 * Made-up rows: bell-shaped columns, a tenth of the values missing, and labels whose odds follow some columns straight,
 * bent, in pairs, and by what is missing.
 * @param options.levels - values are cut to this many whole numbers, so that everybody's bins are the same; none: raw
 */
export async function makeTreeRows(
  folder: string,
  { count, seed, name, levels }: { count: number; seed: number; name: string; levels?: number },
): Promise<TreeRows> {
  const random = createRandom(seed).fork(`tree-rows-${levels ?? 'raw'}`);
  const values = new Float32Array(count * WIDTH);
  const labels = new Uint8Array(count);
  for (let row = 0; row < count; row += 1) {
    for (let column = 0; column < WIDTH; column += 1) {
      // The sum of four uniform numbers is close to a bell, and cheap.
      const bell = random.uniform() + random.uniform() + random.uniform() + random.uniform() - 2;
      const value = levels === undefined ? bell : Math.floor(((bell + 2) / 4) * levels);
      values[row * WIDTH + column] = random.uniform() < MISSING_SHARE ? NaN : value;
    }
    labels[row] = random.uniform() < chanceOf(values.subarray(row * WIDTH), levels) ? 1 : 0;
  }
  const valuesFile = join(folder, `${name}-values.f32`);
  const labelsFile = join(folder, `${name}-labels.u8`);
  await writeFile(valuesFile, values);
  await writeFile(labelsFile, labels);
  return { values, labels, count, width: WIDTH, valuesFile, labelsFile };
}

function chanceOf(row: Float32Array, levels: number | undefined): number {
  const at = (column: number) => {
    const value = row[column] ?? NaN;
    if (Number.isNaN(value)) return 0;
    return levels === undefined ? value : (value / levels) * 4 - 2;
  };
  const missing = Number.isNaN(row[4]) ? 0.5 : 0;
  const logOdds = 0.8 * at(0) + 1.2 * at(1) * at(2) + 0.6 * Math.sin(4 * at(3)) + missing;
  return 1 / (1 + Math.exp(-logOdds));
}
