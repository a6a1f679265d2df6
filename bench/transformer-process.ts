import { readFileSync } from 'node:fs';
import { createVader } from '../src/sentiment/index.ts';
import { linearFamily } from '../src/sentiment/linear/linear.ts';
import { createTransformer } from '../src/sentiment/transformer/transformer.ts';
import { memoryOf } from './stage.ts';

/**
 * A process that serves VADER, linear and a transformer: folder of the model, a file with texts, a folder with the files
 * of a linear version as arguments. Scores every text with each and prints its memory.
 */
const [modelDir = '', textsFile = '', linearFolder = ''] = process.argv.slice(2);
const PORTION = 256;

const texts = JSON.parse(readFileSync(textsFile, 'utf8')) as string[];
const locate = async (name: string) => `${linearFolder}/${name}`;
const files = {
  names: ['linear.json', 'weights.safetensors'],
  locate,
  read: async (name: string) => readFileSync(await locate(name)),
};
const scorers = [
  createVader(),
  await linearFamily.load(files, '1.0.0'),
  await createTransformer({ family: 'finbert', version: '1.0.0', modelDir, precision: 'fp32' }),
];
for (let from = 0; from < texts.length; from += PORTION) {
  const portion = texts.slice(from, from + PORTION);
  for (const scorer of scorers) await scorer.score(portion);
  if (from % (8 * PORTION) === 0) process.stderr.write(`${from + portion.length} of ${texts.length} texts\n`);
}
// Not `resourceUsage().maxRSS`: that begins with what the process held that started this one.
const memory = memoryOf(process.pid) ?? { rssMb: process.memoryUsage.rss() / 1_048_576, peakRssMb: null };
for (const scorer of scorers) await scorer.close?.();
process.stdout.write(JSON.stringify(memory));
