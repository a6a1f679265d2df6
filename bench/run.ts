import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BenchModule } from './bench.ts';

/** Every benchmark, by the name it is called with: add a file `bench/<name>.ts` and a line here. */
const BENCHES: Readonly<Record<string, () => Promise<BenchModule>>> = {
  vader: () => import('./vader.ts'),
  transformer: () => import('./transformer.ts'),
  trees: () => import('./trees.ts'),
  replay: () => import('./replay.ts'),
  startup: () => import('./startup.ts'),
  memory: () => import('./memory.ts'),
  api: () => import('./api.ts'),
};

const USAGE = `npm run bench -- NAME

Measures ours and the peers' in one run. Progress goes to standard error; the last line of standard output is
one JSON object {name, figures, ratios, missing}; a ratio above 1 means that we are better. A peer that is not
installed is named in "missing". Python peers run as python3 from PATH.

NAME is one of: ${Object.keys(BENCHES).join(', ')}`;

/** @returns the exit code: 0 done, 1 failed, 2 wrong usage */
async function main(args: readonly string[]): Promise<number> {
  if (args.includes('--help') || args.includes('-h')) {
    console.log(USAGE);
    return 0;
  }
  const [name = ''] = args;
  const load = Object.hasOwn(BENCHES, name) ? BENCHES[name] : undefined;
  if (args.length !== 1 || load === undefined) {
    console.error(name === '' ? 'Which benchmark?\n' : `There is no benchmark "${args.join(' ')}".\n`);
    console.error(USAGE);
    return 2;
  }
  const bench = await load();
  const result = await bench.run({
    root: resolve(fileURLToPath(import.meta.url), '../..'),
    stopwatch: () => performance.now(),
    progress: (line) => console.error(line),
  });
  console.log(JSON.stringify({ name, ...result }));
  return 0;
}

process.exitCode = await main(process.argv.slice(2));
