import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { createTransformer } from '../src/sentiment/transformer/transformer.ts';
import { round } from './bench.ts';

const TINY = 'src/sentiment/transformer/fixtures/tiny-bert';
const CALLERS = 100;
const NS_PER_MS = 1e6;

/**
 * How long the event loop is held up while a hundred ask a small model at once, again and again.
 * @param options.folder - a copy of the model is put there
 * @param options.turns - questions of each; no two are the same
 */
export async function measureLoop({
  projectRoot,
  folder,
  turns,
}: {
  projectRoot: string;
  folder: string;
  turns: number;
}): Promise<{ p99Ms: number; failed: number; asked: number }> {
  const modelDir = join(folder, 'tiny');
  cpSync(join(projectRoot, TINY), modelDir, { recursive: true });
  const scorer = await createTransformer({ family: 'finbert', version: '1.0.0', modelDir });
  const delay = monitorEventLoopDelay({ resolution: 1 });
  let failed = 0;
  const ask = async (text: string) => {
    await scorer.score([text]).catch(() => {
      failed += 1;
    });
  };
  delay.enable();
  await Promise.all(
    Array.from({ length: CALLERS }, async (_, caller) => {
      for (let turn = 0; turn < turns; turn += 1)
        await ask(`caller ${caller} asks ${turn}: does bitcoin rally?`);
    }),
  );
  delay.disable();
  await scorer.close();
  return { p99Ms: round(delay.percentile(99) / NS_PER_MS, 2), failed, asked: CALLERS * turns };
}
