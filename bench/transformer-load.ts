import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { createFakeScorers } from '../src/serving/fake-scorers.ts';
import { createFakeApp, createFakePorts } from '../src/serving/fake-ports.ts';
import { createVader } from '../src/sentiment/index.ts';
import { createTransformer } from '../src/sentiment/transformer/transformer.ts';
import { round } from './bench.ts';
import { COUNTER } from './load.ts';
import { startLoader } from './loader.ts';

const TINY = 'src/sentiment/transformer/fixtures/tiny-bert';
const CALLERS = 100;
const NS_PER_MS = 1e6;

/**
 * How long the event loop of a server is held up while a hundred, from another process, ask `/predict/finbert` of a small
 * model without a pause. The server is the product's own; only what it would read from a database is made up.
 * @param options.folder - a copy of the model is put there
 * @param options.durationMs - no two questions are the same
 */
export async function measureLoop({
  projectRoot,
  folder,
  durationMs,
}: {
  projectRoot: string;
  folder: string;
  durationMs: number;
}): Promise<{ p99Ms: number; failed: number; asked: number; firstError: string | null }> {
  const modelDir = join(folder, 'tiny');
  cpSync(join(projectRoot, TINY), modelDir, { recursive: true });
  const scorer = await createTransformer({ family: 'finbert', version: '1.0.0', modelDir });
  const app = await createFakeApp(
    createFakePorts({ scorers: createFakeScorers({ ready: [createVader(), scorer] }) }),
  );
  const loader = startLoader();
  try {
    const url = new URL(await app.listen({ port: 0, host: '127.0.0.1' }));
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    const { requestsPerSecond, errors, firstError } = await loader.load({
      port: Number(url.port),
      method: 'POST',
      path: '/predict/finbert',
      bodies: [JSON.stringify({ text: `does bitcoin rally today? (${COUNTER})` })],
      answer: 'predict',
      connections: CALLERS,
      durationMs,
    });
    delay.disable();
    const asked = Math.round((requestsPerSecond * durationMs) / 1_000) + errors;
    return { p99Ms: round(delay.percentile(99) / NS_PER_MS, 2), failed: errors, asked, firstError };
  } finally {
    loader.close();
    await app.close();
    await scorer.close();
  }
}
