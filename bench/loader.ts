import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { LoadPlan, LoadResult } from './load.ts';

/** The process that asks: what it takes of the processor is its own, as with clients elsewhere. */
export function startLoader() {
  const child = fork(fileURLToPath(new URL('./load-process.ts', import.meta.url)), { execArgv: [] });
  return {
    async load(plan: LoadPlan): Promise<LoadResult> {
      child.send(plan);
      const [result] = (await once(child, 'message')) as [LoadResult];
      return result;
    },
    close: () => child.disconnect(),
  };
}
